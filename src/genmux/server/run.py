"""Runs the gateway on uvicorn until it is told to stop; streams that are under way may end first."""

import gc
import logging
import math
import socket
from collections.abc import Callable

from genmux.app import App
from genmux.server.access import check_exposure
from genmux.server.gateway import Gateway
from genmux.types.errors import ConfigurationError

KEEP_ALIVE = 75
"""So many seconds an idle connection stays open: longer than the official clients keep theirs, so that they close first."""


def serve(app: App, *, host: str, port: int, started: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. `started` is called with the URL once the gateway listens.

    Raises ConfigurationError when it must not or cannot listen there, or the `gateway` extra is missing.
    """
    keys = app.settings.gateway.keys
    check_exposure(host, keys, stored=True)
    try:
        import uvicorn
    except ImportError as error:
        message = 'the gateway needs its extra: pip install "genmux[gateway]"'
        raise ConfigurationError(message) from error
    listening = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listening.getsockname()[1]}"

    gateway = Gateway(
        app,
        role="gateway",
        about=f"a gateway at {url}",
        usual_store=True,
        loaded=gc.freeze,
        ready=lambda: check_exposure(host, keys, stored=app.ring.demands),
    )

    class Announced(uvicorn.Server):
        """Says when it listens."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Start, then say so."""
            await super().startup(sockets)
            if gateway.fault is not None:
                return
            if app.keeping is not None:
                app.keeping.store.announce(url, gateway.access.local_token)
            gc.freeze()  # what is there now stays until the end: the collector need not look at it again and again
            started(url)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """End what never ends by itself, then wait for the rest."""
            gateway.farewell()
            await gateway.hang_up()
            await super().shutdown(sockets)

    realtime = app.settings.gateway.realtime
    config = uvicorn.Config(
        gateway,
        interface="asgi3",
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=realtime.message_limit,
        ws_ping_interval=realtime.ping,
        ws_ping_timeout=realtime.ping,
        ws_per_message_deflate=False,  # sound does not shrink, and each connection would need memory for it
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level=logging.WARNING,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=math.ceil(app.settings.gateway.drain),
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    try:
        Announced(config).run(sockets=[listening])
    except SystemExit:
        if gateway.fault is None:
            raise
    finally:
        listening.close()
    if gateway.fault is not None:
        raise gateway.fault


_NO_NEWS = ("Application startup failed", "returned without completing handshake")
"""The second is said of every WebSocket that is refused with an answer of HTTP, as by uvicorn 0.54."""


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of the server's log tells more than the error that is raised anyway."""
    said = record.getMessage()
    return not any(known in said for known in _NO_NEWS)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        message = f"cannot listen on {host}:{port}: {error.strerror or error}; choose another port with --port"
        raise ConfigurationError(message) from error
    return listening
