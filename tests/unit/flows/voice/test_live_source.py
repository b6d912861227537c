"""Speech over a socket and sentence by sentence, where somebody else closes it or nobody reads it any more."""

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from genmux.flows.call.settling import SettledStream
from genmux.flows.call.sources import Begun
from genmux.flows.voice.live_source import LiveSource
from genmux.flows.voice.sentence_source import SentenceSource
from genmux.types.audio import AudioFormat
from genmux.types.realtime import SendText
from genmux.types.realtime_events import RealtimeEvent


class Socket:
    code, reason = None, ""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.over = asyncio.Event()

    async def send(self, frame: Any) -> None:
        self.sent.append(frame)

    async def receive(self) -> None:
        await self.over.wait()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        del code, reason
        self.over.set()


class Codec:
    output = AudioFormat()

    def opening(self) -> Sequence[Any]:
        return ()

    def send(self, command: Any) -> Sequence[Any]:
        return [command.text] if isinstance(command, SendText) else ["end"]

    def receive(self, frame: Any) -> Sequence[RealtimeEvent]:
        return [frame]


class Target:
    class model:  # noqa: N801 — as it is called there
        provider, id = "acme", "talker"


async def texts() -> AsyncIterator[str]:
    yield "one "
    await asyncio.Event().wait()


def live(socket: Socket) -> LiveSource:
    async def cover(characters: int) -> None:
        assert characters

    made: Any = (Codec(), socket, Target(), texts())
    return LiveSource(*made, cover=cover, left=lambda: None, within=None)


async def ticks(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_whoever_reads_is_told_of_the_end_when_somebody_else_closes_it() -> None:
    source = live(Socket())
    reading = asyncio.create_task(source.read())
    await ticks()
    await source.aclose()
    assert await reading is None


async def test_whoever_reads_can_be_cancelled_all_the_same() -> None:
    socket = Socket()
    source = live(socket)
    reading = asyncio.create_task(source.read())
    await ticks()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert socket.over.is_set()


async def test_a_stream_that_nobody_reads_any_more_writes_no_more_before_it_is_booked() -> None:
    booked: list[bool] = []
    socket = Socket()

    class Stream(SettledStream[Any]):
        async def _receive(self) -> Any:
            return await self._source.read()

        def _complete(self) -> None:
            booked.append(socket.over.is_set())

        def _break(self, error: BaseException) -> None:
            raise error

    class Run:
        sendings = 1

    source = live(socket)
    reading: Any = Begun(source=source)
    stream = Stream(reading, Run(), None)  # pyright: ignore[reportArgumentType]
    first = asyncio.create_task(source.read())
    await ticks()
    assert socket.sent == ["one "]
    del stream, reading
    gc.collect()
    await ticks(20)
    assert booked == [True]
    assert await first is None
    assert not [one for one in asyncio.all_tasks() if one.get_name() == "genmux-speech-writes"]


async def test_a_sentence_that_begins_after_the_speech_was_closed_is_stopped() -> None:
    class Sentence:
        cost = None
        closed = 0

        def __aiter__(self) -> "Sentence":
            return self

        async def __anext__(self) -> Any:
            raise StopAsyncIteration

        async def aclose(self) -> None:
            self.closed += 1

    async def sentences() -> AsyncIterator[str]:
        yield "Two."

    go, second = asyncio.Event(), Sentence()

    async def speak(text: str, rate: int | None, spent: Decimal) -> Any:
        assert (text, rate, spent) == ("Two.", None, Decimal(0))
        await go.wait()
        return second

    given: Any = (Sentence(), sentences(), speak, None)
    source = SentenceSource(*given)
    reading = asyncio.create_task(source.read())
    await ticks()
    await source.aclose()
    go.set()
    assert await reading is None
    assert second.closed == 1
