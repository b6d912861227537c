"""From our blocks to the typed items of `content`."""

from collections.abc import Callable
from typing import Any

import msgspec

from genmux.dialects.openai_chat.notes import Notes
from genmux.dialects.openai_chat.profile import Profile
from genmux.dialects.openai_chat.schema import AUDIO_FORMATS, NAME
from genmux.types.content import Audio, Cache, Content, Fields, File, Image, Media, Opaque, Refusal, Text


class Place(msgspec.Struct, frozen=True):
    """Where a block is written: which field of the request, of whose dialect, for which host and whose model."""

    field: str
    dialect: str | None
    origin: str
    profile: Profile
    notes: Notes

    @property
    def at_home(self) -> bool:
        """Whether the caller speaks this dialect."""
        return self.dialect == NAME

    def own(self, extra: Fields | None) -> Fields:
        """The fields of a block, if they are of this dialect."""
        return {} if extra is None else self.notes.own(extra, self.dialect)

    def cache(self, cache: Cache | None) -> Fields:
        """`cache_control` for a marker, where the host knows it."""
        if cache is None:
            return {}
        if self.at_home or self.profile.cache_control:
            ttl: Fields = {} if cache.ttl is None else {"ttl": cache.ttl}
            return {"cache_control": {"type": "ephemeral", **ttl, **self.own(cache.extra)}}
        self.notes.unsupported("cache", "the host caches by itself, or not at all; markers are left out")
        return {}


def write_part(block: Content, place: Place) -> Fields | None:
    """One item of `content`; None, and a note, when there is no place for it."""
    write = _WRITERS.get(type(block))
    return None if write is None else write(block, place)


def link_of(media: Media) -> str | None:
    """The address of a medium, or its bytes as a `data:` URI (as they are, when nobody said of which type)."""
    if media.base64 is None:
        return media.url
    return media.base64 if media.media_type is None else media.data_uri


def image_link(block: Image) -> str | None:
    """The same for a picture, whose type has to be said."""
    return block.url if block.base64 is None else f"data:{block.media_type or 'image/png'};base64,{block.base64}"


def _text(block: Text, place: Place) -> Fields:
    if block.cache is None and block.extra is None:
        return {"type": "text", "text": block.text}
    return {"type": "text", "text": block.text, **place.cache(block.cache), **place.own(block.extra)}


def _refusal(block: Refusal, place: Place) -> Fields:
    own = place.own(block.extra)
    if "content" in own:
        del own["content"]
        return {"type": "refusal", "refusal": block.text, **own}
    return {"type": "text", "text": block.text, **own}


def _inner(own: Fields, key: str) -> Fields:
    """What the object under `key` says besides what we know of it."""
    return own.pop(key, None) or {}


def _image(block: Image, place: Place) -> Fields | None:
    own = place.own(block.extra)
    link = image_link(block)
    if link is None:
        return _nowhere("image", place)
    inner: Fields = {"url": link}
    if block.detail is not None:
        inner["detail"] = block.detail
    return {
        "type": "image_url",
        "image_url": {**inner, **_inner(own, "image_url")},
        **place.cache(block.cache),
        **own,
    }


def _audio(block: Audio, place: Place) -> Fields | None:
    own = place.own(block.extra)
    if "audio_url" in own or (block.base64 is None and block.url is not None):
        return _link("audio_url", block, own, place)
    if block.base64 is None:
        return _nowhere("sound", place)
    inner: Fields = {"data": block.base64}
    if block.media_type is not None:
        inner["format"] = AUDIO_FORMATS.get(block.media_type, block.media_type.partition("/")[2])
    return {
        "type": "input_audio",
        "input_audio": {**inner, **_inner(own, "input_audio")},
        **place.cache(block.cache),
        **own,
    }


def _file(block: File, place: Place) -> Fields | None:
    own = place.own(block.extra)
    if block.text is not None and block.base64 is None and block.url is None:
        return _document_text(block, own, place)
    kind = "" if place.at_home else (block.media_type or "").partition("/")[0]
    if "video_url" in own or kind == "video":
        return _link("video_url", block, own, place)
    if kind == "image":
        return _image(Image(block.url, block.base64, None, block.media_type, block.cache), place)
    wants_link = place.profile.file_part == "document_url" and block.file_id is None
    if "document_url" in own or (wants_link and not place.at_home):
        name: Fields = {} if block.name is None else {"document_name": block.name}
        part = _link("document_url", block, own, place)
        return None if part is None else {**part, **name}
    link = link_of(block)
    if link is None and block.file_id is None:
        return _nowhere("file", place)
    given = {"file_data": link, "file_id": block.file_id, "filename": block.name}
    inner = {key: value for key, value in given.items() if value is not None}
    return {"type": "file", "file": {**inner, **_inner(own, "file")}, **place.cache(block.cache), **own}


def _document_text(block: File, own: Fields, place: Place) -> Fields:
    """A document of plain text has no item of its own."""
    place.notes.add("emulated", place.field, "a document of plain text is sent as text")
    title = f' name="{block.name}"' if block.name else ""
    text = f"<document{title}>\n{block.text}\n</document>"
    return {"type": "text", "text": text, **place.cache(block.cache), **own}


def _link(key: str, block: Media, own: Fields, place: Place) -> Fields | None:
    """An item that is only a link. Mistral writes it as a string, all others as an object."""
    link = link_of(block)
    if link is None:
        return _nowhere(key.removesuffix("_url"), place)
    inner = _inner(own, key)
    value: Any = link if key == "document_url" and not inner else {"url": link, **inner}
    return {"type": key, key: value, **place.cache(block.cache), **own}


def _opaque(block: Opaque, place: Place) -> Fields | None:
    if block.dialect == NAME and block.origin in (None, place.origin):
        return block.data
    whose = block.dialect if block.dialect != NAME else block.origin
    place.notes.unsupported(place.field, f"`{block.kind}` is understood only by {whose}")
    return None


def _nowhere(what: str, place: Place) -> None:
    place.notes.unsupported(place.field, f"this {what} has neither bytes nor address that could be sent")


_WRITERS: dict[type, Callable[[Any, Place], Fields | None]] = {
    Text: _text,
    Refusal: _refusal,
    Image: _image,
    Audio: _audio,
    File: _file,
    Opaque: _opaque,
}
