"""From our content to blocks of the wire."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import msgspec

from genmux.dialects.anthropic_messages.notes import Notes
from genmux.dialects.anthropic_messages.schema import NAME, OBJECT, UNPARSED
from genmux.types.content import (
    Audio,
    Cache,
    Content,
    Fields,
    File,
    Image,
    Media,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

_IDENTIFIER = re.compile(r"[^a-zA-Z0-9_-]")
_DATA_URI = re.compile(r"data:([^;,]*)[^,]*;base64,", re.IGNORECASE)
_MAGIC = {
    "/9j/": "image/jpeg",
    "iVBOR": "image/png",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBER": "application/pdf",
}
"""How the base64 of well-known formats begins, for media that come without a type."""


class Place(msgspec.Struct, frozen=True):
    """Where a block is written: in which field of the request, of whose dialect, to whose model."""

    field: str
    dialect: str | None
    origin: str
    notes: Notes


def write_block(block: Content, place: Place) -> Fields | None:
    """One block of a request; None, and a note, when this wire has no place for it."""
    if type(block) is Text:
        fields: Fields = {"type": "text", "text": block.text}
        return (
            fields
            if block.cache is None and block.extra is None
            else _complete(fields, block.cache, block.extra, place)
        )
    return _WRITERS[type(block)](block, place)


def write_cache(cache: Cache) -> Fields:
    """The value of `cache_control`."""
    fields: Fields = {"type": "ephemeral"}
    if cache.ttl is not None:
        fields["ttl"] = cache.ttl
    return {**fields, **(cache.extra or {})}


def input_of(arguments: str) -> Fields | None:
    """The arguments of a tool call as an object; None when they are not one (cut off, free text)."""
    if not arguments or arguments.isspace():
        return {}
    try:
        return OBJECT.decode(arguments)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {} if arguments.strip() == "null" else None


def write_input(arguments: str) -> Fields:
    """The same, with what is no object kept as text."""
    given = input_of(arguments)
    return {UNPARSED: arguments} if given is None else given


def identifier(name: str, place: Place) -> str:
    """The id of a tool call, made of the letters that the API takes. Ids of this dialect are left alone."""
    if place.dialect == NAME or not _IDENTIFIER.search(name):
        return name
    place.notes.add(
        "renamed", f"{place.field}.id", f"{name!r} is sent with '_' for what the API does not take in an id"
    )
    return _IDENTIFIER.sub("_", name)


def _complete(fields: Fields, cache: Cache | None, extra: Fields | None, place: Place) -> Fields:
    if cache is not None:
        fields["cache_control"] = write_cache(cache)
    if extra is not None and (own := place.notes.own(extra, place.dialect)) is not None:
        fields.update(own)
    return fields


def _refusal(block: Refusal, place: Place) -> Fields:
    return _complete({"type": "text", "text": block.text}, None, block.extra, place)


def _image(block: Image, place: Place) -> Fields | None:
    if block.detail not in (None, "auto"):
        place.notes.unsupported(f"{place.field}.detail", f"{block.detail!r}: the API has no such setting")
    return _with_source("image", _source(block), block, place)


def _audio(block: Audio, place: Place) -> Fields | None:
    if block.transcript is None:
        place.notes.unsupported(place.field, "the API takes no sound")
        return None
    place.notes.add("emulated", place.field, "the API takes no sound; its transcript is sent")
    return {"type": "text", "text": block.transcript}


def _file(block: File, place: Place) -> Fields | None:
    if (block.media_type or "").startswith("image/"):
        return _with_source("image", _source(block), block, place)
    text = _plain_text(block) if block.text is None else block.text
    if text is None:
        return _with_source("document", _source(block), block, place)
    # Plain text is the only kind of text document that the API knows.
    media_type = block.media_type if place.dialect == NAME and block.media_type else "text/plain"
    return _with_source("document", {"type": "text", "media_type": media_type, "data": text}, block, place)


def _plain_text(block: File) -> str | None:
    """The text of a text file that is carried as base64: the API takes only PDF in that form."""
    if block.base64 is None or not (block.media_type or "").startswith("text/"):
        return None
    try:
        return base64.b64decode(block.base64).decode()
    except (binascii.Error, UnicodeError):
        return None


def _with_source(kind: str, source: Fields | None, block: Media, place: Place) -> Fields | None:
    own = dict(place.notes.own(block.extra, place.dialect) or {})
    if type(carried := own.pop("source", None)) is dict:
        # A document that is made of blocks is carried there whole; otherwise it is what the source says besides.
        source = carried if "type" in carried else {**(source or {}), **carried}
    if source is None:
        place.notes.unsupported(place.field, f"this {kind} has neither bytes nor address nor file id")
        return None
    fields: Fields = {"type": kind, "source": source}
    if isinstance(block, File) and block.name is not None and kind == "document":
        fields["title"] = block.name
    if block.cache is not None:
        fields["cache_control"] = write_cache(block.cache)
    return {**fields, **own}


def _source(block: Media) -> Fields | None:
    if block.file_id is not None:
        return {"type": "file", "file_id": block.file_id}
    data, media_type = block.base64, block.media_type
    if data is None and block.url is not None:
        header = _DATA_URI.match(block.url)
        if header is None:
            return {"type": "url", "url": block.url}
        data, media_type = block.url[header.end() :], header[1] or media_type
    if data is None:
        return None
    known = media_type or next((kind for start, kind in _MAGIC.items() if data.startswith(start)), None)
    return {"type": "base64", "data": data} if known is None else {"type": "base64", "media_type": known, "data": data}


def _tool_call(block: ToolCall, place: Place) -> Fields:
    given = input_of(block.arguments)
    if given is None:
        detail = f"not a JSON object; sent as the text of `{UNPARSED}`"
        place.notes.add("emulated", f"{place.field}.arguments", detail)
        given = {UNPARSED: block.arguments}
    fields: Fields = {"type": "tool_use", "id": identifier(block.id, place), "name": block.name, "input": given}
    return _complete(fields, block.cache, block.extra, place)


def _tool_result(block: ToolResult, place: Place) -> Fields:
    fields: Fields = {"type": "tool_result", "tool_use_id": identifier(block.call_id, place)}
    match block.content:
        case ():
            pass
        case (Text(text=text, cache=None, extra=None),):
            fields["content"] = text
        case content:
            fields["content"] = [item for block in content if (item := write_block(block, place)) is not None]
    if block.is_error:
        fields["is_error"] = True
    return _complete(fields, block.cache, block.extra, place)


def _reasoning(block: Reasoning, place: Place) -> Fields | None:
    """Reasoning goes back only to whom it came from: the API refuses thinking that it did not sign."""
    at_home = block.origin == place.origin if block.origin is not None else place.dialect == NAME
    if not at_home or not (place.dialect == NAME or block.signature or block.encrypted):
        whose = block.origin or "elsewhere"
        place.notes.unsupported(
            place.field, f"reasoning from {whose} is not sent to {place.origin}, which cannot verify it"
        )
        return None
    if block.encrypted is not None and block.signature is None and not block.text:
        fields: Fields = {"type": "redacted_thinking", "data": block.encrypted}
    else:
        fields = {"type": "thinking", "thinking": block.text}
        if block.signature is not None:
            fields["signature"] = block.signature
    return _complete(fields, None, block.extra, place)


def _opaque(block: Opaque, place: Place) -> Fields | None:
    if block.dialect == NAME and block.origin in (None, place.origin):
        return block.data
    whose = block.dialect if block.dialect != NAME else block.origin
    place.notes.unsupported(place.field, f"`{block.kind}` is understood only by {whose}")
    return None


_WRITERS: dict[type, Callable[[Any, Place], Fields | None]] = {
    Refusal: _refusal,
    Image: _image,
    Audio: _audio,
    File: _file,
    ToolCall: _tool_call,
    ToolResult: _tool_result,
    Reasoning: _reasoning,
    Opaque: _opaque,
}
