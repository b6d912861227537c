"""What a dialect loses or changes on the way is found and named."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from genmux.contract.dialect import Dialect
from genmux.testing.replay import claiming
from tests.unit.testing.recorded_exchanges import (
    ANSWER,
    ASK,
    ERROR,
    STREAM,
    Record,
    chunk,
    replay_one,
    reply,
)


class Forgetful:
    """A server half that loses what the test tells it to lose."""

    def __init__(self, server: Any, *, loses: str = "", fails: bool = False) -> None:
        self._server, self._loses, self._fails = server, loses, fails

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def respond(self, result: Any, accepted: Any) -> Any:
        answer = self._server.respond(result, accepted)
        document = json.loads(answer.body)
        document.pop(self._loses, None)
        return msgspec.structs.replace(answer, body=b"[]" if self._fails else json.dumps(document).encode())

    def writer(self, accepted: Any) -> Any:
        return ForgetfulWriter(self._server.writer(accepted), self._loses)


class ForgetfulWriter:
    def __init__(self, writer: Any, loses: str) -> None:
        self._writer, self._loses = writer, loses

    def write(self, part: Any) -> bytes:
        return self._writer.write(part).replace(self._loses.encode(), b"lost")

    def close(self) -> bytes:
        return self._writer.close()

    def fail(self, _error: Any) -> bytes:
        return self._writer.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a server half with a fault in the place of the right one."""
    right: Dialect = claiming.load_dialect("openai_chat")

    def put(**faults: Any) -> None:
        wrong: Any = Forgetful(right.server, **faults)
        monkeypatch.setattr(claiming, "_dialect", lambda _name: msgspec.structs.replace(right, server=wrong))

    return put


def test_a_field_that_is_lost_on_the_way_is_named(record: Record, server: Callable[..., None]) -> None:
    server(loses="novelty")
    answer = {**ANSWER, "novelty": {"a": 1}}
    outcome = replay_one(record, {"request": ASK, "response": reply(json=answer)})

    assert (outcome.status, outcome.response_round_trip) == ("ok", False)
    assert 'reply.novelty: recorded {"a":1}, written nothing' in outcome.differences


def test_a_field_that_is_lost_in_a_stream_is_named(record: Record, server: Callable[..., None]) -> None:
    server(loses="novelty")
    outcome = replay_one(record, {"request": ASK, "response": reply(sse=chunk({"content": "x"}, novelty=1) + STREAM)})

    assert outcome.response_round_trip is False
    assert "stream: novelty: recorded, not written" in outcome.differences
    assert "stream read again.extra.novelty: recorded 1, written nothing" in outcome.differences


def test_a_text_that_is_changed_in_a_stream_is_named(record: Record, server: Callable[..., None]) -> None:
    server(loses="He")
    outcome = replay_one(record, {"request": ASK, "response": reply(sse=STREAM)})

    assert 'stream read again.message.content[0].text: recorded "Hello", written "lostllo"' in outcome.differences
    assert 'stream blocks[1].text: recorded "Hello", written "lostllo"' in outcome.differences


def test_an_error_that_is_lost_at_the_end_of_a_stream_is_named(record: Record, server: Callable[..., None]) -> None:
    server(loses="nothing")
    stream = chunk({"content": "He"}) + f"data: {json.dumps(ERROR)}\n\n"
    outcome = replay_one(record, {"request": ASK, "response": reply(sse=stream)})

    assert outcome.response_round_trip is False
    assert any(difference.startswith("stream error: read ") for difference in outcome.differences)


def test_what_cannot_be_read_again_is_told(record: Record, server: Callable[..., None]) -> None:
    server(fails=True)
    outcome = replay_one(record, {"request": ASK, "response": reply(json=ANSWER)})

    assert outcome.response_round_trip is False
    assert any("cannot be read again" in difference for difference in outcome.differences)


def test_a_bug_in_a_dialect_fails_its_exchange_and_no_other(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Any = object()
    right: Dialect = claiming.load_dialect("openai_chat")
    monkeypatch.setattr(claiming, "_dialect", lambda _name: msgspec.structs.replace(right, server=broken))
    outcome = replay_one(record, {"request": ASK, "response": reply(json=ANSWER)})

    assert outcome.status == "failed"
    assert outcome.differences[0].startswith("broke: AttributeError: ")
