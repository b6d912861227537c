"""Speech of a text that is being written, sentence by sentence: each is a call of its own, and all of them are one sound."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from genmux.flows.call.run import Run
from genmux.flows.voice.cascade.clauses import Clauses
from genmux.flows.voice.counting import CHARACTERS_INPUT
from genmux.flows.voice.ports import AudioTools, Seams
from genmux.flows.voice.sentences import pieces_of
from genmux.flows.voice.speech_stream import SpeechStream
from genmux.flows.voice.sums import cost_of_all, usage_of_all
from genmux.types.audio import AudioFormat
from genmux.types.money import Cost
from genmux.types.parts import UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechStart, SpeechWords
from genmux.types.usage import Usage

Speak = Callable[[str, int | None, Decimal], Awaitable[SpeechStream]]
"""Speaks one sentence as samples, at a rate (None: as the model likes), when so much was spent already."""


async def sentences_of(texts: AsyncIterator[str], most: int | None) -> AsyncIterator[str]:
    """The pieces of a text that can be spoken by themselves, as soon as they are complete; none of them without a word."""
    clauses = Clauses()
    async for text in texts:
        for piece in clauses.feed(text):
            for one in _spoken(piece, most):
                yield one
    for piece in clauses.close():
        for one in _spoken(piece, most):
            yield one


class SentenceSource:
    """Reads sentence after sentence. It is its own door, too: each call is settled by itself, and they are added up here."""

    def __init__(self, first: SpeechStream, sentences: AsyncIterator[str], speak: Speak, tools: AudioTools) -> None:
        self._stream: SpeechStream | None = first
        self._sentences = sentences
        self._speak = speak
        self._tools = tools
        self._made: AudioFormat | None = None
        self._seams: Seams | None = None
        self._ms = self._start = 0.0
        self._spoken = [first]
        self._over = False

    @property
    def characters(self) -> int:
        """How many are spoken so far."""
        return sum(int(one.used.meters.get(CHARACTERS_INPUT, 0)) for one in self._spoken)

    async def read(self) -> list[Any] | None:
        """The parts that arrived at once; None at the end. Raises ProviderError, and whatever the text raised."""
        while not self._over:
            stream = self._stream
            if stream is None:
                stream = await self._following()
                if stream is None and self._over:
                    return None
                if stream is None:
                    self._over = True
                    return [UsagePart(self._used())]
            part = await anext(stream, None)
            batch = self._ended() if part is None else self._parts(part)
            if batch:
                return batch
        return None

    async def aclose(self) -> None:
        """Stop the sentence that is spoken, and let whoever writes the text stop. May be called again."""
        self._over = True
        if self._stream is not None:
            await self._stream.aclose()
        if (close := getattr(self._sentences, "aclose", None)) is not None:
            with suppress(Exception):  # its own fault was told already, or does not matter any more
                await close()

    # ---------------------------------------------------------------- as the door
    def complete(self, run: Run, usage: Usage, *, attempts: int, request_id: str | None = None) -> Cost | None:
        """What the sentences cost together."""
        del run, usage, attempts, request_id
        return cost_of_all([one.cost for one in self._spoken])

    def fail(self, run: Run, error: BaseException, *, usage: Usage | None = None) -> None:
        """The sentence that failed was booked by itself."""
        del run, error, usage

    # ---------------------------------------------------------------- the sentences
    async def _following(self) -> SpeechStream | None:
        sentence = await anext(self._sentences, None)
        if sentence is None:
            return None
        spent = sum((one.cost.amount for one in self._spoken if one.cost is not None), Decimal(0))
        rate = None if self._made is None else self._made.sample_rate
        stream = self._stream = await self._speak(sentence, rate, spent)
        self._spoken.append(stream)
        if self._over:  # closed in the meantime
            await stream.aclose()
            return None
        return stream

    def _parts(self, part: Any) -> list[Any]:
        match part:
            case SpeechStart(format=made):
                if self._made is not None:
                    return []
                self._made, self._seams = made, self._tools.seams(made)
                return [part]
            case SpeechDelta(data=data):
                return self._sounds(data if self._seams is None else self._seams.feed(data))
            case SpeechWords(words=words):
                start = self._start / 1_000
                return [SpeechWords(tuple(word.moved(start) for word in words))]
            case UsagePart():
                return []
            case WarningPart() if len(self._spoken) > 1:  # it was told with the first
                return []
            case _:
                return [part]

    def _ended(self) -> list[Any]:
        """A sentence is over."""
        self._stream = None
        parts = [] if self._seams is None else self._sounds(self._seams.end())
        self._start = self._ms
        return parts

    def _sounds(self, data: bytes) -> list[Any]:
        if self._made is not None:
            self._ms += self._made.ms(len(data))
        return [SpeechDelta(data)] if data else []

    def _used(self) -> Usage:
        return usage_of_all([one.used for one in self._spoken])


def _spoken(piece: str, most: int | None) -> Iterator[str]:
    for one in pieces_of(piece, most or len(piece)):
        if any(letter.isalnum() for letter in one):
            yield one
