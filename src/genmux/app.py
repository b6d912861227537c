"""The composition root: the only place that puts services and flows together."""

import datetime
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genmux.contract.manifest import Manifest
from genmux.contract.operations import OPERATIONS, Operation
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.child import LocalHost
from genmux.engine.engine import Engine
from genmux.engine.transport import Transport
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.health import HealthFlow
from genmux.flows.call.settle import Settler
from genmux.flows.call.target import Targets
from genmux.services.catalog import Catalog
from genmux.services.credentials import Credentials
from genmux.services.estimates import Estimator
from genmux.services.events import EventBus
from genmux.services.prices import PriceBook, bill
from genmux.services.registry import Registry
from genmux.services.settings import Settings, read_settings
from genmux.services.tokens import TokenCounter
from genmux.services.totals import Totals
from genmux.types.errors import ProviderError


class App:
    """All of genmux, put together for one process. `aclose` frees what it holds."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        config: str | Path | None = None,
        keys: Mapping[str, Mapping[str, str]] | None = None,
        environ: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.settings = read_settings(self.environ, path=config) if settings is None else settings
        self.events = EventBus(_utc_now, _new_id)
        self.credentials = Credentials(self.environ, self.settings.providers, keys)
        self.registry = registry or self._registry()
        self.catalog = Catalog(self.registry, aliases=self.settings.aliases, defaults=self.settings.defaults.models)
        self.prices = PriceBook(_utc_now, _PriceProviders(self.registry))
        self.totals = Totals()
        self.tokens = TokenCounter()
        self.engine = Engine(transport or AiohttpTransport())
        self.host = LocalHost()
        self.targets = Targets(self.catalog, self.registry, self.credentials)
        estimator = Estimator(self.prices, self.tokens, bill)
        settler = Settler(self.prices, self.totals, self.events, _new_id)
        self.calls = CallFlow(self.targets, self.engine, self.host, settler, estimator, self.tokens)
        self.health = HealthFlow(self.registry, self.credentials, self.engine, time.monotonic)

    def _registry(self) -> Registry:
        switched_off = frozenset(name for name, own in self.settings.providers.items() if own.enabled is False)
        return Registry(
            on_event=self._registered,
            has_credentials=self.credentials.missing,
            provider_paths=self.settings.provider_paths,
            disabled=switched_off,
        )

    def _registered(self, type_: str, data: dict[str, Any]) -> None:
        """What was looked up before may mean something else now."""
        self.events.publish(type_, provider=data.get("provider"), data=data)
        if hasattr(self, "targets"):
            self.catalog.forget()
            self.targets.forget()

    def config_faults(self) -> Iterator[str]:
        """Everything that is wrong with what is configured, in words."""
        for name, own in self.settings.providers.items():
            if not self.registry.is_registered(name):
                yield f"genmux.toml has settings for {name!r}, but there is no such provider"
            elif own.enabled is not False and (reason := self.registry.unavailable(name)):
                yield f"{name}: {reason}"
        defaults = [(self.settings.defaults.models.get(name), name) for name in OPERATIONS]
        for model, operation in [*defaults, *((alias, None) for alias in self.settings.aliases)]:
            if model is not None and (fault := self._unresolved(model, operation)):
                yield fault

    def _unresolved(self, model: str, operation: Operation | None) -> str | None:
        operations = (operation,) if operation else OPERATIONS
        faults: list[str] = []
        for one in operations:
            try:
                self.catalog.resolve(model, one)
            except ProviderError as error:
                faults.append(error.message)
            else:
                return None
        return f"{model}: {faults[0]}"

    async def aclose(self) -> None:
        """Close all connections and stop the embedded engines. May be called again."""
        await self.host.aclose()
        await self.engine.aclose()


class _PriceProviders(Mapping[str, str | None]):
    """Each provider's name in the price list, read from its manifest when asked."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __getitem__(self, provider_id: str) -> str | None:
        manifest: Manifest = self._registry.manifest(provider_id)
        return manifest.price_provider

    def __iter__(self) -> Any:
        return iter(self._registry.ids())

    def __len__(self) -> int:
        return len(self._registry.ids())


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _new_id() -> str:
    return uuid.uuid4().hex
