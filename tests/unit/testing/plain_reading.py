"""A second, plain reading of recorded replies, against which the dialects' reading is held.

It knows nothing of genmux: it walks the decoded JSON, takes the first choice, and joins what is there.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

Seen = dict[str, Any]
"""Text, reasoning, tool calls as (id, name, arguments), the provider's word for the end, input and output tokens."""


def read(dialect: str, body: str) -> Seen:
    """Read a reply, whole or streamed."""
    whole, streamed = READERS[dialect]
    begin = body.lstrip()
    if begin.startswith("{"):
        return whole(json.loads(body))
    events = list(documents(body))
    if len(events) == 1 and events[0].get("type") == "message":
        return whole(events[0])
    return streamed(events)


def documents(stream: str) -> Iterable[Any]:
    """The JSON of every event."""
    for block in re.split(r"(?:\r\n|\r|\n){2,}", stream):
        data = "\n".join(line[5:].strip() for line in re.split(r"\r\n|\r|\n", block) if line.startswith("data:"))
        if data.startswith("{"):
            yield json.loads(data)


def openai_whole(reply: Any) -> Seen:
    choice = reply["choices"][0]
    message = choice["message"]
    return openai_seen(
        text=text_of(message.get("content")),
        reasoning=reasoning_of(message),
        calls=[(call.get("id"), call["function"]) for call in message.get("tool_calls") or [] if "function" in call],
        finish=choice.get("finish_reason"),
        usage=reply.get("usage"),
    )


def openai_streamed(events: list[Any]) -> Seen:
    text, reasoning, finish, usage = "", "", None, None
    calls: dict[Any, tuple[str | None, dict[str, str]]] = {}
    for event in events:
        usage = event.get("usage") or (event.get("x_groq") or {}).get("usage") or usage
        for choice in event.get("choices") or []:
            if choice.get("index", 0) != 0:
                continue
            delta = choice.get("delta") or choice.get("message") or {}
            text += text_of(delta.get("content"))
            reasoning += reasoning_of(delta)
            finish = choice.get("finish_reason") or finish
            for call in delta.get("tool_calls") or []:
                add_call(calls, call)
    return openai_seen(text=text, reasoning=reasoning, calls=list(calls.values()), finish=finish, usage=usage)


def add_call(calls: dict[Any, tuple[str | None, dict[str, str]]], call: Any) -> None:
    """A piece belongs to the call with its index; one that names another function, or has no index, is a call of its own."""
    function = call.get("function") or {}
    key = call.get("index")
    if key is None:
        key = call.get("id") or len(calls)
    if key in calls and function.get("name") and call.get("id") not in (None, "", calls[key][0]):
        key = (key, call["id"])
    _, known = calls.setdefault(key, (call.get("id"), {"name": function.get("name") or "", "arguments": ""}))
    arguments = function.get("arguments") or ""
    known["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments)


def text_of(content: Any) -> str:
    match content:
        case str():
            return content
        case list():
            return "".join(item["text"] for item in content if item.get("type") == "text")
        case _:
            return ""


def reasoning_of(message: Any) -> str:
    for key in ("reasoning_content", "reasoning"):
        if isinstance(message.get(key), str) and message[key]:
            return message[key]
    details = [item.get("text") or item.get("summary") or "" for item in message.get("reasoning_details") or []]
    content = message.get("content")
    thoughts = (
        [item["thinking"] for item in content if item.get("type") == "thinking"] if isinstance(content, list) else []
    )
    return "".join(details) or "".join(piece["text"] for thought in thoughts for piece in thought)


def openai_seen(*, text: str, reasoning: str, calls: list[Any], finish: str | None, usage: Any) -> Seen:
    usage = usage or {}
    return {
        "text": text,
        "reasoning": reasoning,
        "tool_calls": [
            (call_id, function.get("name"), loose(function.get("arguments"))) for call_id, function in calls
        ],
        "finish_raw": finish,
        "input": usage.get("prompt_tokens"),
        "output": usage.get("completion_tokens"),
    }


def anthropic_whole(reply: Any) -> Seen:
    blocks = reply["content"]
    usage = reply.get("usage") or {}
    return {
        "text": "".join(block["text"] for block in blocks if block["type"] == "text"),
        "reasoning": "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        "tool_calls": [(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"],
        "finish_raw": reply.get("stop_reason"),
        "input": anthropic_input(usage),
        "output": usage.get("output_tokens"),
    }


def anthropic_streamed(events: list[Any]) -> Seen:
    blocks: dict[int, Any] = {}
    usage: dict[str, Any] = {}
    finish = None
    for event in events:
        match event["type"]:
            case "message_start":
                usage |= event["message"].get("usage") or {}
                finish = event["message"].get("stop_reason")
            case "content_block_start":
                blocks[event["index"]] = dict(event["content_block"])
            case "content_block_delta":
                delta, block = event["delta"], blocks[event["index"]]
                for key in ("text", "thinking", "partial_json"):
                    if key in delta:
                        block[key] = block.get(key, "") + delta[key]
            case "message_delta":
                finish = event["delta"].get("stop_reason") or finish
                usage |= {key: value for key, value in (event.get("usage") or {}).items() if value is not None}
            case _:
                pass
    for block in blocks.values():
        if block.get("partial_json"):
            block["input"] = loose(block["partial_json"])
    return anthropic_whole({"content": list(blocks.values()), "stop_reason": finish, "usage": usage})


def anthropic_input(usage: Any) -> int | None:
    if usage.get("input_tokens") is None:
        return None
    kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage.get(kind) or 0 for kind in kinds)


def loose(arguments: Any) -> Any:
    """Arguments by meaning; as they are where they are cut off."""
    if not isinstance(arguments, str):
        return {} if arguments is None else arguments
    try:
        return json.loads(arguments) if arguments else {}
    except json.JSONDecodeError:
        return arguments


READERS: dict[str, tuple[Callable[[Any], Seen], Callable[[list[Any]], Seen]]] = {
    "openai_chat": (openai_whole, openai_streamed),
    "anthropic_messages": (anthropic_whole, anthropic_streamed),
}
