"""All recorded traffic of the two dialects is read rightly, and goes round."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from genmux.testing.replay import Outcome, ResultSeen, replay
from genmux.testing.replay.claiming import DIALECTS, claim
from genmux.testing.replay.recording import Exchange, read_exchanges
from tests.recordings import RECORDINGS, needs_recordings
from tests.unit.testing.plain_reading import loose, read

pytestmark = needs_recordings

EXCEPTIONS = Path(__file__).parents[3] / "tools" / "reference" / "replay_exceptions.toml"
ERRORS = Path(__file__).parents[1] / "contract" / "recorded_errors.toml"

READ_OTHERWISE: dict[str, str] = {
    "anthropic/server-tools-stream/anthropic-tool-search-bm25-1-chunks-4e395908.json#0": "two streams glued together: we stop at `message_stop`",
    "openai/tools/test-lcel-with-datetime-0739c046.json#0": "the old `function_call` is a tool call without an id",
    "mistral/audio-input/chat-audio-models-mistral-voxtral-small-latest-can-understan-8718684a.json#0": "audio tokens are beside the prompt's",
    "mistral/audio-input/chat-audio-models-mistral-voxtral-small-latest-can-understan-98386384.json#0": "audio tokens are beside the prompt's",
}
"""Where our reading and the plain one differ on purpose."""

ERRORS_IN_STREAMS: dict[str, str] = {
    "groq/errors/test-tool-use-failed-error-streaming-bc6447f8.json#0": "invalid_request",
    "groq/errors/test-tool-use-failed-error-streaming-with-text-091d4f24.json#0": "invalid_request",
}


ERRORS_IN_ANSWERS: dict[str, str] = {
    "google/tts/speechconfigparam-google-6a3331ed.json#0": "server",
}
"""Answers that hold nothing of what was asked for."""


@cache
def outcomes() -> dict[str, Outcome]:
    return {f"{outcome.file}#{outcome.index}": outcome for outcome in replay([RECORDINGS])}


def claimed() -> dict[str, Outcome]:
    return {name: outcome for name, outcome in outcomes().items() if outcome.status != "unsupported"}


def test_nothing_fails() -> None:
    assert [name for name, outcome in outcomes().items() if outcome.status == "failed"] == []


def test_only_the_documented_exceptions_are_unsupported() -> None:
    listed = tomllib.loads(EXCEPTIONS.read_text("utf-8"))["exception"]
    expected = {f"{row['file']}#{index}" for row in listed for index in row["indexes"]}

    found = {
        name for name, outcome in outcomes().items() if outcome.status == "unsupported" and outcome.api in DIALECTS
    }
    assert found == expected


def test_every_request_goes_round() -> None:
    assert {
        name: outcome.differences for name, outcome in claimed().items() if outcome.request_round_trip is False
    } == {}


def test_every_reply_goes_round() -> None:
    assert {
        name: outcome.differences for name, outcome in claimed().items() if outcome.response_round_trip is False
    } == {}


def test_most_exchanges_have_something_to_go_round() -> None:
    requests = [outcome.request_round_trip is not None for outcome in claimed().values()]
    replies = [
        outcome.response_round_trip is not None
        for outcome in claimed().values()
        if "embed" not in outcome.api and outcome.job is None and outcome.voice is None
    ]

    assert sum(requests) > 0.9 * len(requests)
    assert all(replies)


def test_every_error_has_the_kind_that_a_reader_gives_it() -> None:
    kinds = tomllib.loads(ERRORS.read_text("utf-8"))
    expected = {name: kind for kind, names in kinds.items() for name in names if name in claimed()}
    expected |= ERRORS_IN_STREAMS | ERRORS_IN_ANSWERS

    assert {name: outcome.error.kind for name, outcome in claimed().items() if outcome.error} == expected


def test_every_answer_is_read_as_a_plain_reader_reads_it() -> None:
    differing: dict[str, Any] = {}
    for exchange in read_exchanges([RECORDINGS]):
        name = f"{exchange.file}#{exchange.index}"
        outcome = outcomes()[name]
        if outcome.session is not None or outcome.result is None or outcome.result.finish is None:
            # a session, an error, a count, or nothing
            continue
        ours, plain = _ours(outcome.result), _plain(exchange)
        found = {key: (plain[key], ours[key]) for key in plain if plain[key] != ours[key]}
        if exchange.provider == "xai" and [*found] == ["output"]:
            found = _without_reasoning_tokens(outcome.result, *found["output"])
        if found and name not in READ_OTHERWISE:
            differing[name] = found
    assert differing == {}


def _ours(result: ResultSeen) -> dict[str, Any]:
    return {
        "text": result.text,
        "reasoning": result.reasoning,
        "tool_calls": [(call.id, call.name, loose(call.arguments)) for call in result.tool_calls],
        "finish_raw": result.finish_raw,
        "input": result.usage["input"],
        "output": result.usage["output"],
    }


def _plain(exchange: Exchange) -> dict[str, Any]:
    dialect = claim(exchange)
    assert not isinstance(dialect, str)
    assert exchange.reply is not None
    return read(dialect.dialect.name, exchange.reply.body.decode())


def _without_reasoning_tokens(result: ResultSeen, plain: int, ours: int) -> dict[str, Any]:
    """Grok counts reasoning beside its output tokens, all others within."""
    return {} if plain + int(result.usage["reasoning"] or 0) == ours else {"output": (plain, ours)}
