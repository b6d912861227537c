"""The registry: what is installed."""

import difflib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from genmux.contract.manifest import Manifest, read_manifest
from genmux.contract.provider import Provider
from genmux.services.registry.detect import owner
from genmux.services.registry.discovery import BUILT_IN, MANIFEST, Place, locate
from genmux.services.registry.entry import Entry
from genmux.services.registry.info import ProviderInfo, describe
from genmux.services.registry.shelves import Shelves
from genmux.types.errors import ConfigurationError, NotFoundError, ProviderError

HasCredentials = Callable[[Manifest], str | None]
"""Why a provider's credential is not there, None when it is."""

OnEvent = Callable[[str, dict[str, Any]], None]
"""Hears that something happened: the event's type and its particulars."""

Log = Callable[[str], None]
"""Takes one line for the log."""

_log = logging.getLogger("genmux.registry")


class Registry:
    """Knows every provider. Nothing is searched at construction, nothing is imported before `load`.

    `has_credentials` tells what is missing; `enabled` and `disabled` are the user's word against the manifest's;
    `provider_paths` are folders with further manifests. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        has_credentials: HasCredentials = lambda _manifest: None,
        enabled: Collection[str] = (),
        disabled: Collection[str] = (),
        provider_paths: Iterable[str | Path] = (),
        on_event: OnEvent = lambda _type, _data: None,
        log: Log = _log.info,
    ) -> None:
        self._has_credentials = has_credentials
        self._enabled = frozenset(enabled)
        self._disabled = frozenset(disabled)
        self._on_event = on_event
        self._log = log
        self._shelves = Shelves((Path(folder).expanduser() for folder in provider_paths), log)

    def ids(self) -> tuple[str, ...]:
        """The ids of all providers, sorted."""
        return self._shelves.ids()

    def is_registered(self, provider_id: str) -> bool:
        """Whether there is such a provider, usable or not."""
        return self._shelves.find(provider_id) is not None

    def providers(self) -> list[ProviderInfo]:
        """All of them, sorted by id. One that cannot be used is listed with the reason and stops no other."""
        entries = map(self._shelves.find, self.ids())
        return [self._info(entry) for entry in entries if entry is not None]

    def info(self, provider_id: str) -> ProviderInfo:
        """What there is to know of one provider. Raises NotFoundError."""
        return self._info(self._entry(provider_id))

    def manifest(self, provider_id: str) -> Manifest:
        """One provider as data, read when first asked for. Raises NotFoundError or ConfigurationError."""
        return self._entry(provider_id).manifest()

    def unavailable(self, provider_id: str) -> str | None:
        """Why a provider cannot be used at the moment, None when it can. Raises NotFoundError."""
        return self._reason(self._entry(provider_id))

    def load(self, provider_id: str) -> Provider:
        """The provider, imported or built from its manifest. Raises NotFoundError or ConfigurationError.

        A missing key is no hindrance: it may come with the call.
        """
        entry = self._entry(provider_id)
        manifest = entry.manifest()
        if hindrance := self._switched_off(manifest) or _lacking(manifest, entry):
            raise ConfigurationError(hindrance, provider=provider_id)
        return entry.load()

    def detect(self, url: str) -> str | None:
        """The id of the provider to which a URL belongs; None when no provider claims its host."""
        return owner(url, self._readable())

    def register(self, given: Provider | Manifest | str | Path, *, replace: bool = False) -> str:
        """Add a provider and give its id. A path is that of a manifest, or of a folder with one.

        Raises ConfigurationError when it is wrong, or when its id is taken and `replace` is not said.
        """
        entry = _entry_of(given)
        provider_id = entry.place.id
        if (taken := self._shelves.put(entry, replace=replace)) is not None:
            message = (
                f"there is a provider {provider_id!r} already ({taken.place.source}); "
                "choose another id, or say replace=True to put yours in its place"
            )
            raise ConfigurationError(message, provider=provider_id)
        self._tell("provider.registered", entry)
        return provider_id

    def unregister(self, provider_id: str) -> None:
        """Take a provider away; one that it had replaced comes back. Raises NotFoundError."""
        entry = self._shelves.take(provider_id) or self._entry(provider_id)
        self._tell("provider.unregistered", entry)

    def _tell(self, type_: str, entry: Entry) -> None:
        place = entry.place
        self._log(f"{type_}: {place.id} ({place.source})")
        self._on_event(type_, {"provider": place.id, "source": place.source})

    def _entry(self, provider_id: str) -> Entry:
        entry = self._shelves.find(provider_id)
        if entry is None:
            near = difflib.get_close_matches(provider_id.lower(), self.ids(), n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "`genmux providers` lists them"
            message = f"there is no provider {provider_id!r}; {hint}"
            raise NotFoundError(message, provider=provider_id)
        return entry

    def _readable(self) -> Iterator[Manifest]:
        for provider_id in self.ids():
            try:
                yield self.manifest(provider_id)
            except ProviderError:
                continue  # a broken manifest claims no URL; `providers` tells what is wrong with it

    def _info(self, entry: Entry) -> ProviderInfo:
        place, reason = entry.place, self._reason(entry)
        try:
            manifest = entry.manifest()
        except ProviderError:
            return ProviderInfo(id=place.id, name=place.id, source=place.source, available=False, reason=reason)
        return describe(manifest, source=place.source, enabled=self._is_enabled(manifest), reason=reason)

    def _reason(self, entry: Entry) -> str | None:
        try:
            manifest = entry.manifest()
        except ProviderError as error:
            return error.message
        return (
            self._switched_off(manifest)
            or _lacking(manifest, entry)
            or entry.load_fault
            or self._has_credentials(manifest)
        )

    def _is_enabled(self, manifest: Manifest) -> bool:
        return manifest.id in self._enabled or (manifest.enabled and manifest.id not in self._disabled)

    def _switched_off(self, manifest: Manifest) -> str | None:
        if self._is_enabled(manifest):
            return None
        return f"{manifest.id} is disabled; `enabled = true` in [providers.{manifest.id}] of genmux.toml enables it"


def _lacking(manifest: Manifest, entry: Entry) -> str | None:
    """The package that a provider needs and that is not installed, in words."""
    package = manifest.extra_package
    if package is None or locate(package) is not None:
        return None
    install = f"'genmux[{manifest.id}]'" if entry.place.source == BUILT_IN else package
    return f"{manifest.id} needs the package {package!r}, which is not installed: pip install {install}"


def _entry_of(given: Provider | Manifest | str | Path) -> Entry:
    """What is registered is built at once, so that whoever registers it hears what is wrong."""
    match given:
        case Provider(manifest=manifest):
            place = Place(id=manifest.id, source="registered in process")
            entry = Entry(place, manifest=manifest, provider=given)
        case Manifest(id=provider_id):
            entry = Entry(Place(id=provider_id, source="registered in process"), manifest=given)
        case _:
            path = Path(given) / MANIFEST if Path(given).is_dir() else Path(given)
            manifest = read_manifest(path)
            entry = Entry(Place(id=manifest.id, source=f"file {path}", manifest=path), manifest=manifest)
    entry.load()
    return entry
