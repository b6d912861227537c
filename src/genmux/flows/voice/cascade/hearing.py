"""The listening half of a cascade: sound in, turns in writing out. Transcription begins at the first pause already."""

import asyncio
from collections.abc import Callable
from typing import Any

from genmux.flows.voice.cascade.ports import Ears, Judge, Noticed, Voices
from genmux.types.audio import AudioFormat
from genmux.types.errors import MessageError, ProviderError
from genmux.types.realtime import TurnDetection
from genmux.types.transcription import Transcript

HEARD = AudioFormat(sample_rate=16_000)
"""How sound is listened to."""

PREFIX = 300
"""Milliseconds before speech that are written down with it, where nobody says."""

LONGEST = 600.0
"""Seconds of sound that a turn may have; the beginning of a longer one is forgotten."""


class Turn:
    """The sound of a turn that is over; `early` is it in writing, if that was begun before."""

    def __init__(self, voices: Voices, sound: bytes, early: "asyncio.Task[Transcript] | None") -> None:
        self._voices = voices
        self._sound = sound
        self._early = early

    async def written(self) -> Transcript:
        """What was said in it, in writing. Raises ProviderError."""
        if self._early is not None:
            try:
                return await self._early
            except (ProviderError, asyncio.CancelledError):
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise
        return await self._voices.hear(self._sound, HEARD)

    def drop(self) -> None:
        """Nobody wants it any more."""
        if self._early is not None:
            self._early.cancel()
            self._early.add_done_callback(_ignore)


class Listening:
    """Collects a turn. Silence ends one, or the `judge` at a pause, or a commit: as `turns` wishes.

    `noticed` hears of speech at once, and says whether it counts: what does not, such as a word that only shows attention, is
    forgotten. `paused` gets what was said until a pause, as it will be in writing; `ended` is called when the judge has ended a
    turn. So many times a turn may be written down before it is over (`most_early`; None: at each pause).
    """

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        ears: Ears,
        voices: Voices,
        *,
        turns: TurnDetection | None,
        noticed: Callable[[Noticed], bool],
        judge: Judge | None = None,
        most_early: int | None = None,
        paused: Callable[["asyncio.Task[Transcript]"], object] = lambda _: None,
        ended: Callable[[], object] = lambda: None,
    ) -> None:
        self.by_ear = by_ear(turns)
        self._turns = turns
        self._ears = ears
        self._voices = voices
        self._noticed = noticed
        self._judge = judge
        self._most_early = most_early
        self._written = 0
        self._paused = paused
        self._ended = ended
        self._sound = bytearray()
        self._from = 0.0
        self._speaks = False
        self._early: asyncio.Task[Transcript] | None = None
        self._judging: asyncio.Task[None] | None = None

    @property
    def has_sound(self) -> bool:
        """Whether there is anything to be written down."""
        return bool(self._sound)

    @property
    def speaks(self) -> bool:
        """Whether somebody speaks."""
        return self._speaks

    def tune(self, turns: TurnDetection | None) -> None:
        """Let turns end as it is wished for from now on. Raises MessageError for what must be wished for at the beginning."""
        if turns is not None and turns.kind == "semantic" and self._judge is None:
            message = "turns cannot become `semantic` in the middle of a session of calls; open one with them"
            raise MessageError(message, param="turns")
        self.by_ear, self._turns = by_ear(turns), turns
        self._ears.tune(turns)

    def feed(self, data: bytes) -> bool:
        """Hear more; True when a turn is over."""
        self._sound += data
        over = False
        for one in self._ears.feed(data):
            over = self._notice(one) or over
        self._forget()
        return over and self.by_ear

    def take(self) -> Turn:
        """The turn, which is over; what is heard from now on belongs to the next one."""
        self._stop_judging()
        early, self._early = self._early, None
        sound, self._sound = bytes(self._sound), bytearray()
        self._from += HEARD.ms(len(sound))
        self._speaks = False
        self._written = 0
        return Turn(self._voices, sound, early)

    def cut(self) -> None:
        """Somebody else has said that the turn is over: what the ears have heard of it ends no other one."""
        self._stop_judging()
        if self.by_ear:
            self._ears.reset()

    def clear(self) -> None:
        """Forget what was heard."""
        self._drop()
        self._ears.reset()

    def _notice(self, one: Noticed) -> bool:
        counts = self._noticed(one)
        match one.kind:
            case "started":
                self._speaks = True
                self._cut(one.at_ms - prefix_ms(self._turns))
            case "paused" if self.by_ear and counts:
                self._pause(one)
            case "resumed":
                self._go_on()
            case "stopped" if counts:
                self._speaks = False
                self._stop_judging()
                return True
            case "stopped":
                self._drop()
            case _:
                pass
        return False

    def _pause(self, one: Noticed) -> None:
        """Get ready: it may be the end."""
        self._go_on()
        sound = bytes(self._sound)
        if self._most_early is None or self._written < self._most_early:
            self._written += 1
            self._early = asyncio.create_task(self._voices.hear(sound, HEARD), name="genmux-hears-early")
            self._paused(self._early)
        if self._judge is not None and self._turns is not None and self._turns.kind == "semantic":
            self._judging = asyncio.create_task(self._weigh(self._judge, sound, one.at_ms), name="genmux-judges")

    async def _weigh(self, judge: Judge, sound: bytes, at_ms: int) -> None:
        """End the turn, if it sounded as if it were over."""
        if await judge.finished(sound) and self.by_ear:
            self._judging = None
            self._ears.reset()
            if self._notice(Noticed("stopped", at_ms)):
                self._ended()

    def _go_on(self) -> None:
        """It was no end."""
        self._stop_judging()
        early, self._early = self._early, None
        if early is not None:
            early.cancel()
            early.add_done_callback(_ignore)

    def _stop_judging(self) -> None:
        judging, self._judging = self._judging, None
        if judging is not None:
            judging.cancel()
            judging.add_done_callback(_ignore)

    def _drop(self) -> None:
        """Nothing of this turn counts."""
        self._go_on()
        self._from += HEARD.ms(len(self._sound))
        self._sound.clear()
        self._speaks = False
        self._written = 0

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


def by_ear(turns: TurnDetection | None) -> bool:
    """Whether what is heard ends turns."""
    return turns is None or turns.kind != "client"


def prefix_ms(turns: TurnDetection | None) -> int:
    """So much before speech belongs to it."""
    return PREFIX if turns is None or turns.prefix_ms is None else turns.prefix_ms


def _ignore(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()
