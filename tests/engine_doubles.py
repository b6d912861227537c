"""A provider, and what an engine is given in place of time and chance."""

from typing import Any

from genmux.contract.auth import Auth, bearer
from genmux.contract.http import Framing, HttpRequest
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.engine.engine import Called, Engine
from genmux.engine.permit import Permit
from genmux.engine.stream import OpenStream
from tests.fake_transport import FakeTransport, Played

KEY = "sk-live-0123456789abcdef"
CREDENTIAL = {"api_key": KEY}
BASE = "https://api.lumen.test/v1"
SSE = {"content-type": "text/event-stream"}


def provider(*, auth: Auth = bearer, **manifest: object) -> Provider:
    """A provider that needs no wires."""
    return Provider(manifest=Manifest(spec=1, id="lumen", name="Lumen", **manifest), wires={}, auth=auth)  # type: ignore[arg-type]


def post(path: str, *, framing: Framing = Framing.RAW, body: bytes = b"{}", **fields: object) -> HttpRequest:
    """A request that may have been billed."""
    return HttpRequest(method="POST", url=path, body=body, framing=framing, **fields)  # type: ignore[arg-type]


class Sleeps(list[float]):
    """Stands in for asyncio.sleep: remembers, and takes no time."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Permitted(Engine):
    """An engine whose callers all have leave to spend money."""

    async def call(self, *request: Any, **how: Any) -> Called:
        return await super().call(*request, **{"permit": Permit(), **how})

    async def open(self, *request: Any, **how: Any) -> OpenStream:
        return await super().open(*request, **{"permit": Permit(), **how})


def made(*script: Played, sleeps: Sleeps | None = None, **options: object) -> tuple[Engine, FakeTransport]:
    """An engine that needs no network, no time and no chance."""
    transport = FakeTransport(script)
    waiting = Sleeps() if sleeps is None else sleeps
    engine = Permitted(transport, sleep=waiting, random=lambda: 0.0, clock=lambda: 0.0, **options)  # type: ignore[arg-type]
    return engine, transport
