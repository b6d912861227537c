"""One provider in the registry: its manifest is read, and its code imported, when first asked for."""

from importlib import import_module
from threading import RLock

from genmux.contract.manifest import Manifest, read_manifest
from genmux.contract.provider import Provider
from genmux.services.registry.building import complete, from_manifest
from genmux.services.registry.discovery import Place
from genmux.types.errors import ConfigurationError, ProviderError


class Entry:
    """Reads once and keeps; what went wrong is kept too and said again. Safe to share between threads."""

    def __init__(self, place: Place, *, manifest: Manifest | None = None, provider: Provider | None = None) -> None:
        self.place = place
        self._manifest = manifest
        self._given = provider
        self._provider: Provider | None = None
        self._fault: str | None = None
        self._lock = RLock()
        self.load_fault: str | None = None
        """Why the code could not be loaded when that was last tried."""

    def manifest(self) -> Manifest:
        """The provider as data. Raises ConfigurationError that names file, key and line."""
        if self._manifest is not None:
            return self._manifest
        with self._lock:
            if self._manifest is None:
                self._manifest = self._read()
            return self._manifest

    def _read(self) -> Manifest:
        if self._fault is not None:
            raise ConfigurationError(self._fault, provider=self.place.id)
        try:
            return self._read_file()
        except ProviderError as error:
            self._fault = error.message
            raise

    def _read_file(self) -> Manifest:
        place = self.place
        if place.manifest is None:
            raise ConfigurationError(place.fault or f"{place.source} has no manifest", provider=place.id)
        manifest = read_manifest(place.manifest)
        if manifest.id != place.id:
            message = f"{place.manifest}: id is {manifest.id!r}, but the provider is found as {place.id!r}; make them the same"
            raise ConfigurationError(message, provider=place.id)
        return manifest

    def load(self) -> Provider:
        """The provider, ready for use. Raises ConfigurationError; a later call tries anew, for what was lacking may be there."""
        if self._provider is not None:
            return self._provider
        with self._lock:
            if self._provider is None:
                try:
                    self._provider = self._build()
                except ProviderError as error:
                    self.load_fault = error.message
                    raise
                self.load_fault = None
            return self._provider

    def _build(self) -> Provider:
        manifest = self.manifest()
        if self._given is not None:
            return complete(self._given)
        if self.place.module is None:
            return from_manifest(manifest)
        given = _attribute(self.place.module, manifest.id)
        return from_manifest(manifest) if given is None else complete(given)


def _attribute(module: str, provider_id: str) -> Provider | None:
    """The module's `provider`, None when it has none."""
    try:
        given = getattr(import_module(module), "provider", None)
    except ImportError as error:
        message = f"the provider {provider_id!r} cannot be imported: {error}; install what is missing"
        raise ConfigurationError(message, provider=provider_id) from error
    except Exception as error:  # foreign code runs here; whatever it raises must stop this provider only
        message = f"the provider {provider_id!r} cannot be imported: {type(error).__name__}: {error}"
        raise ConfigurationError(message, provider=provider_id) from error
    if given is not None and not (isinstance(given, Provider) and given.id == provider_id):
        message = f"{module}.provider must be a Provider whose manifest has id = {provider_id!r}; it is {given!r:.80}"
        raise ConfigurationError(message, provider=provider_id)
    return given
