"""Which models there are, and which one a name means."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from genmux.contract.features import FEATURES, Support
from genmux.contract.manifest import Lifecycle, Limits, Manifest, ModelSpec, inherit
from genmux.contract.model import Model
from genmux.contract.operations import OPERATIONS, Operation
from genmux.services.ports import Manifests, Pricer
from genmux.types.errors import (
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    ProviderError,
    UnsupportedError,
)
from genmux.types.money import Price
from genmux.types.usage import TOKENS_INPUT

EMBEDDED_MODELS: dict[Operation, str] = {
    "chat": "local/smollm2",
    "embed": "local/minilm",
    "text_to_image": "local/card",
    "image_to_image": "local/edit",
    "edit_image": "local/edit",
    "upscale": "local/upscale",
    "text_to_video": "local/slideshow",
    "image_to_video": "local/slideshow",
    "video_to_video": "mock/video",
    "text_to_speech": "local/hibari",
    "transcribe": "local/whisper-tiny",
    "text_to_music": "mock/music",
    "text_to_sound": "mock/sound",
    "realtime": "local/voice",
}
"""What answers when nothing else is configured. Many of these are marked `simulated`: no model makes it."""

_REMEMBERED = 4_096
"""So many names are kept at most: where any id may be used, callers could think of any number."""


LONGEST_NAME = 1_024
"""In characters; the path of a model file is a name too."""


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model for people to choose from. `unavailable` says why it cannot be used now; `prices` is None when unknown.

    `simulated` says that there is no model behind it: a placeholder is made. `typical_seconds` is how long one usually takes.
    """

    reference: str
    provider: str
    name: str
    description: str | None = None
    operations: tuple[str, ...] = ()
    features: dict[str, Support] = msgspec.field(default_factory=dict)
    limits: Limits = Limits()
    lifecycle: Lifecycle = Lifecycle()
    prices: tuple[Price, ...] | None = None
    unavailable: str | None = None
    simulated: bool = False
    typical_seconds: float | None = None


