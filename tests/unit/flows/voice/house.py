"""A session over connections that a test plays."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Goodbye, Resume
from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.ports import AudioTools, Transcoder
from genmux.flows.voice.session import Session
from genmux.types.audio import AudioFormat
from genmux.types.errors import ProviderError
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import RealtimeEvent, SessionCreated

ABLE = Capabilities(
    truncates=True,
    cancels=True,
    commits=True,
    clears=True,
    creates_responses=True,
    mutable=frozenset({"instructions", "tools"}),
    roles=frozenset({"user", "system"}),
)


class Played:
    """A connection: what the test puts in comes out, what is sent is kept."""

    def __init__(self, able: Capabilities = ABLE, *, goodbye: Goodbye | None = None) -> None:
        self.capabilities = able
        self.input = able.input_formats[0]
        self.output = able.output_formats[0]
        self.goodbye = goodbye or Goodbye(reconnect=False)
        self.sent: list[Command] = []
        self.closed: str | None = None
        self._events: asyncio.Queue[Sequence[RealtimeEvent] | None] = asyncio.Queue()

    async def begin(self) -> None:
        self.say(SessionCreated(provider_session="theirs"))

    async def send(self, command: Command) -> None:
        self.sent.append(command)

    async def receive(self) -> Sequence[RealtimeEvent] | None:
        return await self._events.get()

    async def close(self, reason: str = "") -> None:
        if self.closed is None:
            self.closed = reason
            self._events.put_nowait(None)

    def say(self, *events: RealtimeEvent) -> None:
        self._events.put_nowait(events)

    def drop(self) -> None:
        """The connection ends by itself."""
        self._events.put_nowait(None)


class Doubling:
    """Stands in for a converter: every byte twice, and a tail."""

    def feed(self, data: bytes) -> bytes:
        return bytes(one for byte in data for one in (byte, byte))

    def close(self) -> bytes:
        return b"tail"


class Tools:
    """Stands in for those who know sound."""

    def __init__(self) -> None:
        self.asked: list[tuple[AudioFormat, AudioFormat]] = []

    def transcoder(self, source: AudioFormat, target: AudioFormat) -> Transcoder:
        self.asked.append((source, target))
        return Doubling()

    async def convert(self, data: bytes, source: AudioFormat, target: AudioFormat) -> bytes:
        self.asked.append((source, target))
        return data

    async def join(self, pieces: Sequence[bytes], source: AudioFormat) -> bytes:
        assert source.is_raw
        return b"".join(pieces)

    async def measured(self, audio: Any) -> Any:
        return audio if audio.seconds else msgspec.structs.replace(audio, seconds=1.0, size=len(audio.data or b""))

    async def pieces(self, audio: Any, *, seconds: float | None, size: int | None) -> Sequence[Any]:
        raise NotImplementedError(audio, seconds, size)


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class House:
    """A session, and the connections that it is given one after the other."""

    def __init__(self, *links: Played | ProviderError, config: SessionConfig | None = None, **more: Any) -> None:
        self.links = [*(links or (Played(),))]
        self.resumes: list[Resume | None] = []
        self.clock = Clock()
        self.tools = Tools()
        self._next = iter(self.links)
        tools: Callable[[], AudioTools] = lambda: self.tools  # noqa: E731
        self.session = Session(
            self._open,
            config or SessionConfig(),
            Model(provider="acme", id="talker", wire_id="talker-1", spec=ModelSpec(operations={"realtime": "live"})),
            id="ses_1",
            clock=self.clock,
            sleep=self.clock.sleep,
            random=lambda: 1.0,
            tools=tools,
            **{"limits": SessionLimits(opening=1.0), **more},
        )

    async def _open(self, resume: Resume | None) -> Played:
        self.resumes.append(resume)
        link = next(self._next)
        if isinstance(link, ProviderError):
            raise link
        return link

    @property
    def link(self) -> Played:
        """The first connection."""
        link = self.links[0]
        assert isinstance(link, Played)
        return link

    async def hear(self, count: int) -> list[RealtimeEvent]:
        """The next events."""
        events = self.session.events()
        return [await anext(events) for _ in range(count)]

    async def until(self, kind: type[RealtimeEvent]) -> list[RealtimeEvent]:
        """The next events, up to one of a kind."""
        heard: list[RealtimeEvent] = []
        async for event in self.session:
            heard.append(event)
            if isinstance(event, kind):
                break
        return heard


async def settled(check: Callable[[], Any]) -> None:
    """Let others go on until something holds."""
    async with asyncio.timeout(5):
        while not check():  # noqa: ASYNC110 — others set nothing
            await asyncio.sleep(0)
