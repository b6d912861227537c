"""Which models may answer a request, in which order, and why."""

import difflib
import math
import re
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping

import msgspec

from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.flows.call.ports import Counter, Estimates, Standing
from genmux.flows.call.target import Models
from genmux.services.checks import faults, fit
from genmux.types.calls import CallRequest
from genmux.types.chat import ChatRequest
from genmux.types.errors import ConfigurationError, NotFoundError, ProviderError, UnsupportedError
from genmux.types.routes import PREFIX, Destination, Route, Step

Request = CallRequest
_UNKNOWN = 1 << 62
"""Dearer than everything, in micro-units."""

_REMEMBERED = 1_024
"""So many plans for one model are kept at most."""

_ALIASES_DEEP = 16
"""So many aliases of aliases are followed to a route."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
"""What needs no quotes as a key in TOML."""

_SURELY_FITS = 2
"""Characters to a token, so few that a request of less than the context by this ratio need not be counted to fit into it."""


class Candidate(msgspec.Struct, frozen=True):
    """A model that may answer, and why it stands where it does."""

    model: Model
    why: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The models that may answer, the first one first. `route` is None where a model was named; `left_out` tells of the others."""

    candidates: tuple[Candidate, ...]
    name: str | None = None
    route: Route | None = None
    left_out: tuple[Step, ...] = ()


class Routes:
    """The routes that are configured. `random` gives numbers from 0 up to 1; `defaults` are models by operation."""

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        routes: Mapping[str, Route],
        *,
        models: Models,
        aliases: Mapping[str, str],
        estimates: Estimates,
        standing: Standing,
        random: Callable[[], float],
        counter: Counter | None = None,
        defaults: Mapping[Operation, str] | None = None,
    ) -> None:
        self._routes = routes
        self._models = models
        self._aliases = aliases
        self._estimates = estimates
        self._standing = standing
        self._random = random
        self._counter = counter
        self._defaults = defaults or {}
        self._plans: dict[int, Plan] = {}

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return bool(self._routes)

    def route(self, name: str | None, operation: Operation | None = None) -> tuple[str, Route] | None:
        """The route that a name means, also by an alias or as the default for an operation; None for a model.

        Raises NotFoundError.
        """
        if not name:
            name = self._defaults.get(operation) if operation is not None else None
            if not name:
                return None
        if name in self._aliases:
            name = self._follow(name)
        if not name.startswith(PREFIX):
            return None
        found = self._routes.get(name.removeprefix(PREFIX))
        if found is None:
            raise NotFoundError(self._unknown(name), model=name, param="model")
        return name, found

    def _follow(self, name: str) -> str:
        """What a name means by the aliases; one that leads back to itself is told when it is resolved."""
        for _ in range(_ALIASES_DEEP):
            if name not in self._aliases:
                break
            name = self._aliases[name]
        return name

    def _unknown(self, name: str) -> str:
        if not self._routes:
            return (
                f"there is no route {name!r}; genmux.toml has none, declare it in [routes.{name.removeprefix(PREFIX)}]"
            )
        near = difflib.get_close_matches(name, self.names(), n=3, cutoff=0.7)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(self.names())}"
        return f"there is no route {name!r}; {hint}"

    def names(self) -> list[str]:
        """All routes, as they are named in requests."""
        return [PREFIX + name for name in self._routes]

    def members(self, name: str | None, operation: Operation) -> tuple[Model, ...]:
        """The models that a name may mean: one, or those of a route that can do the operation at all. Raises ProviderError."""
        found = self.route(name, operation)
        if found is None:
            return (self._models.resolve(name, operation),)
        left_out: list[Step] = []
        able = tuple(model for _, model in self._resolved(found[1], operation, left_out))
        if not able:
            raise _nobody(found[0], left_out)
        return able

    def plan(self, request: Request, operation: Operation, *, strict: bool = True) -> Plan:
        """Who may answer this request, as it is or (not `strict`) without what can be left out. Raises ProviderError."""
        asked = request.model
        plain = asked and asked not in self._aliases and not asked.startswith(PREFIX)  # as mostly
        found = None if plain else self.route(asked, operation)
        if found is None:
            model = self._models.resolve(asked or None, operation)
            kept = self._plans.get(id(model))  # it holds the model, so that no other has the same identity
            return kept if kept is not None and kept.candidates[0].model is model else self._plain(model)
        name, route = found
        left_out: list[Step] = []
        able = [*self._able(request, self._resolved(route, operation, left_out), left_out, strict=strict)]
        if not able:
            raise _nobody(name, left_out)
        ordered = self._ordered(route, request, able)
        resting = self._standing.rest
        ordered.sort(key=lambda one: resting(one.model.reference))  # keeps the order of those that do not rest
        return Plan(candidates=tuple(ordered), name=name, route=route, left_out=tuple(left_out))

    def _plain(self, model: Model) -> Plan:
        """The plan for one model, made once."""
        if len(self._plans) >= _REMEMBERED:
            self._plans.clear()
        made = self._plans[id(model)] = Plan(candidates=(Candidate(model),))
        return made

    def _resolved(
        self, route: Route, operation: Operation, left_out: list[Step]
    ) -> Iterator[tuple[Destination, Model]]:
        seen: set[str] = set()
        for destination in route.destinations:
            try:
                model = self._models.resolve(destination.model, operation)
            except ProviderError as error:
                left_out.append(Step(model=destination.model, outcome="skipped", reason=error.message))
                continue
            if model.reference not in seen:  # by its name and by an alias
                seen.add(model.reference)
                yield destination, model

    def _ordered(self, route: Route, request: Request, able: list[tuple[Destination, Model]]) -> list[Candidate]:
        match route.choose:
            case "order":
                return [Candidate(model, "its place in the route") for _, model in able]
            case "weight":
                return self._by_weight(able)
            case "cheapest":
                return self._by_price(request, able)
            case "fastest":
                return self._by_latency(able)

    def _by_weight(self, able: list[tuple[Destination, Model]]) -> list[Candidate]:
        """Drawn one after another, each with its share of what is left; a weight of 0 comes last.

        The times at which independent events with these rates happen first come in just that order.
        """
        drawn = [
            (-math.log(1.0 - self._random()) / destination.weight if destination.weight else math.inf, number)
            for number, (destination, _) in enumerate(able)
        ]
        return [Candidate(able[number][1], "drawn by weight") for _, number in sorted(drawn)]

    def _by_price(self, request: Request, able: list[tuple[Destination, Model]]) -> list[Candidate]:
        priced = [(self._estimates.most(request, model), model) for _, model in able]
        priced.sort(key=lambda one: _UNKNOWN if one[0] is None else one[0])
        return [
            Candidate(model, "its price is not known" if most is None else f"may cost {most / 1e6:.6f} USD")
            for most, model in priced
        ]

    def _by_latency(self, able: list[tuple[Destination, Model]]) -> list[Candidate]:
        """Those that were never measured first, so that they are."""
        measured = [(self._standing.latency(model.reference), model) for _, model in able]
        measured.sort(key=lambda one: -1.0 if one[0] is None else one[0])
        return [
            Candidate(model, "not measured yet" if seconds is None else f"answered in {seconds:.3f} s lately")
            for seconds, model in measured
        ]

    def _able(
        self, request: Request, resolved: Iterator[tuple[Destination, Model]], left_out: list[Step], *, strict: bool
    ) -> Iterator[tuple[Destination, Model]]:
        """Those that can do what is asked; the others are noted with the reason."""
        length = sum(len(one.text) for one in request.messages) if isinstance(request, ChatRequest) else 0
        for destination, model in resolved:
            fitting = request if strict or not isinstance(request, ChatRequest) else fit(request, model)[0]
            found = faults(fitting, model)
            if not found and (fault := self._too_long(fitting, model, length)):
                found = (fault,)
            if found:
                left_out.append(Step(model=model.reference, outcome="skipped", reason="; ".join(found)))
            else:
                yield destination, model

    def _too_long(self, request: Request, model: Model, length: int) -> str | None:
        """Why a conversation of so many characters does not fit into a model's context, None where it may."""
        context = model.limits.context_tokens
        if context is None or self._counter is None or not isinstance(request, ChatRequest):
            return None
        room = context - (request.max_tokens or 0)
        if length <= room * _SURELY_FITS:
            return None
        tokens = self._counter.count(request, model).tokens
        if tokens <= room:
            return None
        answer = f" beside an answer of {request.max_tokens}" if request.max_tokens else ""
        return f"the conversation has about {tokens} tokens, more than fit into its context of {context}{answer}"


