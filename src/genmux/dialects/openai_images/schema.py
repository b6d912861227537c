"""The words of OpenAI's images: names, tables, and what a reply and an event are made of.

Sources: the types of the official SDK (openai 3.54), api.x.ai's images, read 2026-11-27; and recorded traffic.
"""

from typing import Any, Final, Literal

import msgspec

NAME: Final = "openai_images"
"""By which the dialect is named, in manifests."""

GENERATIONS: Final = "image_generation"
EDITS: Final = "image_edit"
"""With which the types of events begin: `image_generation.completed`, `image_edit.partial_image` …"""

ResponseFormat = Literal["b64_json", "url"]

FORMATS: dict[str, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "svg": "image/svg+xml",
}
"""Media types by `output_format`."""

NAMES: dict[str, str] = {media_type: name for name, media_type in FORMATS.items()}
"""The reverse."""

TICKS: Final = 10_000_000_000
"""xAI states costs in ticks, so many to a US dollar."""


class Image(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One picture: its bytes in base64, or where it is. `respect_moderation` is xAI's: false where it was kept back."""

    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None
    mime_type: str | None = None
    respect_moderation: bool | None = None


class Reply(msgspec.Struct, kw_only=True):
    """A whole reply. `error` is there where a success is none."""

    created: int | None = None
    data: list[Image] | None = None
    output_format: str | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


class Event(msgspec.Struct, kw_only=True):
    """One event of a stream."""

    type: str = ""
    b64_json: str | None = None
    partial_image_index: int | None = None
    output_format: str | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


REPLY: "msgspec.json.Decoder[Reply]" = msgspec.json.Decoder(Reply)
EVENT: "msgspec.json.Decoder[Event]" = msgspec.json.Decoder(Event)
OBJECT: "msgspec.json.Decoder[dict[str, Any]]" = msgspec.json.Decoder(dict[str, Any])
