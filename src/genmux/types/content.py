"""What a message is made of: text, media, tool calls and results, reasoning."""

import base64 as base64_codec
import mimetypes
from pathlib import Path
from typing import Any, Self

import msgspec

Fields = dict[str, Any]
"""Fields that one dialect knows and genmux has no word for; they travel untouched within that dialect.

A field whose value is None only marks where something stood, so that it goes back there: nothing is lost without it.
"""


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """A marker that asks the provider to cache the prompt up to and including this block.

    `ttl` is the provider's spelling of the lifetime (`"5m"`, `"1h"`), None for its default.
    """

    ttl: str | None = None
    extra: Fields | None = None


class Text(msgspec.Struct, frozen=True, tag="text", omit_defaults=True):
    """Plain text."""

    text: str
    cache: Cache | None = None
    extra: Fields | None = None


class Refusal(msgspec.Struct, frozen=True, tag="refusal", omit_defaults=True):
    """The model's own words for why it will not answer."""

    text: str
    extra: Fields | None = None


class Media(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the bytes of an image, a sound or a file are: one of `url`, `base64`, `file_id`."""

    url: str | None = None
    base64: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    cache: Cache | None = None
    extra: Fields | None = None

    @classmethod
    def from_bytes(cls, data: bytes, media_type: str) -> Self:
        """Carry these bytes in the request itself."""
        return cls(base64=base64_codec.b64encode(data).decode(), media_type=media_type)

    @classmethod
    def from_path(cls, path: str | Path) -> Self:
        """Carry the file at `path`; its media type is told by its name. Raises OSError when it cannot be read."""
        media_type, _ = mimetypes.guess_type(str(path))
        return cls.from_bytes(Path(path).read_bytes(), media_type or "application/octet-stream")

    @property
    def data(self) -> bytes | None:
        """The bytes, when they are carried in the request."""
        return None if self.base64 is None else base64_codec.b64decode(self.base64)

    @property
    def data_uri(self) -> str | None:
        """The carried bytes as a `data:` URI."""
        if self.base64 is None:
            return None
        return f"data:{self.media_type or 'application/octet-stream'};base64,{self.base64}"


class Image(Media, frozen=True, tag="image", omit_defaults=True):
    """A picture; `detail` is the resolution at which the model shall look (`low`, `high`, `auto`)."""

    detail: str | None = None


class Audio(Media, frozen=True, tag="audio", omit_defaults=True):
    """A sound; `transcript` is what is said in it, where that is known."""

    transcript: str | None = None


class File(Media, frozen=True, tag="file", omit_defaults=True):
    """A document (PDF, text, video …); `text` holds a plain-text document that is not carried as base64."""

    name: str | None = None
    text: str | None = None


class ToolCall(msgspec.Struct, frozen=True, tag="tool_call", omit_defaults=True):
    """The model asks the caller to run a tool.

    `arguments` is the JSON text exactly as the model wrote it; it may be cut off. `kind` is `custom` for tools
    that take free text instead of JSON. Calls that the provider runs itself are never a `ToolCall` but `Opaque`.
    """

    id: str
    name: str
    arguments: str = ""
    kind: str = "function"
    cache: Cache | None = None
    extra: Fields | None = None

    @property
    def input(self) -> Fields:
        """The arguments as a dict, `{}` when there are none. Raises `msgspec.DecodeError` when they are not a JSON object."""
        return msgspec.json.decode(self.arguments, type=Fields) if self.arguments.strip() else {}


class Reasoning(msgspec.Struct, frozen=True, tag="reasoning", omit_defaults=True):
    """What the model thought, with the provider's opaque state.

    `signature` and `encrypted` are given back untouched to the same `origin` (provider and model family) and
    dropped, with a warning, for any other.
    """

    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    origin: str | None = None
    extra: Fields | None = None


class Opaque(msgspec.Struct, frozen=True, tag="opaque", omit_defaults=True):
    """A block that only one dialect understands, such as a tool run by the provider; carried whole, never interpreted."""

    dialect: str
    kind: str
    data: Fields
    origin: str | None = None


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result", omit_defaults=True):
    """What a tool gave back for the call `call_id`."""

    call_id: str
    content: tuple["Text | Image | Audio | File | Opaque", ...] = ()
    is_error: bool = False
    name: str | None = None
    cache: Cache | None = None
    extra: Fields | None = None

    @property
    def text(self) -> str:
        """The textual part of the result."""
        return "".join(block.text for block in self.content if isinstance(block, Text))


Content = Text | Refusal | Image | Audio | File | ToolCall | ToolResult | Reasoning | Opaque
