"""Which models may answer a request, in which order, and why."""

import difflib
from collections.abc import Callable, Iterator, Mapping

import msgspec

from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.flows.call.ports import Estimates, Standing
from genmux.flows.call.target import Models
from genmux.services.checks import faults, fit
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.errors import ConfigurationError, NotFoundError, ProviderError, UnsupportedError
from genmux.types.routes import PREFIX, Destination, Route, Step

Request = ChatRequest | EmbedRequest
_UNKNOWN = 1 << 62
"""Dearer than everything, in micro-units."""


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
    """The routes that are configured. `random` gives numbers from 0 to 1."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        *,
        models: Models,
        aliases: Mapping[str, str],
        estimates: Estimates,
        standing: Standing,
        random: Callable[[], float],
    ) -> None:
        self._routes = routes
        self._models = models
        self._aliases = aliases
        self._estimates = estimates
        self._standing = standing
        self._random = random

    def route(self, name: str | None) -> tuple[str, Route] | None:
        """The route that a name means, also by an alias; None for the name of a model. Raises NotFoundError."""
        if name is None:
            return None
        name = self._aliases.get(name, name)
        if not name.startswith(PREFIX):
            return None
        found = self._routes.get(name.removeprefix(PREFIX))
        if found is None:
            near = difflib.get_close_matches(name, self.names(), n=3, cutoff=0.3) or self.names()
            message = f"there is no route {name!r}; " + (
                f"there is {', '.join(near)}" if near else "none is configured"
            )
            raise NotFoundError(message, model=name, param="model")
        return name, found

    def names(self) -> list[str]:
        """All routes, as they are named in requests."""
        return [PREFIX + name for name in self._routes]

    def members(self, name: str | None, operation: Operation) -> tuple[Model, ...]:
        """The models that a name may mean: one, or those of a route that can do the operation at all. Raises ProviderError."""
        found = self.route(name)
        if found is None:
            return (self._models.resolve(name, operation),)
        return tuple(model for _, model in self._resolved(found[1], operation, []))

    def plan(self, request: Request, operation: Operation, *, strict: bool = True) -> Plan:
        """Who may answer this request, as it is or (not `strict`) without what can be left out. Raises ProviderError."""
        found = self.route(request.model or None)
        if found is None:
            return Plan(candidates=(Candidate(self._models.resolve(request.model or None, operation)),))
        name, route = found
        left_out: list[Step] = []
        able = [*_able(request, self._resolved(route, operation, left_out), left_out, strict=strict)]
        if not able:
            reasons = "; ".join(f"{step.model}: {step.reason}" for step in left_out)
            message = f"no model of {name} can do this: {reasons}"
            raise UnsupportedError(message, model=name, param="model")
        ordered = self._ordered(route, request, able)
        ordered.sort(
            key=lambda one: self._standing.rest(one.model.reference)
        )  # keeps the order of those that do not rest
        return Plan(candidates=tuple(ordered), name=name, route=route, left_out=tuple(left_out))

    def _resolved(
        self, route: Route, operation: Operation, left_out: list[Step]
    ) -> Iterator[tuple[Destination, Model]]:
        for destination in route.destinations:
            try:
                yield destination, self._models.resolve(destination.model, operation)
            except ProviderError as error:
                left_out.append(Step(model=destination.model, outcome="skipped", reason=error.message))

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
        """Drawn one after another, each with its share of what is left (Efraimidis and Spirakis, 2006)."""
        drawn = [
            (self._random() ** (1 / destination.weight) if destination.weight else -1.0, number)
            for number, (destination, _) in enumerate(able)
        ]
        return [Candidate(able[number][1], "drawn by weight") for _, number in sorted(drawn, reverse=True)]

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
    request: Request, resolved: Iterator[tuple[Destination, Model]], left_out: list[Step], *, strict: bool
) -> Iterator[tuple[Destination, Model]]:
    """Those that can do what is asked; the others are noted with the reason."""
    for destination, model in resolved:
        fitting = request if strict or isinstance(request, EmbedRequest) else fit(request, model)[0]
        if found := faults(fitting, model):
            left_out.append(Step(model=model.reference, outcome="skipped", reason="; ".join(found)))
        else:
            yield destination, model


def route_faults(routes: Mapping[str, Route]) -> Iterator[str]:
    """What is wrong with routes, in words."""
    for name, route in routes.items():
        if not route.models:
            yield f"the route {PREFIX}{name} has no models"
        if any(one.model.startswith(PREFIX) for one in route.destinations):
            yield f"the route {PREFIX}{name} leads to another route; name models"
        if route.choose == "weight" and not any(one.weight for one in route.destinations):
            yield f"all weights of the route {PREFIX}{name} are 0"


def check_routes(routes: Mapping[str, Route]) -> None:
    """Raise ConfigurationError for routes that cannot work."""
    if found := [*route_faults(routes)]:
        raise ConfigurationError("; ".join(found))
