"""From blocks of the wire to our content, for requests and replies alike. Reading a block takes its fields out of it."""

from collections.abc import Callable
from typing import Any, cast

import msgspec

from genmux.dialects.anthropic_messages.fields import drop_null, take
from genmux.dialects.anthropic_messages.schema import NAME, UNPARSED
from genmux.types.content import (
    Audio,
    Cache,
    Content,
    Fields,
    File,
    Image,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)

Inner = Text | Image | Audio | File | Opaque


def read_block(block: Fields, origin: str | None = None) -> Content:
    """One block. One of an unknown type, or that lacks what its type needs, is carried whole. `origin` is whose state it holds."""
    kind = block.get("type")
    reader = _READERS.get(kind) if type(kind) is str else None
    return (reader and reader(block, origin)) or _opaque(block, origin)


def read_blocks(blocks: list[Any], origin: str | None = None) -> tuple[Content, ...]:
    """Many blocks; what is no block at all is text, if it is a string, and otherwise nothing."""
    found = (Text(block) if isinstance(block, str) else block for block in blocks)
    return tuple(
        block if isinstance(block, Text) else read_block(cast("Fields", block), origin)
        for block in found
        if isinstance(block, Text | dict)
    )


def read_cache(fields: Fields) -> Cache | None:
    """Take the marker `cache_control`."""
    marker = take(fields, "cache_control", dict)
    if marker is None:
        return None
    if marker.get("type") == "ephemeral":
        del marker["type"]
    return Cache(ttl=take(marker, "ttl", str), extra=marker or None)


def arguments_of(given: Any) -> str:
    """The arguments of a tool call as JSON text."""
    if type(given) is str:
        return given
    if type(given) is dict and len(given) == 1 and type(given.get(UNPARSED)) is str:
        return given[UNPARSED]
    return msgspec.json.encode(given).decode()


def _opaque(block: Fields, origin: str | None) -> Opaque:
    return Opaque(NAME, str(block.get("type", "")), block, origin)


def _text(block: Fields, _origin: str | None) -> Text | None:
    text = block.get("text")
    if type(text) is not str:
        return None
    if len(block) == 2:
        return Text(text)
    del block["type"], block["text"]
    drop_null(block, "citations")
    return Text(text, read_cache(block), block or None)


def _thinking(block: Fields, origin: str | None) -> Reasoning | None:
    text = block.get("thinking")
    if type(text) is not str:
        return None
    del block["type"], block["thinking"]
    return Reasoning(text, take(block, "signature", str), None, origin, block or None)


def _redacted(block: Fields, origin: str | None) -> Reasoning | None:
    data = block.get("data")
    if type(data) is not str:
        return None
    del block["type"], block["data"]
    return Reasoning("", None, data, origin, block or None)


def _tool_use(block: Fields, _origin: str | None) -> ToolCall:
    del block["type"]
    call_id, name = take(block, "id", str), take(block, "name", str)
    given = block.pop("input", None)
    arguments = "{}" if given is None else arguments_of(given)
    return ToolCall(call_id or "", name or "", arguments, cache=read_cache(block), extra=block or None)


def _tool_result(block: Fields, _origin: str | None) -> ToolResult | None:
    call_id = block.get("tool_use_id")
    if type(call_id) is not str:
        return None
    del block["type"], block["tool_use_id"]
    text = take(block, "content", str)
    listed = take(block, "content", list) or []
    content = tuple(_inner(item) for item in listed if type(item) is dict) if text is None else (Text(text),)
    is_error = take(block, "is_error", bool) or False
    return ToolResult(call_id, content, is_error, cache=read_cache(block), extra=block or None)


def _inner(item: Fields) -> Inner:
    block = read_block(item) if item.get("type") in _INNER else None
    return block if isinstance(block, Inner) else _opaque(item, None)


def _image(block: Fields, _origin: str | None) -> Image | None:
    source = block.get("source")
    if type(source) is not dict or not _has_media(source):
        return None
    fields = _source(block, source)
    return Image(**fields, cache=read_cache(block), extra=block or None)


def _document(block: Fields, _origin: str | None) -> File | None:
    source = block.get("source")
    if type(source) is not dict:
        return None
    match source.get("type"):
        case "base64" | "url" | "file" if _has_media(source):
            fields = _source(block, source)
        case "text" if type(source.get("data")) is str:
            fields = _source(block, source)
            fields["text"] = fields.pop("base64")
        case "content":
            fields = {"text": _flat(source.get("content"))}
            del block["type"]  # the source itself is kept in `extra`: it says more than its text
        case _:
            return None
    name = take(block, "title", str)
    drop_null(block, "context", "citations")
    return File(**fields, name=name, cache=read_cache(block), extra=block or None)


def _has_media(source: Fields) -> bool:
    kind = source.get("type")
    return type(kind) is str and type(source.get(_SOURCES.get(kind, ""))) is str


def _source(block: Fields, source: Fields) -> Fields:
    """Take block type and source, give the fields of Media; what the source says besides stays in the block."""
    del block["type"], source["type"]
    fields: Fields = {
        "base64": take(source, "data", str),
        "media_type": take(source, "media_type", str),
        "url": take(source, "url", str),
        "file_id": take(source, "file_id", str),
    }
    if not source:
        del block["source"]
    return fields


def _flat(content: Any) -> str:
    """The text of a document that is made of blocks."""
    if type(content) is not list:
        return content if type(content) is str else ""
    return "".join(item["text"] for item in content if type(item) is dict and type(item.get("text")) is str)


_READERS: dict[str, Callable[[Fields, str | None], Content | None]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "image": _image,
    "document": _document,
}
_INNER = ("text", "image", "document")
_SOURCES = {"base64": "data", "url": "url", "file": "file_id"}
"""Under which field each kind of source has its value."""