class Catalog:
    """Resolves names to models. What was resolved once is a dictionary look-up afterwards."""

    def __init__(self, manifests: Manifests, *, aliases: Mapping[str, str], defaults: Mapping[Operation, str]) -> None:
        self._manifests = manifests
        self._aliases = aliases
        self._defaults = defaults
        self._resolved: dict[tuple[str | None, str], Model] = {}

    def forget(self) -> None:
        """Resolve anew: a provider was registered or removed."""
        self._resolved = {}  # what is being resolved at this moment goes into the old one

    def resolve(self, name: str | None, operation: Operation) -> Model:
        """The model that `name` means for an operation; None means the default one.

        Raises NotFoundError, InvalidRequestError (several providers offer it) or UnsupportedError, each naming the way out.
        """
        store = self._resolved
        model = store.get((name, operation))
        if model is None:
            if name is not None and len(name) > LONGEST_NAME:
                message = f"the model's name has {len(name)} characters; none is longer than {LONGEST_NAME}"
                raise InvalidRequestError(message, param="model")
            model = self._resolve(name, operation)
            if len(store) >= _REMEMBERED:
                store.clear()
            store[name, operation] = model
        return model

    def operations(self, name: str) -> tuple[str, ...]:
        """What the model that a name means can do. Raises NotFoundError."""
        reference = self._follow(name)
        provider_id, _, model_id = reference.partition("/")
        if model_id and self._manifests.is_registered(provider_id):
            return tuple(self._of(self._manifests.manifest(provider_id), model_id).spec.operations)
        found = {one: None for model in self._listed() if model.id == reference for one in model.spec.operations}
        if not found:
            raise NotFoundError(self._unknown(name), model=name, param="model")
        return tuple(found)

    def _resolve(self, name: str | None, operation: Operation) -> Model:
        reference = self._follow(name or self._default(operation))
        provider_id, _, model_id = reference.partition("/")
        if model_id and self._manifests.is_registered(provider_id):
            model = self._of(self._manifests.manifest(provider_id), model_id)
        else:
            model = self._bare(reference, operation)
        if operation not in model.spec.operations:
            offered = ", ".join(model.spec.operations) or "nothing"
            message = f"{model.reference} cannot {operation}; it can: {offered}"
            raise UnsupportedError(message, provider=model.provider, model=model.id, param="model")
        return model

    def _default(self, operation: Operation) -> str:
        chosen = self._defaults.get(operation) or EMBEDDED_MODELS.get(operation)
        if chosen is None:
            message = f"no model was named and there is no default for {operation}: name one or set GENMUX_{operation.upper()}_MODEL"
            raise ConfigurationError(message, param="model")
        return chosen

    def _follow(self, name: str) -> str:
        seen = [name]
        while (target := self._aliases.get(seen[-1])) is not None:
            if target in seen:
                message = f"the alias {name!r} leads back to itself: {' → '.join([*seen, target])}"
                raise ConfigurationError(message, param="model")
            seen.append(target)
        return seen[-1]

    def _of(self, manifest: Manifest, model_id: str) -> Model:
        listed = manifest.models.get(model_id)
        if listed is None and manifest.models_policy == "closed":
            near = difflib.get_close_matches(model_id, manifest.models, n=3, cutoff=0.5) or sorted(manifest.models)
            message = f"{manifest.id} has no model {model_id!r}; it has: {', '.join(near)}"
            raise NotFoundError(message, provider=manifest.id, model=model_id, param="model")
        spec = inherit(listed or ModelSpec(), manifest.model_defaults)
        return Model(
            provider=manifest.id,
            id=model_id,
            wire_id=spec.wire_id or model_id,
            spec=spec,
            listed=listed is not None,
        )

    def _bare(self, name: str, operation: Operation) -> Model:
        offering = [model for model in self._listed() if model.id == name and operation in model.spec.operations]
        usable = [model for model in offering if self._manifests.unavailable(model.provider) is None]
        match usable or offering:
            case [model]:
                return model
            case []:
                raise NotFoundError(self._unknown(name), model=name, param="model")
            case several:
                choices = ", ".join(model.reference for model in several)
                message = f"{name!r} is offered by several providers: name one of {choices}"
                raise InvalidRequestError(message, model=name, param="model")

    def _unknown(self, name: str) -> str:
        provider_id, _, model_id = name.partition("/")
        if model_id and (near := difflib.get_close_matches(provider_id, self._manifests.ids(), n=3)):
            return f"there is no provider {provider_id!r}; did you mean {' or '.join(near)}?"
        references = [model.reference for model in self._listed()]
        near = difflib.get_close_matches(name, [*references, *(one.partition("/")[2] for one in references)], n=3)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else "a model is named as provider/model, such as openai/gpt-5.4"
        )
        return f"no provider is known to offer {name!r}; {hint}"

    def _listed(self) -> Iterator[Model]:
        for provider_id in self._manifests.ids():
            try:
                manifest = self._manifests.manifest(provider_id)
            except ProviderError:
                continue  # a broken provider is reported by `providers()`; it must not hide the others
            for model_id in manifest.models:
                yield self._of(manifest, model_id)

    def usable(self) -> list[Model]:
        """The listed models of all providers that can be used now."""
        missing: dict[str, str | None] = {}
        models: list[Model] = []
        for model in self._listed():
            if model.provider not in missing:
                missing[model.provider] = self._manifests.unavailable(model.provider)
            if missing[model.provider] is None:
                models.append(model)
        return models

    def models(
        self,
        pricer: Pricer,
        *,
        provider: str | None = None,
        operation: str | None = None,
        features: Iterable[str] = (),
        max_price: Decimal | None = None,
    ) -> list[ModelInfo]:
        """The listed models that fit all that is asked.

        `features` must be native or emulated; `max_price` is US dollars for a million input tokens, and models of unknown
        price do not fit it. Raises InvalidRequestError for a feature, an operation or a provider that does not exist.
        """
        wanted = tuple(features)
        self._check_filter("feature", wanted, FEATURES)
        self._check_filter("operation", (operation,) if operation else (), OPERATIONS)
        self._check_filter("provider", (provider,) if provider else (), self._manifests.ids())
        chosen: list[ModelInfo] = []
        for model in self._listed():
            if (provider and model.provider != provider) or (operation and operation not in model.spec.operations):
                continue
            if any(model.support(feature) not in (Support.NATIVE, Support.EMULATED) for feature in wanted):
                continue
            prices = pricer.rows(model)
            if max_price is not None and not _affordable(prices, max_price):
                continue
            chosen.append(self._info(model, prices))
        return chosen

    def _info(self, model: Model, prices: tuple[Price, ...] | None) -> ModelInfo:
        spec = model.spec
        return ModelInfo(
            reference=model.reference,
            provider=model.provider,
            name=spec.name or model.id,
            description=spec.description,
            operations=tuple(spec.operations),
            features=spec.features,
            limits=spec.limits,
            lifecycle=spec.lifecycle,
            prices=prices,
            unavailable=self._manifests.unavailable(model.provider),
            simulated=spec.simulated,
            typical_seconds=spec.typical_seconds,
        )

    @staticmethod
    def _check_filter(what: str, asked: Iterable[str], known: Iterable[str]) -> None:
        names = [*known]
        for one in asked:
            if one not in names:
                near = difflib.get_close_matches(one, names, n=3) or names
                message = f"there is no {what} {one!r}; try {', '.join(near)}"
                raise InvalidRequestError(message, param=what)


def _affordable(prices: tuple[Price, ...] | None, limit: Decimal) -> bool:
    """Whether the plain price of input tokens is known and within the limit."""
    row = next((row for row in prices or () if row.meter == TOKENS_INPUT and not row.when), None)
    return row is not None and row.currency == "USD" and row.amount * 1_000_000 / row.per <= limit
