"""What the process that opens foreign sound is asked for, and what it answers."""

import msgspec

from genmux.types.audio import AudioEncoding, AudioFormat


class Measure(msgspec.Struct, frozen=True, kw_only=True, tag="measure"):
    """Say how long the sound at `path` is; `kind` is FFmpeg's name for its format."""

    path: str
    kind: str


class Rewrite(msgspec.Struct, frozen=True, kw_only=True, tag="rewrite"):
    """Write the sound at `path` to `target` in another format."""

    path: str
    kind: str
    target: str
    format: AudioFormat


class Cut(msgspec.Struct, frozen=True, kw_only=True, tag="cut"):
    """Write the sound at `path` in parts of at most so many seconds, each as a file in `folder`."""

    path: str
    kind: str
    folder: str
    seconds: float
    encoding: AudioEncoding


Order = Measure | Rewrite | Cut


class Measured(msgspec.Struct, frozen=True, kw_only=True, tag="measured"):
    """How long a sound is, in seconds."""

    seconds: float


class Written(msgspec.Struct, frozen=True, kw_only=True, tag="written"):
    """A file was written; `seconds` is how long its sound is."""

    seconds: float


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part: its file, where it begins and how long it is, in seconds."""

    path: str
    start: float
    seconds: float


class Parts(msgspec.Struct, frozen=True, kw_only=True, tag="parts"):
    """All parts, in their order."""

    parts: tuple[Part, ...]


class Unheard(msgspec.Struct, frozen=True, kw_only=True, tag="unheard"):
    """It cannot be done, and why."""

    why: str


Answer = Measured | Written | Parts | Unheard
