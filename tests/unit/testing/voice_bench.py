"""One model of voice against its simulated provider: the real engine and real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.wires import Sent
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Engine
from genmux.engine.permit import Permit
from genmux.engine.retry import ONCE
from genmux.flows.call.whole import parts_of, speech_of
from genmux.testing.simulator.voice import VoiceSimulator
from genmux.types.errors import ProviderError
from genmux.types.speech import SpeechResult
from tests.unit.providers.voiced import Voiced

SECRET = "sk-very-secret-0123456789"
PATIENCE = Timeouts.within(10.0)


class VoiceBench(Voiced):
    """Speaks and listens at a simulated provider."""

    def __init__(self, provider: str, name: str, simulator: VoiceSimulator) -> None:
        super().__init__(provider, name)
        self.simulator = simulator
        self.engine = Engine(AiohttpTransport(trust_env=False))
        self._rest: dict[str, Any] = {"base_url": simulator.url(provider), "model": name, "policy": ONCE}

    async def call(self, http: HttpRequest, *, seconds: float = 10.0) -> HttpReply:
        """Send a request. Raises ProviderError."""
        called = await self.engine.call(
            self.provider,
            {"api_key": SECRET},
            http,
            timeouts=Timeouts.within(seconds),
            permit=None if http.read_only else Permit(),
            **self._rest,
        )
        return called.reply

    async def whole(self, request: Any, *, seconds: float = 10.0) -> Any:
        """Ask for all of it at once. Raises ProviderError."""
        encoded = self.encoded(request)
        reply = await self.call(encoded.http, seconds=seconds)
        return self.wire.decode(reply, Sent(request=request, model=self.model, http=encoded.http))

    async def parts(self, request: Any) -> list[Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Ask for it as it comes. Raises ProviderError."""
        encoded = self.encoded(request, stream=True)
        sent = Sent(request=request, model=self.model, http=encoded.http)
        reader = self.wire.reader(sent)
        opened = await self.engine.open(
            self.provider, {"api_key": SECRET}, encoded.http, timeouts=PATIENCE, permit=Permit(), **self._rest
        )
        found: list[Any] = []
        async with opened:
            try:
                async for events in opened:
                    found += [part for event in events for part in reader.feed(event)]
                if opened.whole is not None:
                    return [*parts_of(self.wire.decode(opened.whole, sent))]
                return [*found, *reader.close()]
            except ProviderError as error:
                raise opened.explain(error) from None

    async def streamed(self, request: Any) -> SpeechResult:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The same as a whole."""
        return speech_of(await self.parts(request))


@asynccontextmanager
async def voice_bench(provider: str, name: str) -> AsyncIterator[VoiceBench]:
    """A bench with a simulator of its own."""
    async with VoiceSimulator(provider) as simulator:
        bench = VoiceBench(provider, name, simulator)
        try:
            yield bench
        finally:
            await bench.engine.aclose()
