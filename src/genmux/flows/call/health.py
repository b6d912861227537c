"""Is a provider up? One light request that costs nothing."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from genmux.contract.http import HttpRequest
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.engine.deadlines import Timeouts
from genmux.engine.retry import RetryPolicy
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.health import Health

SLOW = 5.0
"""A provider that takes more seconds than this to answer a light request is degraded."""

_DEGRADED = frozenset({ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.SERVER})


class Registered(Protocol):
    """Knows and builds providers."""

    def manifest(self, provider_id: str) -> Manifest:
        """A provider as data."""
        ...

    def load(self, provider_id: str) -> Provider:
        """A provider, imported or built."""
        ...

    def unavailable(self, provider_id: str) -> str | None:
        """Why it cannot be used."""
        ...


class Keys(Protocol):
    """Finds credentials and addresses."""

    def find(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The provider's credential, as far as it is there."""
        ...

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        """Where the provider is."""
        ...


class Caller(Protocol):
    """Sends requests."""

    async def call(self, provider: Provider, credential: Mapping[str, str], http: HttpRequest, **options: Any) -> Any:
        """Send one and wait for the reply."""
        ...


class HealthFlow:
    """Asks providers how they are."""

    def __init__(self, registered: Registered, keys: Keys, caller: Caller, clock: Callable[[], float]) -> None:
        self._registered = registered
        self._keys = keys
        self._caller = caller
        self._clock = clock

    async def check(
        self,
        provider_id: str,
        *,
        credential: Mapping[str, str] | None = None,
        base_url: str | None = None,
        timeout: float = 10.0,
    ) -> Health:
        """One light, unpaid request that the manifest names. Never raises for what the provider does; raises NotFoundError for an unknown one."""
        manifest = self._registered.manifest(provider_id)
        reason = self._registered.unavailable(provider_id)
        if reason and credential is None:
            return Health(provider=provider_id, status="unavailable", reason=reason)
        if manifest.health is None:
            return Health(
                provider=provider_id,
                status="available",
                reason="runs inside genmux" if manifest.local else "not probed",
            )
        probe = HttpRequest(method=manifest.health.method, url=manifest.health.path, read_only=True)
        started = self._clock()
        try:
            await self._caller.call(
                self._registered.load(provider_id),
                self._keys.find(manifest, credential),
                probe,
                base_url=self._keys.base_url(manifest, base_url),
                model=None,
                timeouts=Timeouts(connect=timeout, first_byte=timeout, idle=timeout, total=timeout),
                policy=RetryPolicy(attempts=1),
            )
        except ProviderError as error:
            status = "degraded" if error.kind in _DEGRADED else "unavailable"
            return Health(provider=provider_id, status=status, latency=self._clock() - started, reason=str(error))
        latency = self._clock() - started
        if latency > SLOW:
            return Health(
                provider=provider_id,
                status="degraded",
                latency=latency,
                reason=f"answered after {latency:.1f} s",
            )
        return Health(provider=provider_id, status="available", latency=latency)
