"""Sessions that only speak or only listen, with the simulator, over real sockets in their providers' own protocols."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from genmux.app import App
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.session import Session
from genmux.services.settings import ProviderSettings, Settings
from genmux.types.realtime import SessionConfig
from tests.talking import LIMITS, sessions_of

SPEAKERS = {"elevenlabs": "elevenlabs/eleven_flash_v2_5", "cartesia": "cartesia/sonic-3"}
LISTENERS = {"deepgram": "deepgram/flux-general", "assemblyai": "assemblyai/universal-streaming-english"}
MODELS = SPEAKERS | LISTENERS


def living_app(base_url: str, **settings: Any) -> App:
    """An App whose providers are all a server on the loopback."""
    own = ProviderSettings(base_url=base_url, credentials={"api_key": "k"})
    return App(Settings(providers=dict.fromkeys(MODELS, own), **settings), environ={})


@asynccontextmanager
async def living(
    protocol: str,
    base_url: str,
    config: SessionConfig | None = None,
    options: CallOptions = DEFAULT_OPTIONS,
    *,
    limits: SessionLimits = LIMITS,
) -> AsyncGenerator[Session]:
    """An open session."""
    app = living_app(base_url)
    try:
        sessions = sessions_of(app, clock=asyncio.get_running_loop().time, sleep=lambda _seconds: asyncio.sleep(0))
        prepared = sessions.prepare(MODELS[protocol], config or SessionConfig(), options, limits=limits)
        async with await prepared as session:
            yield session
    finally:
        await app.aclose()
