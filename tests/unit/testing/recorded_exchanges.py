"""Invented exchanges, as a recording holds them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genmux.testing.replay import Outcome, replay

Record = Callable[..., Path]

ASK: dict[str, Any] = {
    "method": "POST",
    "host": "api.example",
    "path": "/v1/chat/completions",
    "headers": {},
    "json": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
}
MESSAGE = {"role": "assistant", "content": "Hello", "refusal": None}
ANSWER: dict[str, Any] = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m-1",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop", "logprobs": None}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
ASK_ANTHROPIC: dict[str, Any] = {
    **ASK,
    "path": "/v1/messages?beta=true",
    "json": {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
}


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    document = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }
    return f"data: {json.dumps(document)}\n\n"


STREAM = (
    chunk({"role": "assistant", "content": ""})
    + chunk({"content": "He"})
    + chunk({"content": "llo"}, obfuscation="xyz")
    + chunk({}, "stop")
    + "data: [DONE]\n\n"
)


def replay_one(record: Record, exchange: dict[str, Any], **more: Any) -> Outcome:
    (outcome,) = replay([record(exchange, **more)])
    return outcome


def reply(status: int = 200, **body: Any) -> dict[str, Any]:
    return {"status": status, "headers": {"content-type": "x"}, **body}


ERROR = {"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded", "param": None}}
