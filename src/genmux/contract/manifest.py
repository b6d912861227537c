"""The provider as data."""

import tomllib
from collections.abc import Container, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from genmux.contract.balance import BalanceSpec
from genmux.contract.constraints import Constraint
from genmux.contract.features import FEATURES, Support
from genmux.contract.job_traits import JobTraits
from genmux.contract.operations import KINDS, Operation
from genmux.contract.params import InputParam, Param
from genmux.contract.statuses import RawStatus
from genmux.types.conditions import placed_faults
from genmux.types.errors import ConfigurationError, ErrorKind
from genmux.types.generation import InputRole
from genmux.types.money import Price
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

SPEC = 1
"""The newest edition of the contract. Older editions keep working, with a `deprecated` warning."""


class Credential(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field of a credential and the environment variables in which it is looked for, first one first.

    A `required` field may be left out when all fields of `unless` are there, such as an API key beside a pair of keys.
    """

    env: tuple[str, ...] = ()
    required: bool = True
    unless: tuple[str, ...] = ()
    description: str | None = None


def lacking_fields(credentials: Mapping[str, Credential], found: Container[str]) -> list[str]:
    """The fields that a credential must have and does not: those that are required, and nothing stands in for."""
    return [
        name
        for name, one in credentials.items()
        if one.required and name not in found and not (one.unless and all(other in found for other in one.unless))
    ]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a model can take: tokens of context and of one answer, vector length.

    Of a text that is spoken at once `max_characters`; of a sound that is written down at once `max_seconds` and `max_bytes`.
    """

    context_tokens: int | None = None
    max_output_tokens: int | None = None
    dimensions: int | None = None
    max_characters: int | None = None
    max_seconds: float | None = None
    max_bytes: int | None = None


class Lifecycle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Dates (ISO) in the life of a model, and what to use afterwards."""

    released: str | None = None
    deprecated: str | None = None
    shutdown: str | None = None
    replacement: str | None = None


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that can be called. What is left out is taken from the manifest's `model_defaults`.

    `like` names another model of the manifest; what is left out is taken from that first (see `inherit`). `wire_id` is
    the provider's own name, where ours differs. `operations` maps an operation to the name of a wire; `family` tells
    whose opaque state (reasoning signatures) can be exchanged; `tokenizer` names a public vocabulary (`o200k_base`,
    `cl100k_base`) with which tokens can be counted offline. `inputs` are what goes in beside the prompt, by role, and
    `constraints` what parameters allow one another. `typical_seconds` is how long a job usually takes. `simulated` says that
    no model stands behind it, where one is expected.
    """

    like: str | None = None
    name: str | None = None
    description: str | None = None
    wire_id: str | None = None
    family: str | None = None
    tokenizer: str | None = None
    operations: dict[Operation, str] = msgspec.field(default_factory=dict)
    features: dict[str, Support] = msgspec.field(default_factory=dict)
    params: dict[str, Param] = msgspec.field(default_factory=dict)
    inputs: dict[InputRole, InputParam] = msgspec.field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
    typical_seconds: float | None = None
    simulated: bool = False
    limits: Limits = Limits()
    prices: tuple[Price, ...] = ()
    lifecycle: Lifecycle = Lifecycle()


def inherit(spec: ModelSpec, base: ModelSpec) -> ModelSpec:
    """What a model says, with what it leaves out taken from another model or from the defaults.

    Features, params and prices belong to operations: a model that has no operation of `base` takes none of these.
    Name, description, wire id and lifecycle are a model's own.
    """
    operations = spec.operations or base.operations
    if operations.keys().isdisjoint(base.operations):
        base = msgspec.structs.replace(
            base, features={}, params={}, inputs={}, constraints=(), prices=(), limits=Limits()
        )
    limits = {name: getattr(spec.limits, name) or getattr(base.limits, name) for name in Limits.__struct_fields__}
    return msgspec.structs.replace(
        spec,
        family=spec.family or base.family,
        tokenizer=spec.tokenizer or base.tokenizer,
        operations=operations,
        features={**base.features, **spec.features},
        params={**base.params, **spec.params},
        inputs={**base.inputs, **spec.inputs},
        constraints=(*base.constraints, *spec.constraints),
        typical_seconds=spec.typical_seconds or base.typical_seconds,
        simulated=spec.simulated or base.simulated,
        limits=Limits(**limits),
        prices=spec.prices or base.prices,
    )


class WireSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dialect a wire speaks, with the options that the dialect knows (its documentation lists them)."""

    dialect: str
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One light, unpaid request that tells whether the provider is up."""

    path: str
    method: str = "GET"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that the core must know of a provider without importing it.

    `models_policy = "open"` lets unlisted model ids be used, with `model_defaults`. `domains` are for telling the
    provider from a URL, `api_hosts` those that may receive its credentials. `price_provider` is its id in the token
    price list. `wires` are those that a dialect speaks, by name; where the provider's code brings others beside them,
    `code_wires` names these. `errors` maps the provider's own error codes to our kinds; a key of three digits is an HTTP status, one
    with a space in it a phrase of the message. `extra_package` is a module without which the provider cannot be used.
    `credit_types` are the provider's own currencies, `credit_rates` what one credit costs in US dollars on the usual
    plan, and `balances` say how to ask what is left of them. `jobs` is what the core must know to run jobs safely, and
    `statuses` the table of the provider's own words for where a job stands.
    """

    spec: int
    id: str
    name: str
    version: str = "1.0.0"
    description: str = ""
    author: str = "genmux"
    documentation: str | None = None
    enabled: bool = True
    requires_credentials: bool = True
    local: bool = False
    base_url: str = ""
    base_url_env: tuple[str, ...] = ()
    auth: str = "bearer"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    credentials: dict[str, Credential] = msgspec.field(default_factory=dict)
    domains: tuple[str, ...] = ()
    api_hosts: tuple[str, ...] = ()
    wires: dict[str, WireSpec] = msgspec.field(default_factory=dict)
    code_wires: tuple[str, ...] = ()
    errors: dict[str, ErrorKind] = msgspec.field(default_factory=dict)
    models_policy: Literal["open", "closed"] = "open"
    model_defaults: ModelSpec = ModelSpec()
    models: dict[str, ModelSpec] = msgspec.field(default_factory=dict)
    health: Probe | None = None
    price_provider: str | None = None
    reports_cost: bool = False
    credit_types: tuple[str, ...] = ()
    credit_rates: dict[str, Decimal] = msgspec.field(default_factory=dict)
    balances: tuple[BalanceSpec, ...] = ()
    max_concurrency: int | None = None
    extra_package: str | None = None
    jobs: JobTraits = JobTraits()
    statuses: tuple[RawStatus, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the provider makes (`text`, `image` …), computed from its models' operations."""
        offered = {operation for spec in (self.model_defaults, *self.models.values()) for operation in spec.operations}
        return tuple(kind for kind, operations in KINDS.items() if offered.intersection(operations))

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """What the manifest's author should know."""
        if self.spec == SPEC:
            return ()
        detail = f"spec = {self.spec} still works; its successor is spec = {SPEC}"
        return (Warning("deprecated", "spec", detail),)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest file. Raises ConfigurationError that names the file, the key and the line of what is wrong."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read: {error}"
        raise ConfigurationError(message) from error
    return parse_manifest(text, source=str(path))


def parse_manifest(text: str, *, source: str) -> Manifest:
    """Read a manifest from TOML; the same text is read once in a process. `source` names it in errors."""
    return _parsed(text, source)


@lru_cache(256)
def _parsed(text: str, source: str) -> Manifest:
    from genmux.contract.toml_lines import describe

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{source}: not valid TOML: {error}"
        raise ConfigurationError(message) from error
    if (spec := table.get("spec", SPEC)) not in range(1, SPEC + 1):
        # told first: what a newer edition has added would only look like unknown fields
        fault = f"spec is {spec!r}; this genmux reads 1 to {SPEC}, a higher one needs a newer genmux - at `$.spec`"
        raise ConfigurationError(describe(source, text, fault))
    try:
        manifest = msgspec.convert(table, Manifest, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(describe(source, text, _narrowed(table, error))) from error
    if faults := _faults(manifest):
        raise ConfigurationError("; ".join(describe(source, text, fault) for fault in faults))
    return msgspec.structs.replace(manifest, models=_with_likes(manifest))


def _with_likes(manifest: Manifest) -> dict[str, ModelSpec]:
    """Every `like` followed; the fault of one that leads nowhere or on was found before."""
    models, defaults = manifest.models, manifest.model_defaults
    return {
        name: inherit(spec, inherit(models[spec.like], defaults)) if spec.like else spec
        for name, spec in models.items()
    }


def _narrowed(table: dict[str, Any], error: msgspec.ValidationError) -> str:
    """Say of which model the error speaks; msgspec only says `models[...]`."""
    if "`$.models[...]" in str(error):
        for name, spec in table["models"].items():
            try:
                msgspec.convert(spec, ModelSpec, strict=False)
            except msgspec.ValidationError as closer:
                message, _, place = str(closer).partition(" - at `$")
                return f'{message} - at `$.models."{name}"{place or "`"}'
    return str(error)


def _faults(manifest: Manifest) -> list[str]:
    faults: list[str] = []
    if not manifest.id.replace("-", "").replace("_", "").isalnum():
        faults.append(f"id {manifest.id!r} must be letters, digits, '-' and '_' - at `$.id`")
    specs = {"model_defaults": manifest.model_defaults}
    specs |= {f'models."{name}"': spec for name, spec in manifest.models.items()}
    faults += [
        f"unless names {other!r}, which is no field of the credential - at `$.credentials.{name}.unless`"
        for name, field in manifest.credentials.items()
        for other in field.unless
        if other not in manifest.credentials
    ]
    faults += _like_faults(manifest.models)
    wires = (*manifest.wires, *manifest.code_wires)
    for place, spec in specs.items():
        faults += [
            f"unknown feature {feature!r}; the features are {', '.join(FEATURES)} - at `$.{place}.features.{feature}`"
            for feature in spec.features
            if feature not in FEATURES
        ]
        faults += [
            f"operation {operation!r} uses the wire {wire!r}, which is not among [{', '.join(wires)}]"
            f" - at `$.{place}.operations.{operation}`"
            for operation, wire in spec.operations.items()
            if wires and wire not in wires
        ]
        faults += [
            f"the default of {name!r} is wrong: {fault} - at `$.{place}.params.{name}`"
            for name, param in spec.params.items()
            if param.default is not None and (fault := param.fault(name, param.default))
        ]
        faults += [f"{fault} - at `$.{place}.prices{row}`" for row, fault in placed_faults(spec.prices)]
    return faults


def _like_faults(models: dict[str, ModelSpec]) -> list[str]:
    return [
        f"like is {spec.like!r}; it must name a model of this manifest that has no `like` itself"
        f' - at `$.models."{name}".like`'
        for name, spec in models.items()
        if spec.like is not None and (spec.like not in models or models[spec.like].like is not None)
    ]
