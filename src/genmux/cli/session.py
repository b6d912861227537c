"""What a command runs in: the client, the log, and one place where errors end."""

from collections.abc import Iterator
from contextlib import contextmanager

from genmux.app import App
from genmux.cli.console import show_error
from genmux.cli.options import Common
from genmux.client.client import Client
from genmux.engine.logs import configure_logging
from genmux.types.errors import GenmuxError


@contextmanager
def reported(common: Common) -> Iterator[None]:
    """Errors of genmux become a line (or JSON) and an exit code; never a traceback."""
    try:
        yield
    except GenmuxError as error:
        raise SystemExit(show_error(error, as_json=common.json)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@contextmanager
def connected(common: Common) -> Iterator[Client]:
    """A client for one command, with the user's settings."""
    with reported(common), Client(config=common.config) as client:
        listen(client.app, common)
        yield client


def configured(common: Common) -> App:
    """The App with the user's settings."""
    app = App(config=common.config)
    listen(app, common)
    return app


def listen(app: App, common: Common) -> None:
    """Log as loud as asked."""
    log = app.settings.log
    if common.verbose or log.level:
        configure_logging(log.level or "info", log.form)