def _nobody(name: str, left_out: list[Step]) -> UnsupportedError:
    reasons = "; ".join(f"{step.model}: {step.reason}" for step in left_out)
    return UnsupportedError(f"no model of {name} can do this: {reasons}", model=name, param="model")


def route_faults(routes: Mapping[str, Route], aliases: Mapping[str, str] | None = None) -> Iterator[str]:
    """What is wrong with routes, in words that name the key in genmux.toml."""
    for name, route in routes.items():
        key = f"routes.{name}" if _BARE.fullmatch(name) else f'routes."{name}"'
        if not route.models:
            yield f"`{key}.models` is empty; name the models that may answer"
            continue
        yield from _faults_of_models(f"`{key}.models`", route.destinations, aliases or {})
        if route.choose == "weight" and not any(one.weight for one in route.destinations):
            yield f"all weights in `{key}.models` are 0; give at least one of them more"
        if route.hedge_after is not None and len(route.models) == 1:
            yield f"`{key}.hedge_after` asks a second model as well, but `{key}.models` has only one"
        for setting in ("rest", "hedge_after"):
            if not math.isfinite(getattr(route, setting) or 0.0):
                yield f"`{key}.{setting}` is {getattr(route, setting)}; give seconds above 0"


def _faults_of_models(key: str, models: tuple[Destination, ...], aliases: Mapping[str, str]) -> Iterator[str]:
    for one in models:
        if not one.model:
            yield f"{key} has an empty name; name a model as provider/model"
        elif aliases.get(one.model, one.model).startswith(PREFIX):
            yield f"{key} has {one.model!r}, which is a route; name models"
        if not math.isfinite(one.weight):
            yield f"the weight of {one.model!r} in {key} is {one.weight}; give a number from 0"
    for model, times in Tally(one.model for one in models).items():
        if times > 1:
            yield f"{key} has {model!r} {times} times; name it once (`attempts` says how often requests are repeated)"


def check_routes(routes: Mapping[str, Route], aliases: Mapping[str, str] | None = None) -> None:
    """Raise ConfigurationError for routes that cannot work; it names what to change in genmux.toml."""
    if found := [*route_faults(routes, aliases)]:
        raise ConfigurationError("genmux.toml: " + "; ".join(found))
