"""A real gateway on a free port, and the simulator as the provider behind it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

import msgspec
import pytest
import uvicorn

from genmux.app import App
from genmux.server.gateway import Gateway
from genmux.services.settings import GatewaySettings, ProviderSettings, Settings
from genmux.testing import pytest_plugin
from genmux.testing.simulator import Simulator

genmux_simulator = pytest_plugin.genmux_simulator


class RunningGateway(msgspec.Struct, frozen=True):
    """A gateway that serves, and what is inside it."""

    url: str
    app: App
    server: uvicorn.Server

    def flush(self) -> None:
        """Have everything written that waits."""
        assert self.app.keeping is not None
        asyncio.run(self.app.keeping.bookkeeper.flush())

    def settled(self) -> None:
        """Wait until no request is under way, and have everything written."""
        ended = time.monotonic() + 10
        while self.server.server_state.tasks and time.monotonic() < ended:
            time.sleep(0.01)
        self.flush()


@contextmanager
def running(settings: Settings, environ: Mapping[str, str] | None = None) -> Iterator[RunningGateway]:
    """Serve in a thread until the end of the block."""
    app = App(settings, environ=environ or {})
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    started = threading.Event()

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await gateway.hang_up()
            await super().shutdown(sockets)

    gateway = Gateway(app)
    config = uvicorn.Config(
        gateway,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=settings.gateway.realtime.message_limit,
        proxy_headers=False,
    )
    server = Announced(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="gateway", daemon=True)
    with closing(listening):
        thread.start()
        assert started.wait(20), "the gateway did not start"
        yield RunningGateway(url, app, server)
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive(), "the gateway did not stop"


def behind(simulator: Simulator, **gateway: object) -> Settings:
    """Settings in which OpenAI and Anthropic are the simulator."""
    key = {"api_key": "sk-simulated-key-of-the-provider"}
    return Settings(
        providers={
            "openai": ProviderSettings(base_url=f"{simulator.base_url}/v1", credentials=key),
            "anthropic": ProviderSettings(base_url=f"{simulator.base_url}/v1", credentials=key),
        },
        gateway=msgspec.convert(gateway, GatewaySettings),
        aliases={"quick": "mock/echo"},
    )


@pytest.fixture
def gateway(genmux_simulator: Simulator) -> Iterator[RunningGateway]:
    """A gateway without keys."""
    with running(behind(genmux_simulator)) as serving:
        yield serving


@pytest.fixture
def start_gateway(genmux_simulator: Simulator) -> Iterator[Callable[..., RunningGateway]]:
    """Starts gateways with settings of their own."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running(behind(genmux_simulator, **settings)))
