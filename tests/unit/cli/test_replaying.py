"""`genmux replay`: one line an exchange, a summary, an exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from genmux.testing.replay import Outcome
from tests.recordings import RECORDINGS
from tests.unit.cli.conftest import Run

FIELDS = (
    "file",
    "index",
    "provider",
    "api",
    "status",
    "result",
    "error",
    "job",
    "voice",
    "session",
    "request_round_trip",
    "response_round_trip",
    "differences",
)


def recording(folder: Path, **reply: Any) -> Path:
    path = folder / "one.json"
    exchange = {
        "request": {
            "method": "POST",
            "host": "api.openai.com",
            "path": "/v1/chat/completions",
            "headers": {},
            "json": {"model": "gpt-5.4", "messages": [{"role": "user", "content": "hi"}]},
        },
        "response": {"status": 200, "headers": {"content-type": "application/json"}, **reply},
    }
    document = {"source": {}, "provider": "openai", "capability": "text", "api": "openai-chat", "exchanges": [exchange]}
    path.write_text(json.dumps(document), "utf-8")
    return path


ANSWER = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5.4",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def test_an_exchange_is_a_line_of_json(run: Run, tmp_path: Path) -> None:
    ended = run("replay", str(recording(tmp_path, json=ANSWER)), "--json")

    line = json.loads(ended.out)
    assert tuple(line) == FIELDS
    assert (ended.code, line["status"], line["result"]["text"]) == (0, "ok", "Hello")
    assert ended.err == "1 ok, 0 unsupported, 0 failed; round trips that differ: 0 of requests, 0 of replies\n"


def test_an_exchange_that_fails_ends_with_1(run: Run, tmp_path: Path) -> None:
    ended = run("replay", str(recording(tmp_path, text="not JSON")))

    assert ended.code == 1
    assert "#0 failed: " in ended.out
    assert "1 failed" in ended.err


def test_what_differs_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcome = Outcome(
        file="one.json",
        index=0,
        provider="openai",
        api="openai-chat",
        status="ok",
        result=None,
        error=None,
        request_round_trip=False,
        response_round_trip=True,
        differences=("request: `n` is missing",),
    )
    monkeypatch.setattr("genmux.testing.replay.replay", lambda _paths: [outcome])
    ended = run("replay", str(recording(tmp_path, json=ANSWER)))

    assert ended.out == "one.json #0 ok: request: `n` is missing\n"
    assert "1 of requests" in ended.err


def test_a_path_that_is_not_there_is_misuse(run: Run) -> None:
    ended = run("replay", "absent.json", "--json")

    assert ended.code == 2
    assert "absent.json" in json.loads(ended.out)["error"]["message"]


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings beside the checkout")
def test_a_folder_of_recordings_is_replayed(run: Run) -> None:
    folder = RECORDINGS / "groq"
    ended = run("replay", str(folder), "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]

    assert ended.code == 0
    assert len(lines) >= len([*folder.rglob("*.json")])
    assert all(tuple(line) == FIELDS for line in lines)
