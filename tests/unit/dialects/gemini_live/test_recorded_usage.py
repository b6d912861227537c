"""What recorded sessions say that they used is counted, all of it and once, also where a tool was called between."""

from typing import Any

import msgspec

from genmux.dialects.gemini_live.usage import read_usage, together
from genmux.types.realtime_events import ResponseDone, UsageReported
from genmux.types.usage import Usage
from tests.recordings import body_of, conversations, needs_recordings
from tests.unit.dialects.gemini_live.talking import opened


def document(frame: dict[str, Any]) -> Any:
    try:
        return msgspec.json.decode(body_of(frame))
    except msgspec.DecodeError:
        return None


@needs_recordings
def test_the_usage_of_all_answers_is_the_usage_of_all_messages() -> None:
    with_tools = 0
    for provider in ("google", "vertex", "pydantic-gateway"):
        for session in conversations(provider=provider):
            told = [
                one for frame in session.frames if frame.get("direction") == "received" and (one := document(frame))
            ]
            if not any("setupComplete" in one for one in told):
                continue
            with_tools += any("toolCall" in one for one in told)
            codec = opened()
            events = [event for one in told for event in codec.receive(msgspec.json.encode(one))]
            counted = together(*(one.usage for one in events if isinstance(one, ResponseDone | UsageReported)))
            said = together(*(read_usage(one.get("usageMetadata")) for one in told))
            assert (counted or Usage()).meters == (said or Usage()).meters, session.id
    assert with_tools == 2
