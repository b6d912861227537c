"""One client of a server of live sessions: frames in, frames out, until one of both is gone."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from aiohttp import WSMsgType, web

from genmux.contract.sessions import Frame
from genmux.flows.voice.played import PlayedLink
from genmux.providers.mock.live import MockPeer, MockRealtime
from genmux.testing.simulator.voice.realtime_frames import ODD_NAMES, odd_frame
from genmux.testing.simulator.voice.realtime_seen import RealtimeSeen
from genmux.testing.simulator.voice.realtime_speech import Hangup, Opened, Speech
from genmux.types.errors import ProviderError
from genmux.types.realtime_events import RealtimeEvent, Unknown

DONE, AWAY = 1000, 1001


class Keeper(Protocol):
    """What a connection needs of its server. `pong_after` seconds pass before a ping is answered."""

    pong_after: float

    def now(self) -> float:
        """Seconds."""
        ...

    def changed(self) -> None:
        """Something happened."""
        ...


class RealtimeConnection:
    """Holds one session."""

    def __init__(
        self, request: web.Request, speech: Speech, seen: RealtimeSeen, house: MockRealtime, keeper: Keeper
    ) -> None:
        self.seen = seen
        self._request = request
        self._speech = speech
        self._house = house
        self._keeper = keeper
        self._socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=16 * 1024 * 1024)
        self._peer: MockPeer | None = None
        self._link: PlayedLink | None = None
        self._telling: asyncio.Task[None] | None = None
        self._ponging: set[asyncio.TimerHandle] = set()
        self._pongs: set[asyncio.Task[None]] = set()

    async def serve(self, query: Mapping[str, str]) -> web.WebSocketResponse:
        """Talk until it is over."""
        await self._socket.prepare(self._request)
        try:
            opened = self._speech.open(query)
            if opened is not None:
                await self._begin(opened)
            await self._listen()
        except Hangup as hangup:
            await self._hang_up(hangup)
        except ConnectionError:
            pass  # it is gone
        finally:
            await self._end()
        return self._socket

    def vanish(self) -> None:
        """Break the connection without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def close(self, code: int = AWAY, reason: str = "") -> None:
        """End it with a farewell."""
        await self._close(code, reason)

    async def say(self, frame: Frame) -> None:
        """Send a frame as it is."""
        self.seen.told.append((self._keeper.now(), frame))
        self._keeper.changed()
        if isinstance(frame, str):
            await self._socket.send_str(frame)
        else:
            await self._socket.send_bytes(frame)

    async def _listen(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.PING:
                self._pong(message.data)
                continue
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            frame: Frame = message.data
            self.seen.heard.append((self._keeper.now(), frame))
            self._keeper.changed()
            if self._link is None:
                await self._begin(self._speech.setup(frame))
            else:
                await self._hear(frame)

    async def _begin(self, opened: Opened) -> None:
        try:
            peer = self._peer = self._house.peer(opened.config, opened.model, opened.resume)
        except ProviderError as error:
            raise Hangup(1008, error.message) from error
        self.seen.tape = peer.tape
        link = self._link = PlayedLink(peer, self._keeper.now)
        for frame in self._speech.greet(peer.tape.session):
            await self.say(frame)
        await link.begin()
        self._telling = asyncio.create_task(self._tell(link), name=f"simulator-tells-{self.seen.number}")

    async def _hear(self, frame: Frame) -> None:
        link = self._link
        if link is None:
            return
        try:
            for command in self._speech.accept(frame):
                await link.send(command)
        except ProviderError as error:
            for told in self._speech.refuse(error):
                await self.say(told)

    async def _tell(self, link: PlayedLink) -> None:
        try:
            while (events := await link.receive()) is not None:
                for event in events:
                    await self._write(event)
        except Hangup as hangup:
            await self._hang_up(hangup)
        except ConnectionError:
            return
        else:
            if self._peer is not None and self._peer.drops:
                self.vanish()
            else:
                await self._close(AWAY, "")

    async def _write(self, event: RealtimeEvent) -> None:
        if isinstance(event, Unknown) and event.name in ODD_NAMES:
            frame = odd_frame(event.name)
            if frame is not None:
                await self.say(frame)
            return
        for frame in self._speech.write(event):
            await self.say(frame)

    def _pong(self, data: bytes) -> None:
        async def answer() -> None:
            """Pong."""
            if not self._socket.closed:
                await self._socket.pong(data)

        def begin() -> None:
            """Let the pong go."""
            task = loop.create_task(answer())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        loop, tasks = asyncio.get_running_loop(), self._pongs
        if self._keeper.pong_after:
            self._ponging.add(loop.call_later(self._keeper.pong_after, begin))
        else:
            begin()

    async def _hang_up(self, hangup: Hangup) -> None:
        for frame in hangup.last:
            await self.say(frame)
        await self._close(hangup.code, hangup.reason)

    async def _close(self, code: int, reason: str) -> None:
        await self._socket.close(code=code, message=reason.encode()[:120])

    async def _end(self) -> None:
        for handle in self._ponging:
            handle.cancel()
        if self._link is not None:
            await self._link.close()
        if self._telling is not None:
            await asyncio.gather(self._telling, return_exceptions=True)
        self.seen.code, self.seen.open = self._socket.close_code, False
        self._keeper.changed()
