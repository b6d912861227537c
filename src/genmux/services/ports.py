"""What services need of each other and of the world, as protocols."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from genmux.contract.manifest import Manifest
from genmux.contract.model import Model
from genmux.types.money import Price

Now = Callable[[], datetime.datetime]
"""The time in UTC."""

NewId = Callable[[], str]
"""A new identifier, different from all others."""


class ProviderOptions(Protocol):
    """One provider's own settings."""

    @property
    def base_url(self) -> str | None:
        """Where it is, if not where its manifest says."""
        ...

    @property
    def credentials(self) -> Mapping[str, str]:
        """Its keys by the names in its manifest."""
        ...


class Pricer(Protocol):
    """Knows prices."""

    def rows(self, model: Model, *, service_tier: str | None = None) -> tuple[Price, ...] | None:
        """The price rows of a model, None when its price is unknown."""
        ...


class Manifests(Protocol):
    """Knows which providers are installed."""

    def ids(self) -> tuple[str, ...]:
        """All of them, sorted."""
        ...

    def is_registered(self, provider_id: str) -> bool:
        """Whether there is such a provider, usable or not."""
        ...

    def manifest(self, provider_id: str) -> Manifest:
        """One provider as data. Raises ProviderError when it is not there or broken."""
        ...

    def unavailable(self, provider_id: str) -> str | None:
        """Why a provider cannot be used at the moment, None when it can."""
        ...


class Batch(Protocol):
    """Something to be written together with what others have to write, in one transaction."""

    def write(self, tx: Any) -> None:
        """Write it in this transaction of the store.

        It must be repeatable: it is written again when nobody knows whether the commit was made. Runs in another thread.
        """
        ...

    def done(self) -> None:
        """It is durable. Called in the bookkeeper's event loop."""
        ...

    def undo(self) -> None:
        """It cannot be written, or there is no more time: keep it or tell somebody."""
        ...


class Sink(Protocol):
    """Collects what is to be written."""

    def take(self) -> Batch | None:
        """What waits, None when nothing does."""
        ...
