"""What a command runs in: the client, the log, and one place where errors end."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genmux.cli.console import show_error
from genmux.cli.options import Common, Reach
from genmux.types.errors import GenmuxError

if TYPE_CHECKING:  # they take a while to import, and `--help` needs none of them
    from genmux.app import App
    from genmux.client.client import Client


@contextmanager
def reported(common: Common) -> Generator[None]:
    """Errors of genmux become a line (or JSON) and an exit code; never a traceback."""
    try:
        yield
    except GenmuxError as error:
        raise SystemExit(show_error(error, as_json=common.json)) from error


@contextmanager
def connected(common: Common) -> Generator["Client"]:
    """A client for one command, with the user's settings; its calls go through a gateway where one was asked for."""
    with reported(common):
        from genmux.client.client import Client

        url, key = reached(common) if isinstance(common, Reach) else (None, None)
        with Client(config=common.config, gateway=url, key=key) as client:
            listen(client.app, common)
            yield client


def reached(common: Common) -> tuple[str | None, str | None]:
    """The URL of the gateway that was asked for, and its key; None for none."""
    asked, key = (common.gateway, common.key) if isinstance(common, Reach) else (None, None)
    url = asked or os.environ.get("GENMUX_GATEWAY") or None
    return url, (key or os.environ.get("GENMUX_KEY") or None) if url else None


def configured(common: Common) -> "App":
    """The App with the user's settings."""
    from genmux.app import App

    app = App(config=common.config)
    listen(app, common)
    return app


def listen(app: "App", common: Common) -> None:
    """Log as loud as asked."""
    log = app.settings.log
    if common.verbose or log.level:
        from genmux.engine.logs import configure_logging

        configure_logging(log.level or "info", log.form)
