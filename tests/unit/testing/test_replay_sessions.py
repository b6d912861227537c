"""Recorded sessions over a WebSocket, replayed."""

import json
from pathlib import Path
from typing import Any

import pytest

from genmux.testing.replay import Outcome, replay


def got(**message: Any) -> dict[str, Any]:
    return {"direction": "received", "json": message}


def sent(**message: Any) -> dict[str, Any]:
    return {"direction": "sent", "json": message}


ITEM = {"id": "i", "type": "message", "role": "assistant", "content": []}
ENDED = {"id": "r", "status": "completed", "usage": {"input_tokens": 3, "output_tokens": 4}}
PLACE = {"response_id": "r", "item_id": "i", "content_index": 0}
TALK = [
    got(type="session.created", session={"id": "s"}),
    sent(type="response.create"),
    got(type="response.created", response={"id": "r", "conversation_id": "c"}),
    got(type="response.output_item.added", response_id="r", item=ITEM),
    got(type="conversation.item.added", item=ITEM),
    got(type="response.output_text.delta", **PLACE, delta="Hi"),
    got(type="response.output_text.done", **PLACE, text="Hi"),
    got(type="response.done", response=ENDED),
    {"kind": "close", "code": 1000},
]
LIVE = [
    sent(setup={"model": "m"}),
    got(setupComplete={}),
    got(serverContent={"outputTranscription": {"text": "Hi"}}),
    got(serverContent={"turnComplete": True}, usageMetadata={"promptTokenCount": 3}),
]


def replayed(folder: Path, frames: list[dict[str, Any]], api: str = "realtime") -> Outcome:
    path = folder / "session.json"
    exchange = {"websocket": {"url": None}, "frames": frames}
    document = {"source": {}, "provider": "p", "capability": "realtime", "api": api, "exchanges": [exchange]}
    path.write_text(json.dumps(document), "utf-8")
    (outcome,) = replay([path])
    return outcome


def test_every_frame_goes_through_its_dialect(tmp_path: Path) -> None:
    outcome = replayed(tmp_path, TALK)

    assert (outcome.status, outcome.differences) == ("ok", ())
    assert (outcome.request_round_trip, outcome.response_round_trip) == (True, True)
    assert outcome.session is not None
    assert outcome.session.dialect == "openai_realtime"
    assert outcome.session.events["text_chunk"] == 1
    assert outcome.session.commands == {"create_response": 1}
    assert outcome.result is not None
    assert (outcome.result.text, outcome.result.finish) == ("Hi", "completed")
    assert (outcome.result.usage["input"], outcome.result.usage["output"]) == (3, 4)


def test_googles_frames_go_through_theirs(tmp_path: Path) -> None:
    outcome = replayed(tmp_path, LIVE)

    assert (outcome.status, outcome.request_round_trip) == ("ok", None)
    assert outcome.session is not None
    assert outcome.session.dialect == "gemini_live"
    assert outcome.result is not None
    assert outcome.result.text == "Hi"


def test_a_frame_that_is_not_understood_fails_the_session(tmp_path: Path) -> None:
    outcome = replayed(tmp_path, [*TALK, got(type="session.sang")])

    assert outcome.status == "failed"
    assert outcome.differences == ("frames[9]: not understood: session.sang",)


def test_a_frame_of_a_caller_that_is_not_accepted_is_told(tmp_path: Path) -> None:
    outcome = replayed(tmp_path, [*TALK, sent(type="session.sing")])

    assert (outcome.status, outcome.request_round_trip) == ("ok", False)
    assert outcome.differences[0].startswith(
        "frames[9]: not accepted: there are no messages of the type 'session.sing'"
    )


@pytest.mark.parametrize("frames", [[{"direction": "received", "text": "hello"}], [{"kind": "close"}], [got(a=1)]])
def test_a_session_of_another_kind_is_claimed_by_no_dialect(tmp_path: Path, frames: list[dict[str, Any]]) -> None:
    outcome = replayed(tmp_path, frames)

    assert outcome.status == "unsupported"
    assert outcome.differences == ("a WebSocket session: no dialect claims it",)
