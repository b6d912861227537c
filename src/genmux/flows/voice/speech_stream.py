"""Speech as it comes, settled at its end however it ends."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Protocol, cast

import msgspec

from genmux.flows.call.door import Door
from genmux.flows.call.run import Run
from genmux.flows.call.settling import SettledStream
from genmux.flows.call.sources import Begun
from genmux.flows.call.whole import speech_of
from genmux.flows.voice.counting import spoken_usage
from genmux.flows.voice.formats import target_of
from genmux.flows.voice.ports import AudioTools, Transcoder
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.errors import ProviderError
from genmux.types.money import Cost
from genmux.types.parts import ErrorPart, UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechRequest, SpeechResult, SpeechStart
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Books(Protocol):
    """Books what speech used: the door, or whoever adds up what went through it."""

    def complete(self, run: Run, usage: Usage, *, attempts: int, request_id: str | None = None) -> Cost | None:
        """It was spoken. Gives its cost."""
        ...

    def fail(self, run: Run, error: BaseException, *, usage: Usage | None = None) -> None:
        """It failed."""
        ...


class SpeechStream(SettledStream[SpeechPart]):
    """The pieces of speech, as they come. Iterate it for all parts, or `audio()` for the sound alone.

    `result()` joins what has come so far, where it is kept (`keep`): hours of sound are gigabytes. Leaving it early closes the
    connection; it is billed for what was asked all the same. Raises ProviderError where it fails; nothing is retried after the
    first part.
    """

    def __init__(  # noqa: PLR0913 — each is one fact of it
        self,
        begun: Begun,
        run: Run,
        door: Books,
        request: SpeechRequest,
        *,
        wanted: AudioEncoding,
        tools: AudioTools,
        warnings: tuple[Warning, ...],
        characters: Callable[[], int] | None = None,
        keep: bool = True,
    ) -> None:
        super().__init__(begun, run, cast("Door", door))  # no more of it is needed
        self._characters = characters or (lambda: len(request.text))
        self._request = request
        self._wanted: AudioEncoding = wanted
        self._tools = tools
        self._transcoder: Transcoder | None = None
        self._keep = keep
        self._made: AudioFormat | None = None
        self._size = 0
        self._usage: Usage | None = None
        self._failure: ProviderError | None = None
        self._ahead.extend(self._noted([*map(WarningPart, warnings), *begun.parts]))

    async def audio(self) -> AsyncGenerator[bytes]:
        """Only the sound."""
        async for part in self:
            if isinstance(part, SpeechDelta):
                yield part.data

    @property
    def used(self) -> Usage:
        """What it used so far."""
        return self._counted()

    def result(self) -> SpeechResult:
        """What has come so far; complete after the end. Without sound where that was not kept."""
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

    async def _receive(self) -> list[SpeechPart] | None:
        if self._failure is not None:
            raise self._failure
        batch = await self._source.read()
        return None if batch is None else self._noted(batch)

    def _heard(self) -> bool:
        return self._size > 0

    def _last(self) -> list[SpeechPart]:
        data = b"" if self._transcoder is None else self._transcoder.close()
        self._transcoder = None
        last: list[SpeechPart] = [SpeechDelta(data)] if data else []
        return self._kept(last)

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
        return self._kept(told)

    def _kept(self, told: list[SpeechPart]) -> list[SpeechPart]:
        for part in told:
            match part:
                case SpeechStart(format=made):
                    self._made = self._made or made
                case SpeechDelta(data=data):
                    self._size += len(data)
                case _:
                    pass
        self._seen += told if self._keep else [part for part in told if not isinstance(part, SpeechDelta)]
        return told

    def _begin(self, start: SpeechStart) -> SpeechStart:
        target = target_of(start.format, self._wanted, self._request.sample_rate)
        if target == start.format:
            return start
        self._transcoder = self._tools.transcoder(start.format, target)
        return SpeechStart(format=target)

    def _counted(self) -> Usage:
        made = self._made
        seconds = made.ms(self._size) / 1_000 if made is not None and made.is_raw else None
        return spoken_usage(self._usage or Usage(), self._characters(), seconds)

    def _complete(self) -> None:
        self.cost = self._door.complete(self.run, self._counted(), attempts=self.attempts, request_id=self.request_id)

    def _break(self, error: BaseException) -> None:
        self._door.fail(self.run, error, usage=self._counted() if self._heard() else None)
