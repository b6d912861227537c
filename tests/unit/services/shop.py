"""Providers, models and requests for the tests of services and flows: a made-up world without a network."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from genmux.contract.features import Support
from genmux.contract.manifest import Limits, Manifest, ModelSpec
from genmux.contract.model import Model
from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Content, Text
from genmux.types.errors import ConfigurationError, NotFoundError
from genmux.types.money import Price

MILLION = 1_000_000


def price(meter: str, amount: str, **fields: Any) -> Price:
    """A price in US dollars for a million tokens."""
    return Price(meter=meter, amount=Decimal(amount), per=fields.pop("per", MILLION), **fields)


def spec(**fields: Any) -> ModelSpec:
    """A chat model."""
    return ModelSpec(operations=fields.pop("operations", {"chat": "chat"}), **fields)


def model(
    *,
    provider: str = "acme",
    name: str = "one",
    limits: Limits | None = None,
    support: Mapping[str, str] | None = None,
    **fields: Any,
) -> Model:
    """A model of the provider `acme`."""
    features = {feature: Support(grade) for feature, grade in (support or {}).items()}
    return Model(
        provider=provider, id=name, wire_id=name, spec=spec(limits=limits or Limits(), features=features, **fields)
    )


def manifest(provider_id: str, *names: str, **fields: Any) -> Manifest:
    """A provider whose models can chat."""
    models = {name: spec() for name in names} | fields.pop("models", {})
    return Manifest(spec=1, id=provider_id, name=provider_id.title(), models=models, **fields)


def asked(*said: str | Content, name: str = "acme/one", **fields: Any) -> ChatRequest:
    """What a user says, in one message."""
    content = tuple(Text(one) if isinstance(one, str) else one for one in said or ("hi",))
    return ChatRequest(model=name, messages=(Message(role="user", content=content),), **fields)


class Shelf:
    """A registry of manifests; `lacking` says why a provider cannot be used, `broken` which manifest cannot be read."""

    def __init__(
        self, *manifests: Manifest, lacking: Mapping[str, str] | None = None, broken: tuple[str, ...] = ()
    ) -> None:
        self.manifests = {one.id: one for one in manifests}
        self.lacking = lacking or {}
        self.broken = broken

    def ids(self) -> tuple[str, ...]:
        return tuple(sorted({*self.manifests, *self.broken}))

    def is_registered(self, provider_id: str) -> bool:
        return provider_id in self.ids()

    def manifest(self, provider_id: str) -> Manifest:
        if provider_id in self.broken:
            message = "its manifest is broken"
            raise ConfigurationError(message, provider=provider_id)
        if provider_id not in self.manifests:
            message = f"there is no provider {provider_id!r}"
            raise NotFoundError(message, provider=provider_id)
        return self.manifests[provider_id]

    def unavailable(self, provider_id: str) -> str | None:
        return self.lacking.get(provider_id)
