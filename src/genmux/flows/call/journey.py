"""How a request travels: let in once, then leg by leg until one model answers."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from genmux.contract.operations import Operation
from genmux.flows.call.door import Door
from genmux.flows.call.legs import Leg, Legs
from genmux.flows.call.options import CallOptions
from genmux.flows.call.plan import Plan, Routes
from genmux.flows.call.ports import Accounts, Clock, Standing
from genmux.flows.call.run import Run
from genmux.flows.call.target import Targets, place
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.errors import ProviderError
from genmux.types.routes import Route

T = TypeVar("T")
Go = Callable[[Run, Leg], Awaitable[T]]
"""Goes one leg: has the request admitted for its target, and sends it."""

_USUAL = Route(models=())


class Journeys:
    """Takes requests through the door and along their legs."""

    def __init__(
        self, door: Door, routes: Routes, targets: Targets, *, accounts: Accounts, standing: Standing, clock: Clock
    ) -> None:
        self.routes = routes
        self.targets = targets
        self._door = door
        self._standing = standing
        self._accounts = accounts
        self._clock = clock

    def plan(self, request: ChatRequest | EmbedRequest, operation: Operation, options: CallOptions) -> Plan:
        """Who may answer. Raises ProviderError."""
        return self.routes.plan(request, operation, strict=options.strict)

    async def travel(
        self,
        request: ChatRequest | EmbedRequest,
        operation: Operation,
        options: CallOptions,
        go: Go[T],
        plan: Plan | None = None,
    ) -> tuple[Run, T]:
        """Go leg by leg until one gives a value; the run is then to be completed by the caller.

        Raises the last leg's ProviderError; then everything is settled already.
        """
        plan = plan or self.plan(request, operation, options)
        run = await self._door.enter(request, operation, options)
        legs = Legs(plan, run, operation, targets=self.targets, accounts=self._accounts)
        try:
            leg: Leg | None = await legs.first()
            while True:
                began = self._clock()
                try:
                    value = await go(run, leg)
                except ProviderError as error:
                    leg = await self._after(error, run, legs, leg)
                else:
                    self._arrived(run, legs, leg, began)
                    return run, value
        except BaseException as error:
            if run.target is not None:
                place(error, run.target)
            self._door.fail(run, error)
            raise

    async def _after(self, error: ProviderError, run: Run, legs: Legs, leg: Leg) -> Leg:
        """The next leg after a failure. Raises the failure when there is none."""
        place(error, leg.target)
        route = legs.plan.route
        model = leg.target.model.reference
        if route is not None:
            self._standing.failed(model, error, failures=route.failures, rest=route.rest)
        legs.note("failed" if run.target is leg.target else "skipped", error)
        self._door.left(run, error)
        following = await legs.after(error)
        if following is None:
            raise error
        return following

    def _arrived(self, run: Run, legs: Legs, leg: Leg, began: float) -> None:
        run.first = self._clock()
        if legs.plan.route is not None:
            self._standing.answered(leg.target.model.reference, run.first - began)
        legs.note("answered")
