"""A stream of parts, settled at its end however it ends."""

from collections.abc import AsyncIterator, Callable
from typing import Self

import msgspec

from genmux.flows.call.door import Door
from genmux.flows.call.run import Run
from genmux.flows.call.settling import SettledStream
from genmux.flows.call.sources import Begun
from genmux.types.chat import ChatResult, FinishReason
from genmux.types.content import Text
from genmux.types.errors import ProviderError
from genmux.types.join import Joiner
from genmux.types.parts import (
    BlockStart,
    ErrorPart,
    ExtraPart,
    Finish,
    Part,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    UsagePart,
    WarningPart,
)
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT, Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

CHARACTERS_PER_TOKEN = 4
"""By which the output of a stream is counted whose provider did not say."""

_NOTED = frozenset({UsagePart, Finish, ExtraPart, ErrorPart})


class PartStream(SettledStream[Part]):
    """The parts of one answer, as they come.

    Iterate it, or take `text()` for the text alone; `result()` joins what has come so far. Leaving it early (`aclose`, or
    the end of `async with`) closes the connection and books what was received. Raises ProviderError where the stream
    fails; nothing is retried after the first part. However it ends, it is settled once.
    """

    def __init__(
        self,
        begun: Begun,
        run: Run,
        door: Door,
        *,
        warnings: tuple[Warning, ...],
        count_input: Callable[[], int],
        keep: Callable[[Callable[[], ChatResult]], None],
    ) -> None:
        super().__init__(begun, run, door)
        self._keep = keep
        self._usage: Usage | None = None
        self._finish: FinishReason | None = None
        self._service_tier: str | None = None
        self._failure: ProviderError | None = None
        self._count_input = count_input
        self._ahead.extend(self._noted([*map(WarningPart, warnings), *begun.parts]))

    async def read(self) -> list[Part] | None:
        """The parts that arrived at once, never none; None at the end. Raises ProviderError."""
        if self._ahead:
            batch = [*self._ahead]
            self._ahead.clear()
            return batch
        return await self._pull()

    def batches(self) -> "Batches":
        """The parts in lists, each with what arrived at once."""
        return Batches(self)

    async def text(self) -> AsyncIterator[str]:
        """Only the text of the answer (of the first one, where several were asked for)."""
        texts = TextPicker()
        async for part in self:
            if text := texts.pick(part):
                yield text

    def result(self) -> ChatResult:
        """The answer as far as it has come; complete after the end."""
        joiner = Joiner()
        for part in self._seen:
            joiner.feed(part)
        return msgspec.structs.replace(
            joiner.result(),
            provider=self.run.reached.model.provider,
            usage=self._counted(),
            cost=self.cost,
            attempts=self.attempts,
            request_id=self.request_id,
            account=self.run.account,
            route=self.run.route,
            steps=self.run.steps,
        )

    async def _receive(self) -> list[Part] | None:
        batch = await self._source.read() if self._failure is None else None
        noted = None if batch is None else self._noted(batch)
        if not noted and self._failure is not None:
            raise self._failure
        return noted

    def _noted(self, batch: list[Part]) -> list[Part]:
        """The same without an error, which is raised in its turn; what is needed at the end is kept."""
        for number, part in enumerate(batch):
            if type(part) in _NOTED:
                match part:
                    case UsagePart(usage=usage):
                        self._usage = usage
                    case Finish(finish=finish, choice=0):
                        self._finish = finish
                    case ExtraPart(data={"service_tier": str(tier)}, scope="reply"):
                        self._service_tier = tier
                    case ErrorPart(error=error):
                        self._failure = error
                        batch = batch[:number]
                        break
                    case _:
                        pass
        self._seen += batch
        return batch

    def _counted(self) -> Usage:
        """What the provider said at the end, else our own count, marked as such.

        What a provider says before the end is where it began: whoever leaves early has had at least what was received.
        """
        if self._usage is None or self._finish is None:
            written = sum(
                len(part.arguments if isinstance(part, ToolCallDelta) else part.text)
                for part in self._seen
                if isinstance(part, TextDelta | ReasoningDelta | ToolCallDelta)
            )
            return at_least(self._usage, written, self._count_input)
        return self._usage

    def _complete(self) -> None:
        self._usage = self._counted()
        self.cost = self._door.complete(
            self.run,
            self._usage,
            attempts=self.attempts,
            service_tier=self._service_tier,
            finish=self._finish.unified if self._finish else None,
            request_id=self.request_id or next((part.id for part in self._seen if isinstance(part, Start)), None),
        )
        self._keep(self.result)

    def _break(self, error: BaseException) -> None:
        self._usage = self._counted() if self._seen else Usage()
        self._door.fail(self.run, error, usage=self._usage)
        if self._seen:
            self._keep(self.result)


def at_least(said: Usage | None, characters: int, count_input: Callable[[], int]) -> Usage:
    """The usage of an answer that was not heard to its end: what was said so far, but no less output than was received."""
    received = -(-characters // CHARACTERS_PER_TOKEN)
    if said is None:
        return Usage(meters={TOKENS_INPUT: count_input(), TOKENS_OUTPUT: received}, estimated=True)
    if (said.output or 0) >= received:
        return said
    return msgspec.structs.replace(said, meters={**said.meters, TOKENS_OUTPUT: received}, estimated=True)


class Batches:
    """Iterates a stream in lists of parts."""

    def __init__(self, stream: PartStream) -> None:
        self._stream = stream

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> list[Part]:
        """The parts that arrived at once."""
        batch = await self._stream.read()
        if batch is None:
            raise StopAsyncIteration
        return batch


class TextPicker:
    """Picks the text of the first answer out of the parts of a stream; refusals are no text."""

    def __init__(self) -> None:
        self._texts: set[int] = set()

    def pick(self, part: Part) -> str:
        """The text in a part; empty when there is none."""
        match part:
            case TextDelta(index=index, text=text):
                return text if index in self._texts else ""
            case BlockStart(index=index, block=Text(text=text), choice=0):
                self._texts.add(index)
                return text
            case _:
                return ""
