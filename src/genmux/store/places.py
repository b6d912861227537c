"""Where a store is: what its URL means."""

import os
from collections.abc import Mapping
from pathlib import Path

from genmux.store.postgres.lines import SCHEMES, plain_url
from genmux.types.errors import ConfigurationError

ACCEPTED = "a file's path, sqlite:///FILE, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

_SQLITE = "sqlite:"


def default_file(environ: Mapping[str, str]) -> Path:
    """The file of whoever did not say: `$XDG_DATA_HOME/genmux/genmux.db`, or the same under `~/.local/share`."""
    chosen = environ.get("XDG_DATA_HOME")
    if chosen:
        return Path(chosen) / "genmux" / "genmux.db"
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 — Path.home() raises where this stays
    if home == "~":
        raise ConfigurationError(f"there is no home folder to keep the store in; set GENMUX_STORE to {ACCEPTED}")
    return Path(home) / ".local" / "share" / "genmux" / "genmux.db"


def place(url: str | Path | None, environ: Mapping[str, str]) -> Path | str:
    """A file's absolute path, or a PostgreSQL's URL. Raises ConfigurationError for what is neither."""
    if url is None:
        return default_file(environ)
    told = str(url)
    scheme, found, rest = told.partition("://")
    if not found or isinstance(url, Path):
        if told.startswith(_SQLITE) or not told.strip():
            raise ConfigurationError(f"{told!r} is no place for a store; give {ACCEPTED}")
        return _file(told, environ)
    if scheme in SCHEMES:
        return plain_url(told)
    if scheme != "sqlite":
        raise ConfigurationError(f"a store cannot be kept at {scheme}://; give {ACCEPTED}")
    name = rest.partition("?")[0].removeprefix("/")
    if not rest.startswith("/") or name in {"", ":memory:"}:
        raise ConfigurationError(
            f"{told!r} names no file; give sqlite:///FILE (with four slashes for an absolute path)"
        )
    return _file(name, environ)


def _file(told: str, environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME")
    if told.startswith("~/") and home:
        told = home + told[1:]
    path = Path(told).expanduser().absolute()
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder; name a file in it for the store, such as {path / 'genmux.db'}")
    return path
