"""A cascade over ears and models that a test plays."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

from genmux.flows.voice.cascade.link import CascadeLink
from genmux.flows.voice.cascade.ports import Noticed
from genmux.types.audio import AudioFormat
from genmux.types.chat import ChatRequest
from genmux.types.content import Text, ToolCall
from genmux.types.money import Cost
from genmux.types.parts import BlockEnd, BlockStart, Part, TextDelta, ToolCallDelta
from genmux.types.realtime import AppendAudio, SessionConfig, TurnDetection
from genmux.types.realtime_events import (
    RealtimeEvent,
)
from genmux.types.transcription import Transcript
from genmux.types.usage import Usage

MADE = AudioFormat()
CHUNK = bytes(AudioFormat(sample_rate=16_000).size(100))


class Ears:
    """Notices what the test says, piece by piece."""

    def __init__(self, *noticed: Sequence[Noticed]) -> None:
        self.noticed = iter(noticed)
        self.resets = 0
        self.tuned: list[TurnDetection | None] = []

    def feed(self, data: bytes) -> Sequence[Noticed]:
        assert data
        return next(self.noticed, ())

    def reset(self) -> None:
        self.resets += 1

    def tune(self, turns: TurnDetection | None) -> None:
        self.tuned.append(turns)


class Answer:
    """A played answer."""

    def __init__(self, parts: Sequence[Part], gate: asyncio.Event | None) -> None:
        self.usage: Usage | None = Usage(meters={"tokens.output": 7})
        self.cost: Cost | None = Cost(amount=Decimal("0.5"))
        self.parts, self.gate = parts, gate

    async def __aiter__(self) -> AsyncIterator[Part]:
        for number, part in enumerate(self.parts):
            if number == 1 and self.gate is not None:
                await self.gate.wait()
            yield part

    async def aclose(self) -> None:
        self.parts = ()


class Sound:
    """Speech: 100 ms for each word."""

    cost: Cost | None = Cost(amount=Decimal("0.25"))

    def __init__(self, text: str) -> None:
        self.text = text

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in self.text.split():
            yield bytes(MADE.size(100))

    async def aclose(self) -> None:
        self.text = ""


class Voices:
    """Hears, thinks and speaks as the test says; keeps what was asked."""

    def __init__(self, *answers: Any, heard: Any = "what time is it", gate: asyncio.Event | None = None) -> None:
        self.answers, self.heard, self.gate = iter(answers or (words("It is noon."),)), heard, gate
        self.sounds: list[bytes] = []
        self.asked: list[ChatRequest] = []
        self.spoken: list[str] = []

    async def hear(self, sound: bytes, made: AudioFormat) -> Transcript:
        assert made.sample_rate == 16_000
        self.sounds.append(sound)
        await asyncio.sleep(0)
        if isinstance(self.heard, Exception):
            raise self.heard
        return Transcript(text=self.heard)

    async def think(self, request: ChatRequest) -> Answer:
        self.asked.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, self.gate)

    async def speak(self, text: str) -> Sound:
        self.spoken.append(text)
        return Sound(text)


def words(*texts: str) -> list[Part]:
    return [BlockStart(0, Text("")), *[TextDelta(0, one) for one in texts], BlockEnd(0)]


def calls(name: str, arguments: str) -> list[Part]:
    return [BlockStart(0, ToolCall(id="c1", name=name)), ToolCallDelta(0, arguments), BlockEnd(0)]


class Here:
    """A connection, and what came out of it."""

    def __init__(
        self, voices: Voices, ears: Ears | None = None, config: SessionConfig | None = None, **more: Any
    ) -> None:
        numbers = iter(range(1_000))
        self.voices = voices
        self.link = CascadeLink(
            config or SessionConfig(instructions="be brief"),
            ears or Ears(),
            voices,
            model="acme/one",
            made=MADE,
            new_id=lambda: str(next(numbers)),
            **more,
        )
        self.heard: list[RealtimeEvent] = []

    async def say(self, pieces: int) -> None:
        """So many pieces of sound go in, and what comes of each is done."""
        for _ in range(pieces):
            await self.link.send(AppendAudio(CHUNK))
            for _ in range(20):
                await asyncio.sleep(0)

    async def until(self, kind: type[RealtimeEvent]) -> RealtimeEvent:
        """Everything up to an event of a kind."""
        async with asyncio.timeout(5):
            while not (found := [one for one in self.heard if type(one) is kind]):
                self.heard += await self.link.receive() or ()
            return found[-1]

    def kinds(self) -> list[str]:
        return [type(one).__name__ for one in self.heard]

    def messages(self, number: int = -1) -> list[tuple[str, str]]:
        return [(one.role, one.text) for one in self.voices.asked[number].messages]
