"""Recorded exchanges in every form are replayed, and each gives one line that says what came out."""

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.testing.replay import replay
from genmux.testing.replay.__main__ import main
from genmux.types.errors import ConfigurationError
from tests.unit.testing.recorded_exchanges import (
    ANSWER,
    ASK,
    ASK_ANTHROPIC,
    ERROR,
    STREAM,
    Record,
    chunk,
    replay_one,
    reply,
)


def test_a_whole_reply_is_read_and_goes_round(record: Record) -> None:
    outcome = replay_one(record, {"request": ASK, "response": reply(json=ANSWER)})

    assert (outcome.file, outcome.index, outcome.provider, outcome.api) == (
        "openai/text/one.json",
        0,
        "openai",
        "openai-chat",
    )
    assert (outcome.status, outcome.request_round_trip, outcome.response_round_trip) == ("ok", True, True)
    assert outcome.differences == ()
    assert outcome.result is not None
    assert (outcome.result.text, outcome.result.finish, outcome.result.finish_raw) == ("Hello", "stop", "stop")
    assert outcome.result.usage == {"input": 3, "output": 2, "cached": None, "reasoning": None}


def test_a_line_has_exactly_the_documented_fields(record: Record) -> None:
    calls = [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    answer = {**ANSWER, "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    line = msgspec.to_builtins(replay_one(record, {"request": ASK, "response": reply(json=answer)}))

    assert [*line] == [
        "file", "index", "provider", "api", "status", "result", "error", "job", "voice", "session",
        "request_round_trip", "response_round_trip", "differences",
    ]  # fmt: skip
    assert [*line["result"]] == ["text", "reasoning", "tool_calls", "finish", "finish_raw", "usage"]
    assert line["result"]["tool_calls"] == ({"id": "t1", "name": "f", "arguments": '{"a":1}'},)


@pytest.mark.parametrize(
    "body",
    [
        {"json": ANSWER},
        {"text": json.dumps(ANSWER)},
        {"body_b64": base64.b64encode(json.dumps(ANSWER).encode()).decode()},
        {"sse": STREAM},
        {"text": STREAM},
        {"sse": STREAM.replace("\n", "\r\n")},
        {"body_b64": base64.b64encode(STREAM.encode()).decode()},
        {"chunks": [json.loads(line[6:]) for line in STREAM.splitlines() if line.startswith("data: {")]},
        {"sse": f"event: message\ndata: {json.dumps(ANSWER)}\n\n"},
        {"sse": json.dumps(ANSWER)},
    ],
    ids=["json", "text", "base64", "sse", "text of a stream", "crlf", "base64 of a stream", "chunks", "whole in a stream", "no stream"],
)  # fmt: skip
def test_every_form_of_body_gives_the_same_answer(record: Record, body: dict[str, Any]) -> None:
    outcome = replay_one(record, {"request": ASK, "response": reply(**body)})

    assert (outcome.status, outcome.response_round_trip, outcome.differences) == ("ok", True, ())
    assert outcome.result is not None
    assert (outcome.result.text, outcome.result.finish) == ("Hello", "stop")


def test_a_reply_without_its_request_is_read_all_the_same(record: Record) -> None:
    outcome = replay_one(record, {"request": None, "response": reply(json=ANSWER)})

    assert (outcome.status, outcome.request_round_trip, outcome.response_round_trip) == ("ok", None, True)


def test_a_hint_tells_where_a_reply_came_from(record: Record) -> None:
    hint = {"host": "api.example", "path": "/v1/messages"}
    answer = {"id": "a", "type": "message", "role": "assistant", "model": "c", "content": [{"type": "text", "text": "Yes"}],
              "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
    outcome = replay_one(record, {"request": None, "request_hint": hint, "response": reply(json=answer)}, api="other")

    assert (outcome.status, outcome.result and outcome.result.text) == ("ok", "Yes")


@pytest.mark.parametrize(
    ("exchange", "api", "reason"),
    [
        ({"websocket": {}, "frames": []}, "openai-realtime", "a WebSocket session"),
        ({"request": {**ASK, "path": "/v1/files"}, "response": reply(json={})}, "openai-chat",
         "labelled openai-chat, but /v1/files belongs to another API"),
        ({"request": {**ASK, "path": "/v2/chat"}, "response": reply(json={})}, "cohere-v2",
         "no dialect claims the API cohere-v2 at /v2/chat"),
        ({"request": {**ASK, "path": "/v1/chat/completions/count_tokens"}, "response": reply(json={})}, "other",
         "no dialect claims the API other at /v1/chat/completions/count_tokens"),
        ({"request": None, "response": reply(json={"words": []})}, "openai-chat",
         "labelled openai-chat, but the reply has none of the fields choices, error"),
        ({"request": None, "response": reply(body_b64="AAAA")}, "anthropic-messages",
         "labelled anthropic-messages, but the reply has none of the fields delta, error, stop_reason"),
        ({"request": None, "response": reply(json={})}, "fal-image", "no dialect claims the API fal-image"),
    ],
)  # fmt: skip
def test_what_no_dialect_claims_is_unsupported_with_a_reason(
    record: Record, exchange: dict[str, Any], api: str, reason: str
) -> None:
    outcome = replay_one(record, exchange, api=api)

    assert outcome.status == "unsupported"
    assert outcome.differences[0].startswith(reason)
    assert (outcome.result, outcome.error, outcome.request_round_trip, outcome.response_round_trip) == (None,) * 4


def test_each_exchange_may_have_an_api_of_its_own(record: Record) -> None:
    exchanges = [
        {"request": ASK, "response": reply(json=ANSWER), "provider": "groq", "api": "openai-chat"},
        {"request": {**ASK, "path": "/elsewhere"}, "response": reply(json={})},
    ]

    outcomes = [*replay([record(*exchanges, api="google-generate")])]
    assert [(outcome.index, outcome.provider, outcome.status) for outcome in outcomes] == [
        (0, "groq", "ok"),
        (1, "openai", "unsupported"),
    ]


@pytest.mark.parametrize("body", [{"json": ERROR}, {"sse": json.dumps(ERROR, indent=2)}])
def test_an_error_reply_that_is_understood_is_ok(record: Record, body: dict[str, Any]) -> None:
    outcome = replay_one(record, {"request": ASK, "response": reply(429, **body)})

    assert (outcome.status, outcome.result, outcome.response_round_trip) == ("ok", None, True)
    assert msgspec.to_builtins(outcome.error) == {"kind": "rate_limit", "message": "slow down", "retry": "safe"}


def test_an_error_in_a_reply_that_claims_success_is_ok(record: Record) -> None:
    outcome = replay_one(record, {"request": ASK, "response": reply(json=ERROR)})

    assert (outcome.status, outcome.error and outcome.error.kind) == ("ok", "rate_limit")


def test_a_reply_that_makes_no_sense_is_failed(record: Record) -> None:
    outcome = replay_one(record, {"request": ASK, "response": reply(text="<html>")})

    assert (outcome.status, outcome.error and outcome.error.kind) == ("failed", "malformed_reply")


def test_an_error_in_the_middle_of_a_stream_comes_with_what_was_said_before(record: Record) -> None:
    stream = chunk({"role": "assistant", "content": "He"}) + f"event: error\ndata: {json.dumps(ERROR)}\n\n"
    outcome = replay_one(record, {"request": ASK, "response": reply(sse=stream)})

    assert (outcome.status, outcome.response_round_trip) == ("ok", True)
    assert (outcome.result and outcome.result.text, outcome.error and outcome.error.kind) == ("He", "rate_limit")


def test_a_stream_that_is_only_an_error_has_no_result(record: Record) -> None:
    outcome = replay_one(
        record, {"request": ASK, "response": reply(sse=f"event: error\ndata: {json.dumps(ERROR)}\n\n")}
    )

    assert (outcome.status, outcome.result, outcome.error and outcome.error.kind) == ("ok", None, "rate_limit")


@pytest.mark.parametrize(("status", "expected"), [(400, None), (200, False)])
def test_a_request_that_we_refuse_has_no_round_trip_where_the_provider_refused_it_too(
    record: Record, status: int, expected: bool | None
) -> None:
    wrong = {**ASK, "json": {"model": "m", "messages": "Hi"}}
    body = {"json": ERROR} if status == 400 else {"json": ANSWER}
    outcome = replay_one(record, {"request": wrong, "response": reply(status, **body)})

    assert outcome.request_round_trip is expected
    assert outcome.differences[0].startswith("request: not accepted")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/openai/deployments/gpt-x/chat/completions?api-version=1", {"messages": [{"role": "user", "content": "Hi"}]}),
        (
            "/v1/projects/P/locations/L/publishers/anthropic/models/claude@1:rawPredict",
            {
                "anthropic_version": "vertex-2023-10-16",
                "max_tokens": 5,
                "messages": [{"role": "user", "content": "Hi"}],
            },
        ),
    ],
)
def test_a_model_that_stands_in_the_path_is_found_there(record: Record, path: str, body: dict[str, Any]) -> None:
    outcome = replay_one(record, {"request": {**ASK, "path": path, "json": body}, "response": reply(400, json=ERROR)})

    assert (outcome.status, outcome.request_round_trip, outcome.differences) == ("ok", True, ())


@pytest.mark.parametrize(("status", "body"), [(200, {"input_tokens": 7}), (404, ERROR), (200, ERROR)])
def test_counted_tokens_are_the_input_of_the_result(record: Record, status: int, body: dict[str, Any]) -> None:
    document = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}]}
    ask = {**ASK_ANTHROPIC, "path": "/v1/messages/count_tokens?beta=true", "json": document}
    outcome = replay_one(record, {"request": ask, "response": reply(status, json=body)})

    assert (outcome.status, outcome.request_round_trip, outcome.response_round_trip) == ("ok", True, True)
    if outcome.error is None:
        assert outcome.result is not None
        assert (outcome.result.usage["input"], outcome.result.finish) == (7, None)


