"""How a request travels: let in once, then leg by leg until one model answers."""

import asyncio
import random as chance
from collections.abc import Awaitable, Callable
from typing import TypeVar

from genmux.contract.operations import Operation
from genmux.flows.call.door import Door
from genmux.flows.call.legs import ROTATING, Guides, Leg, Legs, only_leg
from genmux.flows.call.options import CallOptions
from genmux.flows.call.plan import Plan, Routes
from genmux.flows.call.ports import Accounts, Clock, Standing
from genmux.flows.call.race import Arrival, Discard, Go, Race
from genmux.flows.call.run import Run
from genmux.flows.call.target import Targets, place
from genmux.types.calls import CallRequest
from genmux.types.errors import ErrorKind, ProviderError

T = TypeVar("T")

TELLING = 10.0
"""A deadline that a caller set to fewer seconds tells something about the caller, not about the model."""


class Journeys:
    """Takes requests through the door and along their legs."""

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        door: Door,
        routes: Routes,
        targets: Targets,
        *,
        accounts: Accounts,
        standing: Standing,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self.routes = routes
        self.targets = targets
        self._door = door
        self._standing = standing
        self._clock = clock
        self._guides = Guides(targets, accounts, standing, clock, sleep, random)

    def plan(self, request: CallRequest, operation: Operation, options: CallOptions) -> Plan:
        """Who may answer. Raises ProviderError."""
        return self.routes.plan(request, operation, strict=options.strict)

    async def ready(self, name: str | None, operation: Operation) -> None:
        """Have at hand what a plan for this name needs: prices, where the cheapest model is to be found. Before `plan`.

        Raises ProviderError.
        """
        found = self.routes.route(name, operation) if self.routes.given else None
        if found is not None and found[1].choose == "cheapest":
            for model in self.routes.members(name, operation):
                await self._door.prepare(model)

    async def travel(
        self,
        request: CallRequest,
        operation: Operation,
        options: CallOptions,
        go: Go[T],
        plan: Plan | None = None,
        *,
        discard: Discard[T] | None = None,
    ) -> tuple[Run, T]:
        """Go leg by leg until one gives a value; the run is then to be completed by the caller.

        `discard` gives back what a value holds that comes too late. Raises the ProviderError of the model that was asked
        last; then everything is settled already.
        """
        if plan is None:
            if self.routes.given:
                await self.ready(request.model, operation)
            plan = self.routes.plan(request, operation, strict=options.strict)
        straight = plan.route is None and not self._guides.accounts.several(plan.candidates[0].model.provider)
        run = await self._door.enter(request, operation, options)
        if straight:  # there is nothing to choose, and the engine repeats
            try:
                value = await go(run, only_leg(plan.candidates[0], run, operation, self._guides))
            except BaseException as error:
                self._door.fail(self._blamed(run, error), error)
                raise
            run.first = self._clock()
            return run, value
        legs = Legs(plan, run, operation, self._guides)
        leg: Leg | None = None
        try:
            leg = await legs.first()
            while True:
                arrival: Arrival = await self._go(legs, leg, go, discard)
                leg = None
                if arrival.error is None:
                    self._arrived(legs, arrival)
                    return arrival.run, arrival.value
                leg = await self._following(legs, arrival, arrival.error)
        except BaseException as error:
            if leg is not None:
                legs.end_trial(leg)
            self._door.fail(self._blamed(legs.run, error), error)
            raise

    async def _go(self, legs: Legs, leg: Leg, go: Go[T], discard: Discard[T] | None) -> Arrival:
        """Go one leg, or two side by side where the route hedges."""
        route = legs.plan.route
        if route is not None and route.hedge_after is not None:
            race = Race(legs, go, discard, door=self._door, clock=self._clock, fell=self._fell)
            return await race.run(leg, route.hedge_after)
        run, began = legs.run, self._clock()
        before = run.sendings
        try:
            value = await go(run, leg)
        except ProviderError as error:
            return Arrival(run, leg, None, error, began, run.sendings > before)
        return Arrival(run, leg, value, None, began, sent=True)

    async def _following(self, legs: Legs, arrival: Arrival, error: ProviderError) -> Leg:
        """The next leg after a failure. Raises ProviderError when there is none."""
        self._fell(legs, arrival)
        self._door.left(arrival.run, error)
        leg = await legs.after(error, arrival.leg, sent=arrival.sent)
        if leg is not None:
            return leg
        verdict, run = legs.verdict or error, legs.run
        if verdict is not error and run.held is not None:  # what is told may have been billed, but this was not
            run.held.release()
            run.held = None
        raise verdict

    def _fell(self, legs: Legs, arrival: Arrival) -> None:
        """Note a leg that failed, and what that tells about its model."""
        run, leg, error, route = arrival.run, arrival.leg, arrival.error, legs.plan.route
        assert error is not None  # noqa: S101 — only called for those
        place(error, leg.target)
        legs.note(leg, run, "failed" if arrival.sent else "skipped", error)
        if route is None:
            return
        if arrival.sent and _tells(run, error):
            self._standing.failed(leg.target.model.reference, error, failures=route.failures, rest=route.rest)
        legs.end_trial(leg)

    def _arrived(self, legs: Legs, arrival: Arrival) -> None:
        run, leg = arrival.run, arrival.leg
        run.first = self._clock()
        legs.note(leg, run, "answered")
        if legs.plan.route is not None:
            self._standing.answered(leg.target.model.reference, run.first - arrival.began)

    @staticmethod
    def _blamed(run: Run, error: BaseException) -> Run:
        """The same run; the error knows where it happened, and how often the request was sent."""
        if run.target is not None:
            place(error, run.target)
        if isinstance(error, ProviderError):
            error.attempts = max(error.attempts, run.sendings)
            if run.route is not None:  # for whoever sees the traceback
                told = "; ".join(f"{step.model} {step.outcome} ({step.reason})" for step in run.steps)
                error.add_note(f"{run.route}: {told}")
        return run


def _tells(run: Run, error: ProviderError) -> bool:
    """Whether a failure tells something about the model.

    Not where the caller brought a key, an address or a short deadline, and not where one of several accounts was refused,
    which rests for itself.
    """
    options = run.options
    if options.credential is not None or options.base_url is not None:
        return False
    if error.kind is ErrorKind.TIMEOUT and options.timeout is not None and options.timeout < TELLING:
        return False
    return run.lease is None or not run.lease.counted or error.kind not in ROTATING
