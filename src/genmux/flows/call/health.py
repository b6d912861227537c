"""Is a provider up? One light request that costs nothing."""

from collections.abc import Callable, Mapping
from typing import Protocol

from genmux.contract.http import HttpRequest
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Engine
from genmux.engine.retry import ONCE
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError
from genmux.types.health import Health

SLOW = 5.0
"""A provider that takes more seconds than this to answer a light request is degraded."""

_DEGRADED = frozenset({ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.SERVER})


class Registered(Protocol):
    """Builds providers."""

    def load(self, provider_id: str) -> Provider:
        """A provider, imported or built. Raises NotFoundError, or ConfigurationError when it cannot be used."""
        ...


class Keys(Protocol):
    """Finds credentials and addresses."""

    def missing(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> str | None:
        """What is missing of the provider's credential, None when all is there."""
        ...

    def find(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The provider's credential, as far as it is there."""
        ...

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        """Where the provider is."""
        ...


class HealthFlow:
    """Asks providers how they are."""

    def __init__(self, registered: Registered, keys: Keys, engine: Engine, clock: Callable[[], float]) -> None:
        self._registered = registered
        self._keys = keys
        self._engine = engine
        self._clock = clock

    async def check(
        self,
        provider_id: str,
        *,
        credential: Mapping[str, str] | None = None,
        base_url: str | None = None,
        timeout: float = 10.0,
    ) -> Health:
        """One light, unpaid request that the manifest names. Never raises for what the provider does.

        Raises NotFoundError for a provider that is not there.
        """
        try:
            provider = self._registered.load(provider_id)
        except ConfigurationError as error:
            return Health(provider=provider_id, status="unavailable", reason=error.message)
        manifest = provider.manifest
        if lack := self._keys.missing(manifest, credential):
            return Health(provider=provider_id, status="unavailable", reason=lack)
        if manifest.health is None:
            why = "runs inside genmux" if manifest.local else "configured; its manifest names nothing light to ask for"
            return Health(provider=provider_id, status="available", reason=why)
        probe = HttpRequest(method=manifest.health.method, url=manifest.health.path, read_only=True)
        started = self._clock()
        try:
            await self._engine.call(
                provider,
                self._keys.find(manifest, credential),
                probe,
                base_url=self._keys.base_url(manifest, base_url),
                timeouts=Timeouts.within(timeout),
                policy=ONCE,
            )
        except ProviderError as error:
            status = "degraded" if error.kind in _DEGRADED else "unavailable"
            return Health(provider=provider_id, status=status, latency=self._clock() - started, reason=str(error))
        latency = self._clock() - started
        if latency > SLOW:
            reason = f"answered after {latency:.1f} s"
            return Health(provider=provider_id, status="degraded", latency=latency, reason=reason)
        return Health(provider=provider_id, status="available", latency=latency)