def test_folders_are_searched_and_files_named_from_the_folder_of_recordings(record: Record, tmp_path: Path) -> None:
    exchange = {"request": ASK, "response": reply(json=ANSWER)}
    record(exchange, name="b/text/two.json")
    record(exchange, name="a/text/one.json")

    assert [outcome.file for outcome in replay([tmp_path])] == ["a/text/one.json", "b/text/two.json"]
    assert [outcome.file for outcome in replay([str(tmp_path / "b")])] == ["b/text/two.json"]


def test_a_file_outside_of_a_folder_of_recordings_keeps_its_path(record: Record, tmp_path: Path) -> None:
    path = record({"request": ASK, "response": reply(json=ANSWER)})
    (tmp_path / "index.json").unlink()

    assert [outcome.file for outcome in replay([path])] == [path.as_posix()]


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file or folder"):
        [*replay([tmp_path / "absent"])]


@pytest.mark.parametrize("content", ["no json", '{"exchanges": []}', '{"provider": 1}'])
def test_a_file_that_is_no_recording_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(content, "utf-8")

    with pytest.raises(ConfigurationError, match=r"odd\.json: not a recording"):
        [*replay([path])]


def test_as_a_program_it_prints_lines_and_sums_up(record: Record, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = record({"request": ASK, "response": reply(json=ANSWER)}, {"websocket": {}, "frames": []})

    assert main([str(path), "--json"]) == 0
    out, err = capsysbinary.readouterr()
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["ok", "unsupported"]
    assert err.startswith(b"1 ok, ")


def test_as_a_program_it_names_what_differs_and_exits_with_one(
    record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record({"request": {**ASK, "json": {"model": "m"}}, "response": reply(text="<html>")})

    assert main([str(path)]) == 1
    assert "openai/text/one.json#0 failed: request: not accepted" in capsys.readouterr().out


def test_as_a_program_it_exits_with_two_for_a_wrong_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "absent")]) == 2
    assert "there is no such file" in capsys.readouterr().err
