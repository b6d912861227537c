"""Sessions with the simulator: played in this process, or over real sockets in a provider's own protocol."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from genmux.app import App
from genmux.contract.manifest import Credential, Manifest, ModelSpec, WireSpec
from genmux.contract.provider import Provider
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.session import Session
from genmux.flows.voice.sessions import Sessions, Usual
from genmux.providers.mock.live import MockRealtime
from genmux.providers.mock.live.tone import piece
from genmux.services.settings import ProviderSettings, Settings
from genmux.types.audio import AudioFormat
from genmux.types.realtime import SessionConfig, Transcribing
from genmux.types.realtime_events import RealtimeEvent
from tests.unit.services.shop import price

SPEECH = piece(24_000, 400)
SILENCE = bytes(len(SPEECH))
PRICES = tuple(price(f"tokens.{way}", "10") for way in ("input", "input.audio", "output", "output.audio"))
LIMITS = SessionLimits(opening=5.0, first_pause=0.001, longest_pause=0.001)

_DIALECTS = {"openai": "openai_realtime", "gemini": "gemini_live"}
PROTOCOLS = (*_DIALECTS,)


class Halving:
    """Sound at 24 kHz as sound at 16 kHz: of three samples the first two."""

    def feed(self, data: bytes) -> bytes:
        return b"".join(data[start : start + 4] for start in range(0, len(data), 6))

    def close(self) -> bytes:
        return b""


class Tools:
    """Knows the one conversion that these sessions need."""

    def transcoder(self, source: AudioFormat, target: AudioFormat) -> Halving:
        assert (source.sample_rate, target.sample_rate) == (24_000, 16_000)
        return Halving()


def sessions_of(app: App, *, clock: Callable[[], float], sleep: Callable[[float], Any]) -> Sessions:
    """The flow of sessions, without cascades."""
    missing: Any = None
    sound: Any = Tools()
    numbers = iter(range(1, 1_000_000))
    return Sessions(
        app.calls,
        missing,
        missing,
        app.accounts,
        tools=lambda: sound,
        ears=missing,
        judge=missing,
        usual=Usual(chat="", transcribe="", speak=""),
        new_id=lambda: str(next(numbers)),
        clock=clock,
        sleep=sleep,
        random=lambda: 1.0,
    )


def house_manifest(protocol: str, base_url: str) -> Manifest:
    """A provider that speaks a protocol of sessions."""
    return Manifest(
        spec=1,
        id="acme",
        name="Acme",
        base_url=base_url,
        credentials={"api_key": Credential(env=("ACME_KEY",))},
        wires={"live": WireSpec(dialect=_DIALECTS[protocol])},
        models={"talker": ModelSpec(operations={"realtime": "live"}, prices=PRICES)},
        models_policy="closed",
    )


def dialling_app(protocol: str, base_url: str, **settings: Any) -> App:
    """An App whose provider is a server on the loopback."""
    settings.setdefault("providers", {"acme": ProviderSettings(credentials={"api_key": "k"})})
    made = App(Settings(**settings), environ={})
    made.registry.register(house_manifest(protocol, base_url))
    return made


def playing_app(house: MockRealtime, **settings: Any) -> App:
    """An App whose provider plays sessions in this process."""
    made = App(Settings(**settings), environ={})
    manifest = Manifest(
        spec=1,
        id="inside",
        name="Inside",
        requires_credentials=False,
        local=True,
        models={"talker": ModelSpec(operations={"realtime": "played"}, prices=PRICES)},
        models_policy="closed",
    )
    made.registry.register(Provider(manifest=manifest, wires={"played": house}))
    return made


def talk(instructions: str = "", **config: Any) -> SessionConfig:
    """A session that is written down."""
    return SessionConfig(instructions=instructions, transcription=Transcribing(), **config)


@asynccontextmanager
async def dialled(
    protocol: str,
    base_url: str,
    config: SessionConfig | None = None,
    options: CallOptions = DEFAULT_OPTIONS,
    *,
    limits: SessionLimits = LIMITS,
    **settings: Any,
) -> AsyncGenerator[Session]:
    """An open session over a socket."""
    app = dialling_app(protocol, base_url, **settings)
    try:
        loop = asyncio.get_running_loop()
        sessions = sessions_of(app, clock=loop.time, sleep=lambda _seconds: asyncio.sleep(0))
        async with await sessions.prepare("acme/talker", config or talk(), options, limits=limits) as session:
            yield session
    finally:
        await app.aclose()


async def say(session: Session, ms: int = 200, silence_ms: int = 600) -> None:
    """Speak for so long, and be silent for so long."""
    for _ in range(ms // 20):
        await session.send_audio(SPEECH)
    for _ in range(silence_ms // 20):
        await session.send_audio(SILENCE)


async def until(session: Session, kind: type[RealtimeEvent], count: int = 1) -> list[Any]:
    """The next events, up to the `count`th of a kind."""
    heard: list[RealtimeEvent] = []
    async with asyncio.timeout(10):
        async for event in session:
            heard.append(event)
            if isinstance(event, kind):
                count -= 1
                if count == 0:
                    return heard
    raise AssertionError(f"the session ended before {kind.__name__} came: {[type(one).__name__ for one in heard]}")


async def rest(session: Session) -> list[Any]:
    """All events until the end."""
    async with asyncio.timeout(10):
        return [event async for event in session]


def of(kind: type[RealtimeEvent], events: Sequence[Any]) -> list[Any]:
    """Those of a kind."""
    return [event for event in events if isinstance(event, kind)]


def read(frames: Sequence[str | bytes]) -> list[Any]:
    """Frames that were sent, as JSON."""
    return [msgspec.json.decode(frame) for frame in frames]
