"""Where the registry keeps what it has found, and in which order it looks."""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import RLock

from genmux.services.registry.discovery import Place, built_in, in_folders, installed
from genmux.services.registry.entry import Entry


class Shelves:
    """Registered in process, then the user's folders, then what is built in, then installed packages.

    Each place is looked through once, when first needed; packages only when an id is not found nearer, or all are listed.
    Safe to share between threads.
    """

    def __init__(self, folders: Iterable[Path], log: Callable[[str], None]) -> None:
        self._folders = tuple(folders)
        self._log = log
        self._lock = RLock()
        self._registered: dict[str, Entry] = {}
        self._hidden: set[str] = set()
        self._on_disk: dict[str, Entry] | None = None
        self._in_packages: dict[str, Entry] | None = None

    def ids(self) -> tuple[str, ...]:
        """The ids of all providers, sorted."""
        with self._lock:
            found = self._near().keys() | self._far().keys()
            return tuple(sorted((found - self._hidden) | self._registered.keys()))

    def find(self, provider_id: str) -> Entry | None:
        """The provider of that id, None when there is none."""
        with self._lock:
            if entry := self._registered.get(provider_id):
                return entry
            if provider_id in self._hidden:
                return None
            return self._near().get(provider_id) or self._far().get(provider_id)

    def put(self, entry: Entry, *, replace: bool) -> Entry | None:
        """Put a registered provider before all others; without `replace`, give the one in whose place it would come."""
        with self._lock:
            taken = None if replace else self.find(entry.place.id)
            if taken is None:
                self._registered[entry.place.id] = entry
            return taken

    def take(self, provider_id: str) -> Entry | None:
        """Take a provider away and give it; one that it had replaced comes back."""
        with self._lock:
            entry = self.find(provider_id)
            if entry is not None and self._registered.pop(provider_id, None) is None:
                self._hidden.add(provider_id)
            return entry

    def _near(self) -> dict[str, Entry]:
        if self._on_disk is None:
            for folder in self._folders:
                if not folder.is_dir():
                    self._log(f"the provider folder {folder} is not there")
            self._on_disk = self._first((*in_folders(self._folders), *built_in()), {})
        return self._on_disk

    def _far(self) -> dict[str, Entry]:
        if self._in_packages is None:
            self._in_packages = self._first(installed(), self._near())
        return self._in_packages

    def _first(self, places: Iterable[Place], before: dict[str, Entry]) -> dict[str, Entry]:
        """The first of several with one id counts; the others are named in the log."""
        found: dict[str, Entry] = {}
        for place in places:
            if first := before.get(place.id) or found.get(place.id):
                self._log(
                    f"{place.source} is ignored: the provider {place.id!r} is already there ({first.place.source})"
                )
            else:
                found[place.id] = Entry(place)
        return found
