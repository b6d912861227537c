"""What a cascade needs: ears, a transcriber, a text model, a voice."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

import msgspec

from genmux.types.audio import AudioFormat
from genmux.types.chat import ChatRequest
from genmux.types.money import Cost
from genmux.types.parts import Part
from genmux.types.realtime import TurnDetection
from genmux.types.transcription import Transcript
from genmux.types.usage import Usage

NoticedKind = Literal["suspected", "dismissed", "started", "paused", "resumed", "stopped"]


class Noticed(msgspec.Struct, frozen=True):
    """What ears notice, `at_ms` milliseconds after the beginning of the sound.

    `suspected`: somebody may have begun to speak then. `dismissed`: nobody had. `started`: somebody speaks, since then.
    `paused`: for a moment nobody does; who answers may begin to get ready. `resumed`: it was only a moment. `stopped`: the turn
    is over; speech ended then.
    """

    kind: NoticedKind
    at_ms: int


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """What is begun at a pause, before it is certain that the turn is over; it is paid for also where it was in vain.

    `drafts`: the answer. `most_early`: so many times a turn is written down before its end (None: at each pause).
    """

    drafts: bool = False
    most_early: int | None = None


CAREFUL = Ahead(most_early=1)
EAGER = Ahead(drafts=True)


class Ears(Protocol):
    """Listens to sound in 16-bit samples at 16 kHz for speech."""

    def feed(self, data: bytes) -> Sequence[Noticed]:
        """Hear more."""
        ...

    def reset(self) -> None:
        """Forget what is under way."""
        ...

    def tune(self, turns: TurnDetection | None) -> None:
        """Listen from now on as it is wished for."""
        ...


class Judge(Protocol):
    """Tells by how somebody sounded whether they have finished."""

    async def finished(self, sound: bytes) -> bool:
        """Whether a turn is over after this sound, in 16-bit samples at 16 kHz."""
        ...


class Told(Protocol):
    """An answer of the text model as it comes."""

    def __aiter__(self) -> AsyncIterator[Part]:
        """Its parts."""
        ...

    @property
    def usage(self) -> Usage | None:
        """What it used, at the end."""
        ...

    @property
    def cost(self) -> Cost | None:
        """What it did cost, at the end."""
        ...

    async def aclose(self) -> None:
        """Stop it."""
        ...


class Spoken(Protocol):
    """Speech as it comes, in `format`."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Its sound."""
        ...

    @property
    def cost(self) -> Cost | None:
        """What it did cost, at the end."""
        ...

    async def aclose(self) -> None:
        """Stop it."""
        ...


class Voices(Protocol):
    """Calls of the three models. All of them are paid for as calls are. Raises ProviderError."""

    async def hear(self, sound: bytes, made: AudioFormat) -> Transcript:
        """Write down what is said."""
        ...

    async def think(self, request: ChatRequest) -> Told:
        """Answer."""
        ...

    async def speak(self, text: str) -> Spoken:
        """Say something, in the format of the connection."""
        ...
