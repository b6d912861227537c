"""Speech of a text that is being written, over a socket: the text goes in as it comes, and the sound comes out meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from genmux.contract.sessions import Codec
from genmux.engine.socket import Socket
from genmux.flows.call.target import Target, place
from genmux.flows.voice.counting import CHARACTERS_INPUT
from genmux.types.errors import ErrorKind, ProviderError, RequestTimeoutError, Retry
from genmux.types.parts import UsagePart
from genmux.types.realtime import CreateResponse, SendText
from genmux.types.realtime_events import AudioChunk, RealtimeEvent, ResponseDone, SessionFailed
from genmux.types.speech import SpeechDelta, SpeechStart
from genmux.types.usage import Usage

SILENCE = 60.0
"""Seconds after the end of the text in which nothing may come before the speech counts as lost."""


class LiveSource:
    """Reads the sound of one answer. `cover` is asked before so many characters in all are sent; it raises where they cost too much.

    `within` seconds are the most that all of it may take, counted from now.
    """

    def __init__(  # noqa: PLR0913 — each is one fact of it
        self,
        codec: Codec,
        socket: Socket,
        target: Target,
        texts: AsyncIterator[str],
        *,
        cover: Callable[[int], Awaitable[None]],
        left: Callable[[], None],
        within: float | None,
    ) -> None:
        self.characters = 0
        self._codec = codec
        self._socket = socket
        self._target = target
        self._texts = texts
        self._cover = cover
        self._left = left
        self._within = within
        self._until = None if within is None else asyncio.get_running_loop().time() + within
        self._begun = False
        self._over = False
        self._closed = False
        self._written = False
        self._fault: BaseException | None = None
        self._writing: asyncio.Task[None] | None = None
        self._receiving: asyncio.Task[Any] | None = None

    async def read(self) -> list[Any] | None:
        """The parts that arrived at once; None at the end. Raises ProviderError, and whatever the text raised."""
        if self._writing is None and not self._over:  # not before: of two that race for it only one is read
            self._writing = asyncio.create_task(self._write(), name="genmux-speech-writes")
        while not self._over:
            try:
                events = await self._next()
                batch = [part for event in events for part in self._parts(event)]
            except BaseException as error:
                if self._closed and not _is_cancelled():  # closed by somebody else in the meantime
                    return None
                place(error, self._target)
                await self.aclose()
                raise
            if batch:
                return batch
        await self.aclose()
        return None

    async def aclose(self) -> None:
        """Hang up, and let whoever writes the text stop. May be called again."""
        self._over = self._closed = True
        tasks = [one for one in (self._writing, self._receiving) if one is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if (close := getattr(self._texts, "aclose", None)) is not None:
            with suppress(Exception):  # its own fault was told already, or does not matter any more
                await close()
        await self._socket.close(1000)

    async def _write(self) -> None:
        """Send the text as it comes. A fault ends the connection, and is told by whoever reads."""
        try:
            for frame in self._codec.opening():
                await self._socket.send(frame)
            async for text in self._texts:
                if text:
                    await self._cover(self.characters + len(text))
                    if not self.characters:
                        self._left()
                    self.characters += len(text)
                    for frame in self._codec.send(SendText(text, answer=False)):
                        await self._socket.send(frame)
            for frame in self._codec.send(CreateResponse()):
                await self._socket.send(frame)
            self._written = True
        except Exception as error:  # noqa: BLE001 — the text is foreign code; whoever reads is told
            self._fault = error
            await self._socket.close(1000)

    async def _next(self) -> Sequence[RealtimeEvent]:
        frame = await self._frame()
        if self._fault is not None:
            raise self._fault
        if frame is not None:
            return [*self._codec.receive(frame)]
        told = self._codec.closed(self._socket.code, self._socket.reason).error
        message = "the connection ended before all of the text was spoken"
        error_ = told or ProviderError(message, kind=ErrorKind.NETWORK)
        error_.retry = Retry.UNSURE if self.characters else error_.retry
        raise error_

    async def _frame(self) -> Any:
        """The next frame; None when the connection has ended. Waiting for it is never broken off, so that nothing is lost."""
        loop = asyncio.get_running_loop()
        task = self._receiving or asyncio.create_task(self._socket.receive(), name="genmux-speech-hears")
        self._receiving = task
        while True:
            written, wait = self._written, SILENCE
            if self._until is not None:
                wait = max(0.0, min(wait, self._until - loop.time()))
            await asyncio.wait({task}, timeout=wait)
            if task.done():
                self._receiving = None
                return task.result()
            if self._until is not None and loop.time() >= self._until:
                raise RequestTimeoutError(f"not done within {self._within:g} s", retry=Retry.UNSURE)
            if written:  # else the text is still being written, however slowly
                message = f"nothing came for {SILENCE:g} s after the end of the text"
                raise RequestTimeoutError(message, retry=Retry.UNSURE)

    def _parts(self, event: RealtimeEvent) -> list[Any]:
        match event:
            case AudioChunk(data=data):
                start = [] if self._begun else [SpeechStart(format=self._codec.output)]
                self._begun = True
                return [*start, SpeechDelta(data)]
            case SessionFailed(error=ProviderError() as error):
                raise error
            case ResponseDone(status="completed"):
                self._over = True
                if not self._begun:
                    message = "the provider ended the speech without a sound"
                    raise ProviderError(message, kind=ErrorKind.MALFORMED_REPLY)
                return [UsagePart(Usage(meters={CHARACTERS_INPUT: self.characters}))]
            case ResponseDone(reason=reason):
                raise ProviderError(f"the speech failed: {reason or event.status}", retry=Retry.UNSURE)
            case _:
                return []


def _is_cancelled() -> bool:
    """Whether whoever reads is to stop, and not only what is read."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
