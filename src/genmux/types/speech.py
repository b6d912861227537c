"""Speech: a text in, sound out, whole or as it comes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.content import Fields
from genmux.types.money import Cost
from genmux.types.parts import ErrorPart, UsagePart, WarningPart
from genmux.types.routes import Step
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A text to be spoken.

    `voice` is a name or id of the model's voices, `format` how the sound is to be written, `sample_rate` in Hz where the
    format leaves it open. `speed` is 1 for the usual one; `language` is a BCP 47 tag; `instructions` say how to speak, where
    a model heeds that. `timestamps` asks for the times of words. `params` are the model's own parameters by name.
    """

    model: str
    text: str
    voice: str | None = None
    format: AudioEncoding | None = None
    sample_rate: int | None = None
    speed: float | None = None
    language: str | None = None
    instructions: str | None = None
    timestamps: bool = False
    seed: int | None = None
    user: str | None = None
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    dialect: str | None = None
    extra: Fields | None = None


class SpokenWord(msgspec.Struct, frozen=True, kw_only=True):
    """When something is said: from `start` to `end`, in seconds. `text` is a word, or a letter where a model counts those."""

    text: str
    start: float
    end: float

    def moved(self, seconds: float) -> "SpokenWord":
        """The same so much later."""
        return SpokenWord(text=self.text, start=self.start + seconds, end=self.end + seconds)


class SpeechResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Spoken text. `format` is what was made, which is what was asked for; `seconds` is how long it is, where that is known."""

    audio: bytes
    format: AudioFormat
    seconds: float | None = None
    words: tuple[SpokenWord, ...] = ()
    usage: Usage = msgspec.field(default_factory=Usage)
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    cost: Cost | None = None
    warnings: tuple[Warning, ...] = ()
    attempts: int = 1
    account: str | None = None
    route: str | None = None
    steps: tuple[Step, ...] = ()
    request_id: str | None = None
    extra: Fields | None = None

    @property
    def media_type(self) -> str:
        """As MIME calls it."""
        return self.format.media_type

    def save(self, target: str | Path) -> Path:
        """Write the sound to a file as it is; gives the file. Raises OSError where it cannot be written."""
        place = Path(target).expanduser()
        place.write_bytes(self.audio)
        return place


class SpeechStart(msgspec.Struct, frozen=True, kw_only=True, tag="speech_start"):
    """The sound begins, and is written so."""

    format: AudioFormat


class SpeechDelta(msgspec.Struct, frozen=True, tag="speech_delta", gc=False):
    """More of the sound."""

    data: bytes


class SpeechWords(msgspec.Struct, frozen=True, tag="speech_words"):
    """When the next words are said, in seconds from the beginning."""

    words: tuple[SpokenWord, ...]


SpeechPart = SpeechStart | SpeechDelta | SpeechWords | UsagePart | WarningPart | ErrorPart
"""The pieces of streamed speech: one start, then sound and words as they come; usage at the end."""


class Voice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A voice that a model speaks with. `languages` are BCP 47 tags; empty for one that speaks whatever it is given."""

    id: str
    name: str
    languages: tuple[str, ...] = ()
    gender: str | None = None
    description: str | None = None
    preview_url: str | None = None
