"""When two requests say the same: what `accept` and `encode` do not keep apart.

`encode(accept(body))` gives the caller's document again, but for the differences in `EQUIVALENCES`. `normalize` takes
them away, so that two documents that say the same become equal.
"""

from typing import Any

from genmux.types.content import Fields

EQUIVALENCES: dict[str, str] = {
    "null": "A field that is null says what a field that is left out says. Inside JSON Schemas, `metadata`, and fields "
    "that genmux has no word for, nulls are kept.",
    "content": '`content: "x"` is `content: [{type: text, text: x}]`.',
    "no content": "A message whose content is null, an empty list or missing has none; an assistant's or a "
    "tool's empty text is none either.",
    "link": "Mistral's `image_url: \"…\"` is OpenAI's `image_url: {url: …}`; other links likewise.",
    "function": "A tool, a tool call or a tool choice without a `type` is a `function`.",
    "stop": '`stop: "x"` is `stop: [x]`, and no stop is `stop: []`.',
    "tools": "`tools: []` is no tools, and `tool_calls: []` no calls.",
    "stream": "`stream: false` is no stream.",
    "usage": "genmux always asks a stream for its usage (`stream_options.include_usage`), and tells it to whom asked.",
}
"""Each with its reason."""

_EMPTY = [{"type": "text", "text": ""}]
_LINKS = ("image_url", "video_url", "audio_url", "document_url")


def normalize(document: Fields) -> Fields:
    """The document in one of its spellings. The argument is left as it is."""
    said = _without_nulls(document)
    if isinstance(messages := said.get("messages"), list):
        said["messages"] = [_message(message) for message in messages]
    if tools := said.pop("tools", None):
        said["tools"] = [_tool(tool) for tool in tools]
    if "tool_choice" in said:
        said["tool_choice"] = _tool(said["tool_choice"])
    for name in ("reasoning", "thinking", "response_format"):
        said = _inner(said, name)
    if isinstance(said.get("response_format"), dict):
        said["response_format"] = _inner(said["response_format"], "json_schema")
    stop = said.pop("stop", None)
    if stop:
        said["stop"] = [stop] if isinstance(stop, str) else stop
    if said.get("stream") is False:
        del said["stream"]
    options = said.pop("stream_options", None)
    if isinstance(options, dict) and (rest := {key: value for key, value in options.items() if key != "include_usage"}):
        said["stream_options"] = rest
    return said


def _without_nulls(table: Fields) -> Fields:
    return {key: value for key, value in table.items() if value is not None}


def _inner(table: Fields, key: str) -> Fields:
    inner = table.get(key)
    return {**table, key: _without_nulls(inner)} if isinstance(inner, dict) else table


def _tool(tool: Any) -> Any:
    """A tool, a call or a choice: of the kind `function` unless it says otherwise."""
    if not isinstance(tool, dict):
        return tool
    kind = tool.get("type") or "function"
    return _inner({**_without_nulls(tool), "type": kind}, str(kind))


def _message(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    said = _without_nulls(message)
    if isinstance(calls := said.get("tool_calls"), list):
        said["tool_calls"] = [_tool(call) for call in calls]
        if not calls:
            del said["tool_calls"]
    if isinstance(details := said.get("reasoning_details"), list):
        said["reasoning_details"] = [_without_nulls(item) if isinstance(item, dict) else item for item in details]
    content = said.pop("content", None)
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    elif isinstance(content, list):
        content = [_part(part) for part in content]
    silent = content == _EMPTY and said.get("role") in ("assistant", "tool")
    if content and not silent:
        said["content"] = content
    return said


def _part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    said = _without_nulls(part)
    for key in _LINKS:
        if isinstance(link := said.get(key), str):
            said[key] = {"url": link}
        said = _inner(said, key)
    for key in ("file", "input_audio"):
        said = _inner(said, key)
    return said
