"""From the typed items of `content` to our blocks."""

import re
from collections.abc import Callable
from typing import Any

from genmux.dialects.openai_chat.fields import json_text, take, take_cache, wrong
from genmux.dialects.openai_chat.schema import AUDIO_FORMATS, AUDIO_TYPES, NAME
from genmux.types.content import Audio, Content, Fields, File, Image, Opaque, Reasoning, Refusal, Text

_DATA_URI = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)


def read_content(content: Any, place: str | None = None) -> list[Content]:
    """The blocks of a `content`: a string, a list of items, or what odd hosts send instead. Empty text of a reply is none.

    `place` names it in errors; None for a reply, which is never refused.
    """
    if isinstance(content, str):
        return [Text(content)] if content or place is not None else []
    if isinstance(content, list):
        return [read_part(part, None if place is None else f"{place}[{n}]") for n, part in enumerate(content)]
    if content is None:
        return []
    if place is not None:
        raise wrong(place, f"must be a string or a list, not {content!r:.60}")
    return [Text(json_text(content))]


def read_part(part: Any, place: str | None = None) -> Content:
    """One item. One whose type or form is unknown is carried whole."""
    if not isinstance(part, dict):
        if place is not None:
            raise wrong(place, f"must be an object, not {part!r:.60}")
        return Text(json_text(part))
    kind = part.get("type")
    if place is not None and type(kind) is not str:
        raise wrong(f"{place}.type", "is missing" if kind is None else f"must be a string, not {kind!r:.60}")
    read = _READERS.get(str(kind))
    rest = {key: value for key, value in part.items() if value is not None and key != "type"}
    block = read(rest) if read is not None else None
    return Opaque(NAME, str(kind), part) if block is None else block


def read_url(url: str) -> Fields:
    """What a link says: bytes with their type when it is a plain `data:` URI, otherwise the link itself."""
    found = _DATA_URI.fullmatch(url) if url.startswith("data:") else None
    return {"url": url} if found is None else {"media_type": found[1], "base64": found[2]}


def audio_type(name: str) -> tuple[str, bool]:
    """The media type of an audio format, and whether it leads back to the format."""
    media_type = AUDIO_TYPES.get(name, f"audio/{name}")
    return media_type, AUDIO_FORMATS.get(media_type, name) == name


def _text(rest: Fields) -> Content | None:
    text = take(rest, "text", str)
    return None if text is None else Text(text, take_cache(rest), rest or None)


def _refusal(rest: Fields) -> Content | None:
    text = take(rest, "refusal", str)
    return None if text is None else Refusal(text, {"content": None, **rest})


def _thinking(rest: Fields) -> Content | None:
    """Mistral's reasoning. Its `thinking` is a list of texts, and of references that are kept as they are."""
    thinking = rest.pop("thinking", None)
    match thinking:
        case [{"type": "text", "text": str() as text, **others}] if not others:
            return Reasoning(text, extra={"thinking": rest or None})
        case []:
            return Reasoning(extra={"thinking": {"thinking": [], **rest}})
        case list():
            text = "".join(item["text"] for item in thinking if _is_text(item))
            return Reasoning(text, extra={"thinking": {"thinking": thinking, **rest}})
        case _:
            return None


def _is_text(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "text" and isinstance(item.get("text"), str)


def _linked(rest: Fields, key: str) -> tuple[Fields, Fields] | None:
    """The link under `key`, which may stand alone or in an object, as (what we know of it, what the object says besides)."""
    inner = rest.pop(key, None)
    if isinstance(inner, str):
        return read_url(inner), {}
    if not isinstance(inner, dict):
        return None
    inner = {name: value for name, value in inner.items() if value is not None}
    url = take(inner, "url", str)
    return None if url is None else (read_url(url), inner)


def _image(rest: Fields) -> Content | None:
    if (linked := _linked(rest, "image_url")) is None:
        return None
    known, inner = linked
    detail = take(inner, "detail", str)
    if inner:
        rest["image_url"] = inner
    return Image(**known, detail=detail, cache=take_cache(rest), extra=rest or None)


def _video(rest: Fields) -> Content | None:
    if (linked := _linked(rest, "video_url")) is None:
        return None
    known, inner = linked
    return File(**known, cache=take_cache(rest), extra={"video_url": inner or None, **rest})


def _audio_link(rest: Fields) -> Content | None:
    if (linked := _linked(rest, "audio_url")) is None:
        return None
    known, inner = linked
    return Audio(**known, cache=take_cache(rest), extra={"audio_url": inner or None, **rest})


def _audio(rest: Fields) -> Content | None:
    inner = rest.pop("input_audio", None)
    if not isinstance(inner, dict) or not isinstance(inner.get("data"), str):
        return None
    inner = dict(inner)
    data, media_type = inner.pop("data"), None
    if isinstance(name := inner.get("format"), str):
        media_type, leads_back = audio_type(name)
        if leads_back:
            del inner["format"]
    if inner:
        rest["input_audio"] = inner
    return Audio(base64=data, media_type=media_type, cache=take_cache(rest), extra=rest or None)


def _file(rest: Fields) -> Content | None:
    inner = rest.pop("file", None)
    if not isinstance(inner, dict):
        return None
    inner = {name: value for name, value in inner.items() if value is not None}
    data, file_id, name = (take(inner, key, str) for key in ("file_data", "file_id", "filename"))
    if data is None and file_id is None:
        return None
    known: Fields = {} if data is None else read_url(data) if ":" in data else {"base64": data}
    if inner:
        rest["file"] = inner
    return File(**known, file_id=file_id, name=name, cache=take_cache(rest), extra=rest or None)


def _document(rest: Fields) -> Content | None:
    if (linked := _linked(rest, "document_url")) is None:
        return None
    known, inner = linked
    name = take(rest, "document_name", str)
    return File(**known, name=name, cache=take_cache(rest), extra={"document_url": inner or None, **rest})


_READERS: dict[str, Callable[[Fields], Content | None]] = {
    "text": _text,
    "refusal": _refusal,
    "thinking": _thinking,
    "image_url": _image,
    "input_audio": _audio,
    "audio_url": _audio_link,
    "video_url": _video,
    "file": _file,
    "document_url": _document,
}
