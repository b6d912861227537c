"""Speech as it comes, settled at its end however it ends."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Any, Self

import msgspec

from genmux.flows.call.door import Door
from genmux.flows.call.run import Run
from genmux.flows.call.sources import Begun
from genmux.flows.call.target import place
from genmux.flows.call.whole import speech_of
from genmux.flows.voice.counting import spoken_usage
from genmux.flows.voice.formats import target_of
from genmux.flows.voice.ports import AudioTools, Transcoder
from genmux.types.audio import AudioEncoding
from genmux.types.errors import ProviderError
from genmux.types.money import Cost
from genmux.types.parts import ErrorPart, UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechRequest, SpeechResult, SpeechStart
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class SpeechStream:
    """The pieces of speech, as they come. Iterate it for all parts, or `audio()` for the sound alone.

    `result()` joins what has come so far. Leaving it early closes the connection; it is billed for what was asked all the same.
    Raises ProviderError where it fails; nothing is retried after the first part.
    """

    def __init__(  # noqa: PLR0913 — each is one fact of it
        self,
        begun: Begun,
        run: Run,
        door: Door,
        request: SpeechRequest,
        *,
        wanted: AudioEncoding,
        tools: AudioTools,
        warnings: tuple[Warning, ...],
    ) -> None:
        self._source = begun.source
        self._door = door
        self._request = request
        self._wanted: AudioEncoding = wanted
        self._tools = tools
        self._transcoder: Transcoder | None = None
        self._usage: Usage | None = None
        self._settled = False
        self._loop = asyncio.get_running_loop()
        self._seen: list[SpeechPart] = []
        self._failure: ProviderError | None = None
        self._made = 0.0
        self.run = run
        self.request_id = begun.request_id
        self.attempts = max(run.sendings, 1)
        self.cost: Cost | None = None
        self._ahead = deque(self._noted([*map(WarningPart, warnings), *begun.parts]))

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> SpeechPart:
        """The next part."""
        while not self._ahead:
            batch = await self._pull()
            if batch is None:
                raise StopAsyncIteration
            self._ahead.extend(batch)
        return self._ahead.popleft()

    async def audio(self) -> Any:
        """Only the sound."""
        async for part in self:
            if isinstance(part, SpeechDelta):
                yield part.data

    def result(self) -> SpeechResult:
        """What has come so far; complete after the end."""
        return msgspec.structs.replace(
            speech_of(self._seen),
            provider=self.run.reached.model.provider,
            model=self.run.reached.model.id,
            usage=self._counted(),
            cost=self.cost,
            attempts=self.attempts,
            request_id=self.request_id,
            account=self.run.account,
            route=self.run.route,
            steps=self.run.steps,
        )

    async def aclose(self) -> None:
        """Stop. May be called again."""
        try:
            await self._source.aclose()
        finally:
            self._settle()

    async def __aenter__(self) -> Self:
        """Use it as `async with stream:`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at the end of the block."""
        await self.aclose()

    def __del__(self) -> None:
        """Book also what was dropped unread."""
        if not getattr(self, "_settled", True):
            with contextlib.suppress(RuntimeError):  # the event loop is closed
                self._loop.call_soon_threadsafe(self._settle)

    async def _pull(self) -> list[SpeechPart] | None:
        if self._settled:
            return None
        try:
            batch = await self._read()
        except BaseException as error:
            await self._fail(error)
            raise
        if batch is None:
            last = self._last()
            self._settle()
            return last or None
        return self._noted(batch)

    async def _read(self) -> list[Any] | None:
        if self._failure is not None:
            raise self._failure
        return await self._source.read()

    def _last(self) -> list[SpeechPart]:
        data = b"" if self._transcoder is None else self._transcoder.close()
        self._transcoder = None
        last: list[SpeechPart] = [SpeechDelta(data)] if data else []
        self._seen += last
        return last

    def _noted(self, batch: Sequence[Any]) -> list[SpeechPart]:
        """The same in the wanted format; an error is raised in its turn."""
        told: list[SpeechPart] = []
        for part in batch:
            match part:
                case SpeechStart():
                    told.append(self._begin(part))
                case SpeechDelta(data=data):
                    if data := data if self._transcoder is None else self._transcoder.feed(data):
                        told.append(SpeechDelta(data))
                case UsagePart(usage=usage):
                    self._usage = usage
                case ErrorPart(error=error):
                    self._failure = error
                    break
                case _:
                    told.append(part)
        self._seen += told
        return told

    def _begin(self, start: SpeechStart) -> SpeechStart:
        target = target_of(start.format, self._wanted, self._request.sample_rate)
        if target == start.format:
            return start
        self._transcoder = self._tools.transcoder(start.format, target)
        return SpeechStart(format=target)

    def _counted(self) -> Usage:
        sound = sum(len(part.data) for part in self._seen if isinstance(part, SpeechDelta))
        start = next((part for part in self._seen if isinstance(part, SpeechStart)), None)
        seconds = start.format.ms(sound) / 1_000 if start is not None and start.format.is_raw else None
        return spoken_usage(self._usage or Usage(), self._request, seconds)

    def _settle(self) -> None:
        if self._settled:
            return
        self._settled = True
        self.cost = self._door.complete(self.run, self._counted(), attempts=self.attempts, request_id=self.request_id)

    async def _fail(self, error: BaseException) -> None:
        try:
            await self._source.aclose()
        finally:
            if isinstance(error, ProviderError):
                place(error, self.run.reached)
            if not self._settled:
                self._settled = True
                begun = any(isinstance(part, SpeechDelta) for part in self._seen)
                self._door.fail(self.run, error, usage=self._counted() if begun else None)
