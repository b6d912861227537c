"""What any operation of any model may cost: of models that can be called, and of those that only have a price."""

import difflib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from genmux.contract.manifest import Manifest, ModelSpec
from genmux.contract.model import Model
from genmux.contract.operations import OPERATIONS, Operation
from genmux.services.estimates import Expression, check_operation
from genmux.types.errors import ConfigurationError, InvalidRequestError, NotFoundError, ProviderError, UnsupportedError
from genmux.types.generation import GenerationRequest
from genmux.types.money import Estimate

_ALIASES_DEEP = 16
"""So many aliases of aliases are followed."""


class Models(Protocol):
    """Resolves names of models that can be called."""

    def resolve(self, name: str | None, operation: Operation) -> Model:
        """The model that a name means for an operation."""
        ...


class Listed(Protocol):
    """A model that has a price, whether or not its provider is installed."""

    @property
    def provider(self) -> str:
        """The id of its provider."""
        ...

    @property
    def id(self) -> str:
        """The provider's own name for it."""
        ...

    @property
    def operations(self) -> tuple[str, ...]:
        """What it can do."""
        ...


class Listing(Protocol):
    """Knows models that have a price."""

    def catalogue_models(self, provider: str | None = None) -> Iterable[Listed]:
        """Those of one provider, or all."""
        ...


class Estimates(Protocol):
    """Says what a generation may cost."""

    def generation(
        self, request: GenerationRequest, model: Model, *, rates: Mapping[str, Decimal] | None = None
    ) -> Estimate:
        """An estimate for any operation."""
        ...

    def expression(self, model: Model, operation: str, *, service_tier: str | None = None) -> Expression:
        """The price as a table that can be evaluated."""
        ...


class Providers(Protocol):
    """Knows which providers are installed."""

    def is_registered(self, provider_id: str) -> bool:
        """Whether there is such a provider."""
        ...

    def manifest(self, provider_id: str) -> Manifest:
        """One provider as data."""
        ...


class EstimateFlow:
    """Estimates generations, of models that can be called and of those of the price list."""

    def __init__(
        self,
        models: Models,
        providers: Providers,
        listing: Listing,
        estimates: Estimates,
        *,
        aliases: Mapping[str, str],
    ) -> None:
        self._models = models
        self._providers = providers
        self._listing = listing
        self._estimates = estimates
        self._aliases = aliases

    def generation(self, request: GenerationRequest, *, rates: Mapping[str, Decimal] | None = None) -> Estimate:
        """What a generation may cost; nothing is sent. `rates` of an account come before those of its provider.

        Raises NotFoundError, UnsupportedError or InvalidRequestError that name the way out.
        """
        model = self.model(request.model or None, request.operation)
        return self._estimates.generation(request, model, rates={**self._rates(model.provider), **(rates or {})})

    def expression(self, name: str | None, operation: str, *, service_tier: str | None = None) -> Expression:
        """The price of an operation as a table that a form can evaluate. Raises as `generation` does."""
        return self._estimates.expression(self.model(name, operation), operation, service_tier=service_tier)

    def model(self, name: str | None, operation: str) -> Model:
        """The model that a name means: one that can be called, else one that at least has a price."""
        check_operation(operation)
        known: Any = operation
        if name is not None and not self._is_installed(name) and (found := self._listed(self._follow(name), known)):
            return found
        try:
            return self._models.resolve(name, known)
        except (NotFoundError, UnsupportedError) as error:
            found = None if name is None else self._listed(self._follow(name), known)
            if found is None:
                raise self._explained(error, name, operation) from None
            return found

    def _is_installed(self, name: str) -> bool:
        """Whether a name may be that of a model that can be called: `provider/model` of somebody who is not there is none."""
        provider, slash, _ = self._follow(name).partition("/")
        return not slash or self._providers.is_registered(provider)

    def _rates(self, provider: str) -> Mapping[str, Decimal]:
        """What the credits of a provider cost on its usual plan."""
        return self._providers.manifest(provider).credit_rates if self._providers.is_registered(provider) else {}

    def _follow(self, name: str) -> str:
        for _ in range(_ALIASES_DEEP):
            if name not in self._aliases:
                return name
            name = self._aliases[name]
        message = f"the alias {name!r} leads back to itself"
        raise ConfigurationError(message, param="model")

    def _listed(self, name: str, operation: Operation) -> Model | None:
        """A model of the price list: by `provider/model`, or by its name alone where one provider offers it."""
        provider, _, model_id = name.partition("/")
        for one in self._listing.catalogue_models(provider) if model_id else ():
            if one.id == model_id and operation in one.operations:
                return _as_model(one)
        same = [one for one in self._listing.catalogue_models(None) if one.id == name and operation in one.operations]
        if len(same) > 1:
            choices = ", ".join(f"{one.provider}/{one.id}" for one in same)
            message = f"{name!r} is offered by several providers: name one of {choices}"
            raise InvalidRequestError(message, model=name, param="model")
        return _as_model(same[0]) if same else None

    def _explained(self, error: ProviderError, name: str | None, operation: str) -> ProviderError:
        """The same error, or what the price list has in place of what was asked."""
        provider, _, model_id = (name or "").partition("/")
        listed = [*self._listing.catalogue_models(provider)] if model_id else []
        for one in listed:
            if one.id == model_id:
                message = f"{name} cannot {operation}; it can: {', '.join(one.operations)}"
                return UnsupportedError(message, provider=provider, model=model_id, param="model")
        able = [one.id for one in listed if operation in one.operations]
        if able and isinstance(error, NotFoundError):
            near = difflib.get_close_matches(model_id, able, n=3, cutoff=0.3) or able[:3]
            hint = " or ".join(f"{provider}/{one}" for one in near)
            message = f"{provider} has no model {model_id!r} that is known to {operation}; did you mean {hint}?"
            return NotFoundError(message, provider=provider, model=model_id, param="model")
        return error


def _as_model(one: Listed) -> Model:
    operations: dict[Operation, str] = {operation: "none" for operation in OPERATIONS if operation in one.operations}
    spec = ModelSpec(operations=operations)
    return Model(provider=one.provider, id=one.id, wire_id=one.id, spec=spec, listed=False)
