"""Streamed answers, for code with an event loop and for code without."""

from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Self

import msgspec

from genmux.client.loop import LoopThread
from genmux.client.schemas import Parse
from genmux.flows.call.stream import PartStream, TextPicker
from genmux.types.chat import ChatResult
from genmux.types.errors import MalformedReplyError
from genmux.types.parts import Part


class ChatStream:
    """A streamed answer: iterate its parts, or `text()`; `result()` is the whole answer as far as it has come.

    Use it as `async with`, or call `aclose` when leaving early.
    """

    def __init__(self, parts: PartStream, parse: Parse | None) -> None:
        self._parts = parts
        self._parse = parse

    def __aiter__(self) -> AsyncIterator[Part]:
        """The parts, in order."""
        return self._parts

    async def read(self) -> list[Part] | None:
        """The parts that arrived at once; None at the end."""
        return await self._parts.read()

    def batches(self) -> AsyncIterator[list[Part]]:
        """The parts in lists, each with what arrived at once."""
        return self._parts.batches()

    def text(self) -> AsyncIterator[str]:
        """Only the text of the answer."""
        return self._parts.text()

    def result(self) -> ChatResult:
        """The answer as far as it has come; after the end it has usage, cost and the parsed output."""
        return parsed(self._parts.result(), self._parse if self._parts.ended else None)

    async def aclose(self) -> None:
        """Close the connection; what was received is booked. May be called again."""
        await self._parts.aclose()

    async def __aenter__(self) -> Self:
        """Use it as `async with`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close at the end of the block."""
        await self.aclose()


class BlockingStream:
    """A streamed answer: iterate its parts, or `text()`; `result()` is the whole answer as far as it has come.

    Use it as `with`, or call `close` when leaving early.
    """

    def __init__(self, stream: ChatStream, loop: LoopThread) -> None:
        self._stream = stream
        self._loop = loop
        self._ahead: deque[Part] = deque()

    def __iter__(self) -> Iterator[Part]:
        """The parts, in order; a later loop goes on where an earlier one left off."""
        while True:
            while self._ahead:
                yield self._ahead.popleft()
            batch = self._loop.run(self._stream.read())
            if batch is None:
                return
            self._ahead.extend(batch)

    def text(self) -> Iterator[str]:
        """Only the text of the answer."""
        texts = TextPicker()
        return filter(None, map(texts.pick, self))

    def result(self) -> ChatResult:
        """The answer as far as it has come; after the end it has usage, cost and the parsed output."""
        return self._stream.result()

    def close(self) -> None:
        """Close the connection; what was received is booked. May be called again."""
        self._loop.run(self._stream.aclose())

    def __enter__(self) -> Self:
        """Use it as `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close at the end of the block."""
        self.close()


def parsed(result: ChatResult, parse: Parse | None) -> ChatResult:
    """The result with its structured output read; there is none where the model refused or calls a tool instead.

    Raises MalformedReplyError when the text does not fit.
    """
    if parse is None or not result.text or result.tool_calls:
        return result
    try:
        return msgspec.structs.replace(result, parsed=parse(result.text))
    except MalformedReplyError as error:
        cut = " It was cut off: give it more `max_tokens`." if result.finish.unified == "length" else ""
        raise MalformedReplyError(
            error.message + cut,
            provider=result.provider,
            model=result.model,
            retry=error.retry,
            request_id=result.request_id,
            body=error.body,
            attempts=result.attempts,
        ) from error.__cause__
