"""The answering half of a cascade: a text model writes, and each piece is spoken as soon as it is complete."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from genmux.flows.voice.cascade.clauses import Clauses, speakable
from genmux.flows.voice.cascade.memory import Memory
from genmux.flows.voice.cascade.ports import Voices
from genmux.flows.voice.sums import cost_of_all
from genmux.types.audio import AudioFormat
from genmux.types.chat import ChatRequest
from genmux.types.content import Text, ToolCall
from genmux.types.join import Joiner
from genmux.types.money import Cost
from genmux.types.parts import BlockStart, Part, TextDelta
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    TextDone,
    ToolCalled,
)
from genmux.types.usage import Usage

AHEAD = 2
"""So many pieces may wait to be spoken while the model writes on."""


class Reply:
    """One answer. `tell` hears of everything; `memory` learns what was said, and where in the sound it is."""

    def __init__(  # noqa: PLR0913 — each is one fact of it
        self,
        response: str,
        item: str,
        voices: Voices,
        memory: Memory,
        tell: Callable[[RealtimeEvent], None],
        *,
        made: AudioFormat,
        aloud: bool,
    ) -> None:
        self.response = response
        self.item = item
        self._voices = voices
        self._memory = memory
        self._tell = tell
        self._made = made
        self._aloud = aloud
        self._text = ""
        self._ms = 0.0
        self._usage: Usage | None = None
        self._costs: list[Cost | None] = []

    async def run(self, request: ChatRequest) -> None:
        """Answer, to the end. Raises ProviderError. Cancelling it ends it where it is; what was written until then is remembered."""
        self._tell(ResponseStarted(response_id=self.response))
        pieces: asyncio.Queue[str | None] = asyncio.Queue(AHEAD)
        speaking = asyncio.create_task(self._speak_all(pieces), name="genmux-cascade-speaks")
        try:
            calls = await self._write(request, pieces)
            await pieces.put(None)
            await speaking
        except BaseException:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
            if self._text:
                self._memory.write(self.item, "assistant", self._text)
            raise
        self._finish(calls)

    def cancelled(self, reason: str) -> ResponseDone:
        """How it is told that it was stopped."""
        return ResponseDone(response_id=self.response, status="cancelled", reason=reason, usage=self._usage)

    async def _write(self, request: ChatRequest, pieces: "asyncio.Queue[str | None]") -> tuple[ToolCall, ...]:
        """Let the model write; gives the tools that it calls."""
        told = await self._voices.think(request)
        clauses, joiner = Clauses(), Joiner()
        async with aclosing(told):  # type: ignore[type-var]
            async for part in told:
                joiner.feed(part)
                text = _text_of(part)
                if text:
                    self._text += text
                    for piece in clauses.feed(text):
                        await pieces.put(piece)
        for piece in clauses.close():
            await pieces.put(piece)
        self._usage = told.usage
        self._costs.append(told.cost)
        return joiner.result().tool_calls

    async def _speak_all(self, pieces: "asyncio.Queue[str | None]") -> None:
        while (piece := await pieces.get()) is not None:
            await self._speak(piece)

    async def _speak(self, piece: str) -> None:
        """One piece: its text is told with the beginning of its sound."""
        if not self._aloud:
            self._tell(OutputTextDelta(text=piece, item_id=self.item, response_id=self.response))
            return
        words = speakable(piece)
        self._tell(OutputTranscriptDelta(text=piece, item_id=self.item, response_id=self.response))
        if not any(one.isalnum() for one in words):
            return
        start = self._ms
        spoken = await self._voices.speak(words)
        async with aclosing(spoken):  # type: ignore[type-var]
            async for data in spoken:
                self._ms += self._made.ms(len(data))
                self._tell(AudioChunk(data=data, item_id=self.item, response_id=self.response))
        self._costs.append(spoken.cost)
        self._memory.speak(self.item, piece, start, self._ms)

    def _finish(self, calls: tuple[ToolCall, ...]) -> None:
        place: dict[str, Any] = {"item_id": self.item, "response_id": self.response}
        if calls:
            self._memory.call(self.item, self._text, calls)
        elif self._text:
            self._memory.write(self.item, "assistant", self._text)
        if self._text and self._aloud:
            self._tell(AudioDone(**place))
            self._tell(OutputTranscriptDone(text=self._text, **place))
        elif self._text:
            self._tell(TextDone(text=self._text, **place))
        for one in calls:
            self._tell(ToolCalled(call_id=one.id, name=one.name, arguments=one.arguments or "{}", **place))
        self._tell(ResponseDone(response_id=self.response, usage=self._usage, cost=cost_of_all(self._costs)))


def _text_of(part: Part) -> str:
    match part:
        case TextDelta(text=text):
            return text
        case BlockStart(block=Text(text=text)):
            return text
        case _:
            return ""
