"""What the process that opens foreign files is asked for, and what it answers."""

import msgspec

from genmux.types.assets_stored import Facts


class Look(msgspec.Struct, frozen=True, kw_only=True, tag="look", omit_defaults=True):
    """Say what the file at `path` is. Put a thumbnail of at most `side` pixels at `poster`, when that is wanted."""

    path: str
    media_type: str
    poster: str | None = None
    side: int = 512


class Convert(msgspec.Struct, frozen=True, kw_only=True, tag="convert", omit_defaults=True):
    """Write the file at `path` to `target` as `media_type`, no side longer than `max_side` pixels.

    With `max_bytes`, it is made smaller until it fits: by quality where the format has one, else in size.
    """

    path: str
    source_type: str
    target: str
    media_type: str
    max_side: int | None = None
    max_bytes: int | None = None


Order = Look | Convert


class Poster(msgspec.Struct, frozen=True, kw_only=True):
    """A thumbnail that was made; sides in pixels."""

    media_type: str
    width: int
    height: int


class Seen(msgspec.Struct, frozen=True, kw_only=True, tag="seen", omit_defaults=True):
    """What a file is. `poster` is there when a thumbnail was made."""

    facts: Facts
    poster: Poster | None = None


class Converted(msgspec.Struct, frozen=True, kw_only=True, tag="converted"):
    """A file was written."""

    facts: Facts


class Unable(msgspec.Struct, frozen=True, kw_only=True, tag="unable"):
    """It cannot be done, and why."""

    why: str


Answer = Seen | Converted | Unable
