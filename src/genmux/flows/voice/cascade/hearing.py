"""The listening half of a cascade: sound in, turns in writing out. Transcription begins at the first pause already."""

import asyncio
from collections.abc import Callable

from genmux.flows.voice.cascade.ports import Ears, Noticed, Voices
from genmux.types.audio import AudioFormat
from genmux.types.errors import ProviderError
from genmux.types.transcription import Transcript

HEARD = AudioFormat(sample_rate=16_000)
"""How sound is listened to."""

LONGEST = 600.0
"""Seconds of sound that a turn may have; the beginning of a longer one is forgotten."""


class Listening:
    """Collects a turn. `noticed` hears of speech at once; with `by_ear`, silence ends a turn, else a commit does."""

    def __init__(
        self, ears: Ears, voices: Voices, *, by_ear: bool, prefix_ms: int, noticed: Callable[[Noticed], None]
    ) -> None:
        self.by_ear = by_ear
        self._ears = ears
        self._voices = voices
        self._prefix = prefix_ms
        self._noticed = noticed
        self._sound = bytearray()
        self._from = 0.0
        self._speaks = False
        self._early: asyncio.Task[Transcript] | None = None

    @property
    def has_sound(self) -> bool:
        """Whether there is anything to be written down."""
        return bool(self._sound)

    @property
    def speaks(self) -> bool:
        """Whether somebody speaks."""
        return self._speaks

    def feed(self, data: bytes) -> bool:
        """Hear more; True when a turn is over."""
        self._sound += data
        over = False
        for one in self._ears.feed(data):
            over = self._notice(one) or over
        self._forget()
        return over and self.by_ear

    async def take(self) -> Transcript:
        """What was said in the turn, in writing; then the next one begins. Raises ProviderError."""
        early, self._early = self._early, None
        sound, self._sound = bytes(self._sound), bytearray()
        self._from += HEARD.ms(len(sound))
        self._speaks = False
        if early is not None:
            try:
                return await early
            except (ProviderError, asyncio.CancelledError):
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise
        return await self._voices.hear(sound, HEARD)

    def clear(self) -> None:
        """Forget what was heard."""
        self._drop_early()
        self._from += HEARD.ms(len(self._sound))
        self._sound.clear()
        self._speaks = False
        self._ears.reset()

    def _notice(self, one: Noticed) -> bool:
        match one.kind:
            case "started":
                self._speaks = True
                self._cut(one.at_ms - self._prefix)
            case "paused" if self.by_ear:
                self._drop_early()
                self._early = asyncio.create_task(
                    self._voices.hear(bytes(self._sound), HEARD), name="genmux-hears-early"
                )
            case "resumed":
                self._drop_early()
            case "stopped":
                self._speaks = False
            case _:
                pass
        self._noticed(one)
        return one.kind == "stopped"

    def _cut(self, at_ms: float) -> None:
        """What was before speech is not written down."""
        size = HEARD.size(max(0.0, at_ms - self._from))
        if 0 < size <= len(self._sound):
            del self._sound[:size]
            self._from += HEARD.ms(size)

    def _forget(self) -> None:
        """Silence is not kept; nor is more of a turn than anybody wants."""
        keep = HEARD.size((LONGEST * 1_000) if self._speaks or not self.by_ear or self._early is not None else 2_000)
        if len(self._sound) > 2 * keep or (len(self._sound) > keep and not self._speaks):
            size = len(self._sound) - keep
            size -= size % HEARD.sample_bytes
            del self._sound[:size]
            self._from += HEARD.ms(size)

    def _drop_early(self) -> None:
        early, self._early = self._early, None
        if early is not None:
            early.cancel()
            early.add_done_callback(_ignore)


def _ignore(task: "asyncio.Task[Transcript]") -> None:
    if not task.cancelled():
        task.exception()
