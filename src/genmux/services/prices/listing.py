"""The public token price list, in a form that is quick to read.

genai-prices is Python code that takes half a second and 40 MB to import. It is therefore imported once, in a process of
its own, and what matters of it is kept as one small file for each provider until genai-prices changes.
"""

import functools
import importlib.util
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from genmux.services.prices.listed import ListedModel, ListedProvider

EDITION = 2
"""Counts the forms of the kept files: a new one is never mistaken for an old one."""

BOOT = "import sys; sys.path[:] = sys.argv[1:]; from genmux.services.prices.export import main; main()"
"""The process's program: it sees the same modules as its parent."""

KEPT = 4
"""So many folders are kept, for environments that have different versions of genai-prices."""

PATIENCE = 60.0
"""Seconds after which the process that reads genai-prices is given up."""

_log = logging.getLogger("genmux.prices")


class PriceList:
    """Finds models in the price list. `folder` is where the files are kept; None keeps none. Safe to share between threads."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._raw: Mapping[str, bytes] | None = None
        self._read: dict[str, ListedProvider | None] = {}
        self.ready = False
        """Whether a search costs no more than reading a file."""

    def prepare(self) -> None:
        """Have the files there, or the list in memory where no file can be. The first time that takes a second."""
        with self._lock:
            if self.ready:
                return
            if self._folder is None or not self._place().is_dir():
                made = _made()
                if self._folder is None or not _keep(made, self._place()):
                    self._raw = made
                else:
                    _made.cache_clear()
            self.ready = True

    def find(self, provider_id: str, wire_id: str) -> ListedModel | None:
        """A provider's model by the provider's own name for it, None when it is not in the list."""
        provider = self.provider(provider_id)
        if provider is None:
            return None
        name = wire_id.lower()
        if found := provider.find(name):
            return found
        others = (self.provider(other) for other in provider.fallback)
        found = next((model for other in others if other and (model := other.find(name))), None)
        return found and msgspec.structs.replace(found, variants=())  # those are the other provider's own terms

    def provider(self, provider_id: str) -> ListedProvider | None:
        """One provider, None when it is not in the list."""
        if provider_id not in self._read:
            self.prepare()
            self._read[provider_id] = self._decoded(provider_id)
        return self._read[provider_id]

    def _decoded(self, provider_id: str) -> ListedProvider | None:
        kept = self._raw
        text = _read_file(self._place() / f"{provider_id}.json") if kept is None else kept.get(provider_id)
        try:
            return None if text is None else msgspec.json.decode(text, type=ListedProvider)
        except msgspec.MsgspecError as error:
            _log.warning("the prices of %s cannot be read, so they are unknown: %s", provider_id, error)
            return None

    def _place(self) -> Path:
        """The folder for the installed genai-prices."""
        assert self._folder is not None  # noqa: S101 — asked for only where there is one
        return self._folder / f"prices-{EDITION}-{_installed()}"


@functools.cache  # once for all lists that are kept in memory
def _made() -> Mapping[str, bytes]:
    """The list as JSON by provider."""
    try:
        return {name: bytes(raw) for name, raw in msgspec.json.decode(_exported(), type=dict[str, msgspec.Raw]).items()}
    except (OSError, subprocess.SubprocessError, ImportError, msgspec.MsgspecError) as error:
        told = getattr(error, "stderr", None) or b""
        _log.warning("the price list cannot be read, so its prices are unknown: %s %s", error, told[-500:].decode())
        return {}


def _installed() -> str:
    """What changes when another genai-prices is installed; found without importing it."""
    spec = importlib.util.find_spec("genai_prices")
    if spec is None or not spec.submodule_search_locations:
        return "none"
    try:
        facts = (Path(spec.submodule_search_locations[0]) / "data.py").stat()
    except OSError:  # in an archive
        return "none"
    return f"{facts.st_size}-{facts.st_mtime_ns}"


def _exported() -> bytes:
    """The list as JSON: from a process of its own, or where there can be none, made here."""
    if getattr(sys, "frozen", False) or not sys.executable:  # then the executable is no Python
        from genmux.services.prices.export import exported

        return exported()
    command: Any = [sys.executable, "-c", BOOT, *sys.path]
    return subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE).stdout  # noqa: S603 — our own module


def _keep(made: Mapping[str, bytes], place: Path) -> bool:
    """Write the files, all or none; whether they are there now."""
    if not made:
        return False
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{place.name}.", dir=place.parent))
        for name, text in made.items():
            (fresh / f"{name}.json").write_bytes(text)
        try:
            fresh.rename(place)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh, ignore_errors=True)
        for old in sorted(place.parent.glob("prices-*"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return False
    return place.is_dir()


def _read_file(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
