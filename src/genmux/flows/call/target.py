"""Where a call goes: provider, model, wire, credential and address, found once and kept."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from genmux.contract.dialect import PassingWire
from genmux.contract.local import LocalEngine
from genmux.contract.manifest import Manifest
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.contract.provider import Provider
from genmux.flows.call.options import CallOptions
from genmux.flows.call.ports import Lease
from genmux.types.errors import ProviderError

_REMEMBERED = 1_024
"""So many targets are kept at most: callers may bring any number of names and keys."""


class Target(msgspec.Struct, frozen=True):
    """All that is needed to reach one model."""

    provider: Provider
    model: Model
    wire: Any
    credential: Mapping[str, str]
    base_url: str

    @property
    def local(self) -> bool:
        """Whether the model runs on this machine, inside genmux."""
        return hasattr(self.wire, "load")

    @property
    def engine(self) -> LocalEngine:
        """The embedded engine of a local target."""
        return self.wire

    def __repr__(self) -> str:
        """Everything but the credential."""
        return f"Target({self.model.reference!r}, base_url={self.base_url!r})"


class Models(Protocol):
    """Resolves names."""

    def resolve(self, name: str | None, operation: Operation) -> Model:
        """The model that a name means."""
        ...


class Providers(Protocol):
    """Builds providers."""

    def load(self, provider_id: str) -> Provider:
        """The provider, imported or built from its manifest."""
        ...


class Keys(Protocol):
    """Finds credentials and addresses."""

    def require(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The provider's credential. Raises AuthenticationError."""
        ...

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        """Where the provider is."""
        ...


class Targets:
    """Finds targets, and keeps them; `forget` when configuration or registry change."""

    def __init__(self, models: Models, providers: Providers, keys: Keys) -> None:
        self._models = models
        self._providers = providers
        self._keys = keys
        self._kept: dict[tuple[Any, ...], Target] = {}

    def forget(self) -> None:
        """Look everything up anew."""
        self._kept = {}  # what is being looked up at this moment goes into the old one

    def model(self, name: str | None, operation: Operation) -> Model:
        """Only the model; needs no key."""
        return self._models.resolve(name, operation)

    def manifest(self, provider: str) -> Manifest:
        """A provider as data."""
        return self._providers.load(provider).manifest

    def wire(self, model: Model, operation: Operation) -> Any:
        """The wire or the embedded engine for an operation that the model has."""
        return self._providers.load(model.provider).wires[model.spec.operations[operation]]

    def wire_that_speaks(self, dialect: str, model: Model) -> PassingWire | None:
        """The model's chat wire when it takes a caller's own bytes in this dialect, else None."""
        provider = self._providers.load(model.provider)
        name = model.spec.operations["chat"]
        spec = provider.manifest.wires.get(name)
        wire = provider.wires[name]
        return wire if spec is not None and spec.dialect == dialect and hasattr(wire, "pass_on") else None

    def find(self, name: str | None, operation: Operation, options: CallOptions) -> Target:
        """The target for a model's name. Raises ProviderError that says what is unknown or missing."""
        store = self._kept
        return self._reach(store, self._models.resolve(name, operation), operation, options, None)

    def reach(self, model: Model, operation: Operation, options: CallOptions, lease: Lease | None = None) -> Target:
        """The target for a model, with the credential of an account where one is leased. Raises ProviderError."""
        return self._reach(self._kept, model, operation, options, lease)

    def _reach(
        self,
        store: dict[tuple[Any, ...], Target],
        model: Model,
        operation: Operation,
        options: CallOptions,
        lease: Lease | None,
    ) -> Target:
        own = options.credential if lease is None else lease.credential
        whose = own and tuple(sorted(own.items())) if lease is None else lease.account.id
        key = (model.reference, operation, options.base_url, whose)
        kept = store.get(key)
        if kept is not None and kept.model is model and (lease is None or kept.credential is own):
            return kept
        provider = self._providers.load(model.provider)
        manifest = provider.manifest
        if len(store) >= _REMEMBERED:
            store.clear()
        target = store[key] = Target(
            provider,
            model,
            provider.wires[model.spec.operations[operation]],
            self._keys.require(manifest, own) if lease is None else lease.credential,
            self._keys.base_url(manifest, options.base_url),
        )
        return target


def place(error: BaseException, target: Target) -> None:
    """Let an error know where it happened."""
    if isinstance(error, ProviderError):
        error.provider = error.provider or target.model.provider
        error.model = error.model or target.model.id
