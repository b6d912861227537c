"""A stream of parts, settled at its end however it ends."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Self

import msgspec

from genmux.flows.call.settle import Run, Settler
from genmux.types.chat import ChatResult, FinishReason
from genmux.types.errors import ProviderError
from genmux.types.join import Joiner
from genmux.types.money import Cost
from genmux.types.parts import (
    BlockStart,
    Finish,
    Part,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsagePart,
    WarningPart,
)
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT, Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Batches = AsyncIterator[list[Part]]
Close = Callable[[], object]


class PartStream:
    """The parts of one answer, as they come.

    Iterate it, or take `text()` for the text alone; `result()` joins what has come so far. Leaving it early (`aclose`, or
    the end of `async with`) closes the connection and books what was received. Raises ProviderError where the stream
    fails; nothing is retried after the first part.
    """

    def __init__(
        self,
        batches: Batches,
        run: Run,
        settler: Settler,
        *,
        warnings: tuple[Warning, ...],
        attempts: int,
        count_input: Callable[[], int],
    ) -> None:
        self._batches = batches
        self._run = run
        self._settler = settler
        self._waiting: deque[Part] = deque(WarningPart(warning) for warning in warnings)
        self._seen: list[Part] = []
        self._usage: Usage | None = None
        self._finish: FinishReason | None = None
        self._count_input = count_input
        self._settled = False
        self.attempts = attempts
        self.cost: Cost | None = None

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> Part:
        """The next part."""
        while not self._waiting:
            self._waiting.extend(await self._pull())
        part = self._waiting.popleft()
        self._seen.append(part)
        return part

    async def batches(self) -> Batches:
        """The parts in lists, each with what arrived at once."""
        if self._waiting:
            waiting = [*self._waiting]
            self._waiting.clear()
            self._seen += waiting
            yield waiting
        while True:
            try:
                batch = await self._pull()
            except StopAsyncIteration:
                return
            self._seen += batch
            yield batch

    async def _pull(self) -> list[Part]:
        try:
            batch = await anext(self._batches)
        except StopAsyncIteration:
            self._settle()
            raise
        except BaseException as error:
            self._fail(error)
            raise
        for part in batch:
            if isinstance(part, UsagePart):
                self._usage = part.usage
            elif isinstance(part, Finish):
                self._finish = part.finish
        return batch

    async def text(self) -> AsyncIterator[str]:
        """Only the text of the answer."""
        shown: set[int] = set()
        async for part in self:
            match part:
                case BlockStart(index=index, block=block) if (
                    getattr(block, "text", "") and type(block).__name__ == "Text"
                ):
                    shown.add(index)
                    yield block.text  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
                case TextDelta(text=text):
                    yield text
                case _:
                    pass

    def result(self) -> ChatResult:
        """The answer as far as it has come; complete after the end."""
        joiner = Joiner()
        for part in self._seen:
            joiner.feed(part)
        joined = joiner.result()
        usage = self._usage if self._usage is not None else self._counted()
        return msgspec.structs.replace(
            joined,
            provider=self._run.target.model.provider,
            usage=usage,
            cost=self.cost,
            attempts=self.attempts,
        )

    async def aclose(self) -> None:
        """Stop: close the connection and book what was received. May be called again."""
        close = getattr(self._batches, "aclose", None)
        if close is not None:
            await close()
        self._settle()

    async def __aenter__(self) -> Self:
        """Use it as `async with stream:`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at the end of the block."""
        await self.aclose()

    def _counted(self) -> Usage:
        """Usage by our own count, marked so, for streams that ended without any."""
        written = sum(
            len(part.text if isinstance(part, TextDelta | ReasoningDelta) else part.arguments)
            for part in self._seen
            if isinstance(part, TextDelta | ReasoningDelta | ToolCallDelta)
        )
        return Usage(meters={TOKENS_INPUT: self._count_input(), TOKENS_OUTPUT: -(-written // 4)}, estimated=True)

    def _settle(self) -> None:
        if self._settled:
            return
        self._settled = True
        usage = self._usage if self._usage is not None else self._counted()
        finish = self._finish.unified if self._finish else None
        self.cost = self._settler.complete(self._run, usage, attempts=self.attempts, finish=finish)

    def _fail(self, error: BaseException) -> None:
        if self._settled:
            return
        if isinstance(error, ProviderError) or not self._seen:
            self._settled = True
            self._settler.fail(self._run, error)
        else:
            self._settle()
