"""An answer as a row of events with their times, and what is told when it is broken off."""

from typing import Any

import msgspec

from genmux.providers.mock.chance import fraction
from genmux.providers.mock.live.tone import PIECE_MS, piece, pitch_of
from genmux.providers.mock.live.wishes import LiveWish
from genmux.providers.mock.tokens import tokens
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    ItemAdded,
    ItemDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    TextDone,
    ToolCallDelta,
    ToolCalled,
)
from genmux.types.usage import TOKENS_INPUT, TOKENS_INPUT_AUDIO, TOKENS_OUTPUT, TOKENS_OUTPUT_AUDIO, Usage

MS_A_WORD = 100
"""How long a token is spoken where nobody says how long the answer is."""
MS_A_TOKEN_IN, MS_A_TOKEN_OUT = 100, 50
"""Milliseconds of sound that are one token, as with OpenAI."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is made from. `call` is the id, name and arguments of a tool to call instead of speaking."""

    turn: int
    response_id: str
    item_id: str
    text: str
    wish: LiveWish
    rate: int
    spoken: bool = True
    call: tuple[str, str, str] | None = None
    heard_ms: float = 0.0
    read: int = 0


class Reel:
    """Puts events one after the other, from `at` (milliseconds) on."""

    def __init__(self, asked: Asked, at: float) -> None:
        self.asked = asked
        self.at = at
        self.cues: list[tuple[float, RealtimeEvent]] = []
        self.over = False
        self._pieces = 0
        self._latency = 1_000 * (asked.wish.latency or 0.0)

    @property
    def ends(self) -> float:
        """When the last event is told; never, where no end is."""
        return self.cues[-1][0] if self.over else float("inf")

    def put(self, event: RealtimeEvent) -> None:
        """One more, of this answer."""
        self.cues.append((self.at, event))

    def begin(self) -> None:
        """The answer begins."""
        self.put(ResponseStarted(response_id=self.asked.response_id))

    def play(self, most: int | None = None) -> None:
        """The whole answer, or at most so many pieces of it."""
        if self.asked.call is not None:
            self._call(*self.asked.call)
        elif self.asked.spoken:
            self._speak(most)
        else:
            self._write(most)

    def finish(self, status: Any = "completed", reason: str | None = None, *, filtered: bool = False) -> None:
        """The end: what is open is closed, and the usage told."""
        told = [event for _, event in self.cues]
        for event in closing(self.asked, told):
            self.put(event)
        self.put(
            ResponseDone(
                response_id=self.asked.response_id,
                status=status,
                reason=reason,
                filtered=filtered,
                usage=used(self.asked, told),
            )
        )
        self.over = True

    @property
    def pieces(self) -> int:
        """How many pieces of sound the whole answer has."""
        wished = self.asked.wish.seconds
        ms = MS_A_WORD * len(tokens(self.asked.text)) if wished is None else 1_000 * wished
        return max(1, round(ms / PIECE_MS))

    def wait(self) -> None:
        """Let the time of a piece pass."""
        wish, nth = self.asked.wish, self._pieces
        self._pieces += 1
        self.at += self._latency if nth == 0 else 1_000 * (wish.pace or 0.0)
        if wish.jitter:
            self.at += 1_000 * wish.jitter * fraction(wish.seed or 0, "jitter", self.asked.turn, nth)

    def _message(self) -> None:
        self.put(ItemAdded(**self._ids, role="assistant", kind="message"))

    @property
    def _ids(self) -> dict[str, Any]:
        return {"item_id": self.asked.item_id, "response_id": self.asked.response_id}

    def _speak(self, most: int | None) -> None:
        words, pieces = tokens(self.asked.text), self.pieces
        sound = piece(self.asked.rate, pitch_of(self.asked.turn))
        told = 0
        for nth in range(pieces if most is None else min(most, pieces)):
            self.wait()
            if nth == 0:
                self._message()
            upto = -(-(nth + 1) * len(words) // pieces)
            if upto > told:
                self.put(OutputTranscriptDelta(**self._ids, text="".join(words[told:upto])))
                told = upto
            self.put(AudioChunk(**self._ids, data=sound))

    def _write(self, most: int | None) -> None:
        for nth, word in enumerate(tokens(self.asked.text)[:most]):
            self.wait()
            if nth == 0:
                self._message()
            self.put(OutputTextDelta(**self._ids, text=word))

    def _call(self, call_id: str, name: str, arguments: str) -> None:
        self.wait()
        self.put(ItemAdded(**self._ids, kind="function_call", call_id=call_id, name=name))
        self.put(ToolCallDelta(**self._ids, call_id=call_id, arguments=arguments))
        self.put(ToolCalled(**self._ids, call_id=call_id, name=name, arguments=arguments))
        self.put(ItemDone(**self._ids, kind="function_call"))


def closing(asked: Asked, told: list[RealtimeEvent]) -> list[RealtimeEvent]:
    """What ends an answer of which so much was told, before the end itself."""
    ids: Any = {"item_id": asked.item_id, "response_id": asked.response_id}
    if not any(isinstance(one, ItemAdded) and one.kind == "message" for one in told):
        return []
    said = "".join(one.text for one in told if isinstance(one, OutputTranscriptDelta))
    written = "".join(one.text for one in told if isinstance(one, OutputTextDelta))
    ends: list[RealtimeEvent] = []
    if asked.spoken:
        ends += [AudioDone(**ids), OutputTranscriptDone(**ids, text=said)]
    else:
        ends.append(TextDone(**ids, text=written))
    return [*ends, ItemDone(**ids, role="assistant", kind="message")]


def sound_ms(told: list[RealtimeEvent], rate: int) -> float:
    """How long the sound is that was told."""
    return sum(len(one.data) for one in told if isinstance(one, AudioChunk)) / 2 * 1_000 / rate


def used(asked: Asked, told: list[RealtimeEvent]) -> Usage:
    """What an answer used of which so much was told."""
    words = sum(len(tokens(one.text)) for one in told if isinstance(one, OutputTranscriptDelta | OutputTextDelta))
    words += sum(len(tokens(one.arguments)) for one in told if isinstance(one, ToolCallDelta))
    entered, left = int(asked.heard_ms / MS_A_TOKEN_IN), int(sound_ms(told, asked.rate) / MS_A_TOKEN_OUT)
    meters: dict[str, int | float] = {TOKENS_INPUT: asked.read + entered, TOKENS_OUTPUT: words + left}
    meters |= {TOKENS_INPUT_AUDIO: entered} if entered else {}
    meters |= {TOKENS_OUTPUT_AUDIO: left} if left else {}
    return Usage(meters=meters)
