"""The registry functions for everyday use, over one App that all of a process shares."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genmux.app import App
from genmux.client.bound import BoundProvider, bind
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.services.registry import ProviderInfo
from genmux.types.errors import ConfigurationError


class _Shared:
    """The App of this process, made when first needed, and the providers that were bound under a key."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.bound: dict[str, BoundProvider] = {}
        self._app: App | None = None
        self._registered: dict[str, Provider | Manifest | str | Path] = {}

    @property
    def app(self) -> App:
        with self.lock:
            if self._app is None:
                self._app = App()
            return self._app

    def register(self, provider: Provider | Manifest | str | Path, *, replace: bool) -> str:
        with self.lock:
            provider_id = self.app.registry.register(provider, replace=replace)
            self._registered[provider_id] = provider
            return provider_id

    def teach(self, app: App) -> App:
        """Let an App know what was registered in this process."""
        with self.lock:
            for provider in self._registered.values():
                app.registry.register(provider, replace=True)
        return app


_shared = _Shared()


def default_app() -> App:
    """What the functions of this module stand on; hand it to `Client(app=…)` to share its registry."""
    return _shared.app


def providers() -> list[ProviderInfo]:
    """All installed providers, and why some cannot be used now."""
    return _shared.app.registry.providers()


def is_registered(provider_id: str) -> bool:
    """Whether there is a provider of that id."""
    return _shared.app.registry.is_registered(provider_id)


def register_provider(provider: Provider | Manifest | str | Path, *, replace: bool = False) -> str:
    """Add a provider: one made in code, a manifest, or the path of a `manifest.toml`. Gives its id.

    The functions of this module know it, and every client that is made afterwards.

    Raises ConfigurationError that says what is wrong with it, or that its id is taken and `replace` was not said.
    """
    return _shared.register(provider, replace=replace)


def new_app(
    *,
    config: str | Path | None = None,
    keys: Mapping[str, Mapping[str, str]] | None = None,
    store: str | Path | None = None,
) -> App:
    """An App of one's own that knows what was registered in this process."""
    return _shared.teach(App(config=config, keys=keys, store=store))


def get_provider(
    provider_id: str,
    *,
    model: str | None = None,
    base_url: str | None = None,
    cache_key: str | None = None,
    **credentials_and_defaults: Any,
) -> BoundProvider:
    """Bind a provider: `api_key=…` and the like are its credential, all else are defaults of its calls.

    The same `cache_key` gives the same instance until it is closed or `clear_cache` forgets it; what else is said then
    makes no difference. Raises NotFoundError for an unknown provider, ValidationError for an unknown setting, and
    ConfigurationError when the key stands for another provider.
    """
    if cache_key is None:
        return bind(_shared.app, provider_id, model=model, base_url=base_url, settings=credentials_and_defaults)
    with _shared.lock:
        kept = _shared.bound.get(cache_key)
        if kept is None or kept.closed:
            kept = bind(_shared.app, provider_id, model=model, base_url=base_url, settings=credentials_and_defaults)
            _shared.bound[cache_key] = kept
    if kept.id != provider_id:
        message = f"the cache_key {cache_key!r} stands for the provider {kept.id!r}; choose another for {provider_id!r}"
        raise ConfigurationError(message, provider=provider_id)
    return kept


def clear_cache(key: str | None = None) -> None:
    """Close and forget the provider that was bound under a `cache_key`, or all of them."""
    with _shared.lock:
        names = [*_shared.bound] if key is None else [key]
        for name in names:
            kept = _shared.bound.pop(name, None)
            if kept is not None:
                kept.forget()
