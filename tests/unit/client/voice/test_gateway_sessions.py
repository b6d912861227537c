"""One connection to a gateway: when it is there, what it can do, and what its end means."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from genmux.client.voice.gateway_sessions import GatewayCodec, GatewaySessions
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.types.audio import AudioFormat
from genmux.types.errors import BudgetExceededError, OverloadedError, PermissionDeniedError
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection
from genmux.types.realtime_events import (
    BudgetSpent,
    InputTranscriptDelta,
    ResponseDone,
    SessionCreated,
    SessionFailed,
    SessionUpdated,
    SpeechDismissed,
    SpeechSuspected,
    ToolCallsCancelled,
    Unknown,
    UsageReported,
)
from genmux.types.usage import Usage

MODEL = Model(provider="gateway", id="any/model", wire_id="any/model", spec=ModelSpec())
UPDATED: dict[str, Any] = {
    "kind": "session.updated",
    "genmux": {"capabilities": {"truncates": True, "resumable": True}},
}


def opened(**config: Any) -> GatewayCodec:
    return GatewaySessions().open(SessionConfig(**config), MODEL)


def setup(codec: GatewayCodec) -> Any:
    return msgspec.json.decode(codec.opening()[0])["session"]


def heard(codec: GatewayCodec, kind: str, **fields: Any) -> list[Any]:
    return [*codec.receive(msgspec.json.encode({"type": kind, **fields}).decode())]


def there() -> GatewayCodec:
    codec = opened()
    heard(codec, "session.created", session={"id": "s"})
    heard(codec, **UPDATED)
    return codec


def test_it_is_there_when_its_settings_are_confirmed() -> None:
    codec = opened()
    assert codec.connect().url == "/realtime?model=any%2Fmodel"
    assert heard(codec, "session.created", session={"id": "s"}) == []
    assert heard(codec, **UPDATED) == [SessionCreated(provider_session="s")]
    assert heard(codec, **UPDATED) == [SessionUpdated()]


def test_what_it_can_do_is_what_the_gateway_says_but_for_connections() -> None:
    codec = there()
    assert (codec.capabilities.truncates, codec.capabilities.cancels, codec.capabilities.resumable) == (
        True,
        False,
        False,
    )
    assert heard(opened(), "session.updated") == [SessionCreated()]


def test_settings_without_a_place_in_the_dialect_have_one() -> None:
    told = setup(
        opened(
            temperature=0.5,
            language="de",
            params={"topP": 1},
            transcription=Transcribing(),
            turns=TurnDetection(kind="local"),
            input=AudioFormat(sample_rate=16_000),
        )
    )
    assert (told["temperature"], told["language"], told["genmux"]) == (
        0.5,
        "de",
        {"events": True, "params": {"topP": 1}},
    )
    assert told["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 16_000}
    assert told["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert told["audio"]["input"]["transcription"] == {"language": "de"}


def test_an_answer_brings_its_cost_and_all_that_it_used() -> None:
    about = {"cost": "0.02", "meters": {"characters.input": 3}}
    (done,) = heard(there(), "response.done", response={"id": "r", "status": "completed"}, genmux=about)
    assert isinstance(done, ResponseDone)
    assert done.usage is not None
    assert (done.usage.reported_cost, done.usage.meters) == (Decimal("0.02"), {"characters.input": 3})


def test_events_without_a_word_in_the_dialect_go_there_and_back() -> None:
    server, codec = OpenAIRealtimeServer(), there()
    interim = InputTranscriptDelta(item_id="i", text="hel", interim=True)
    called_off = ToolCallsCancelled(call_ids=("c1",))
    assert not [*server.write(interim), *server.write(called_off)]
    server.accept(codec.opening()[0])
    for event in (
        interim,
        called_off,
        SpeechSuspected(),
        SpeechDismissed(),
        UsageReported(usage=Usage(meters={"seconds.input.audio": 3.0})),
    ):
        (frame,) = server.write(event)
        assert [*codec.receive(frame)] == [event]
    assert heard(codec, "genmux.event", event={"type": "of tomorrow"}) == [Unknown(name="genmux.event")]


def test_errors_are_of_the_kind_that_the_gateway_names() -> None:
    spent = {"message": "the budget is spent", "type": "insufficient_quota", "code": "budget_exceeded"}
    (failed,) = heard(opened(), "error", error=spent)
    assert isinstance(failed, SessionFailed)
    assert isinstance(failed.error, BudgetExceededError)
    codec = there()
    assert heard(codec, "error", error=spent) == [BudgetSpent(message="the budget is spent")]
    assert (codec.closed(1008, "budget_exceeded: spent").error, codec.closed(1008, "").reason) == (None, "budget_spent")


@pytest.mark.parametrize(
    ("code", "reason", "kind", "again"),
    [
        (1008, "permission: not yours", PermissionDeniedError, False),
        (1013, "overloaded: later", OverloadedError, True),
    ],
)
def test_an_end_tells_its_kind(code: int, reason: str, kind: type[Exception], again: bool) -> None:
    told = there().closed(code, reason)
    assert isinstance(told.error, kind)
    assert (told.reconnect, told.error.message) == (again, reason.partition(": ")[2])


def test_a_plain_end_has_a_reason_and_one_that_breaks_is_made_anew() -> None:
    codec = there()
    assert (codec.closed(1000, "bye").error, codec.closed(1000, "bye").reason) == (None, "bye")
    assert codec.closed(None, "").reconnect
    assert codec.closed(1001, "the gateway is stopping; connect again").reconnect
