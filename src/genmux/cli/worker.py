"""`genmux worker`: does jobs beside `genmux serve`, as many of these as one likes."""

import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from genmux.cli.console import out, print_json_line
from genmux.cli.options import Common
from genmux.cli.session import configured, reported
from genmux.types.errors import ConfigurationError

if TYPE_CHECKING:
    from genmux.app import App


def worker(*, common: Common | None = None) -> None:
    """Do jobs, beside `genmux serve` and any number of others, on a PostgreSQL. SIGTERM or Ctrl-C hands them over.

    On a SQLite file there is one process: there `genmux serve` does the jobs itself.
    """
    import asyncio

    from genmux.engine.loops import new_loop

    common = common or Common()
    with reported(common):
        app = configured(common)
        _check(app)
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_work(app, common))


def _check(app: "App") -> None:
    """Raise ConfigurationError where there can be no workers."""
    from genmux.app import NO_STORE

    url = app.settings.store.url
    if url != NO_STORE:
        from genmux.store.places import place

        found = place(url, app.environ)
        if not isinstance(found, Path):
            return
        url = str(found)
    message = (
        f"workers share a PostgreSQL, and the store is {url}: there `genmux serve` does the jobs itself; "
        "set GENMUX_STORE=postgresql://… for many workers"
    )
    raise ConfigurationError(message)


async def _work(app: "App", common: Common) -> None:
    """Work until somebody wants it to end."""
    import asyncio

    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, over.set)
    about = f"a genmux worker on {socket.gethostname()} (process {os.getpid()})"
    try:
        await app.open(role="worker", about=about)
        kept = app.kept()
        kept.jobs  # noqa: B018 — says what is missing, where files cannot be kept
        if common.json:
            print_json_line({"worker": os.getpid(), "store": kept.store.place})
        else:
            out.print(f"genmux worker is working on {kept.store.place}  (Ctrl-C hands its jobs over)")
        await over.wait()
    finally:
        await app.aclose()
