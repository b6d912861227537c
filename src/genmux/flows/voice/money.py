"""What a session costs, turn by turn: money is held before a turn can begin, and settled when it has ended."""

from collections.abc import Callable

from genmux.flows.call.door import Door
from genmux.flows.call.options import CallOptions
from genmux.flows.call.run import Run
from genmux.flows.call.target import Target
from genmux.types.calls import CallRequest
from genmux.types.errors import ProviderError, Retry
from genmux.types.money import Cost
from genmux.types.realtime import Command, RealtimeTurn
from genmux.types.usage import Usage

AHEAD = 60.0
"""Seconds of sound for which money is held beside what was said before: the most that a usual turn takes."""


class TurnMoney:
    """Holds and settles. The answers of a session begin by themselves, so the money for the next one is always held before.

    `check` raises BudgetExceededError for a turn that may cost more than the caller's own limit.
    """

    def __init__(
        self,
        door: Door,
        target: Target,
        options: CallOptions,
        *,
        check: Callable[[Run, CallRequest, Target], None] | None = None,
    ) -> None:
        self._door = door
        self._check = check
        self._target = target
        self._options = options
        self._run: Run | None = None
        self._begun = False
        self.spent: list[Cost] = []

    async def say(self, command: Command) -> None:
        """Something is about to be said; what it costs is held with the turn."""
        del command

    def told(self, usage: Usage) -> Cost | None:
        """So much was used so far beside answers; that is part of the next one."""
        del usage

    async def hold(self, seconds: float) -> None:
        """Hold money for a turn in which the model may hear and make so much. Raises BudgetExceededError, RateLimitError."""
        if self._run is not None:
            return
        turn = RealtimeTurn(model=self._target.model.reference, seconds=seconds + AHEAD)
        run = await self._door.enter(turn, "realtime", self._options)
        try:
            if self._check is not None:
                self._check(run, turn, self._target)
            await self._door.admit(run, turn, self._target, ahead=True)
        except BaseException as error:
            self._door.fail(run, error)
            raise
        self._run = run

    def begin(self) -> None:
        """The model begins to answer: from now on it costs."""
        if self._run is not None and not self._begun:
            self._begun = True
            self._door.begin(self._run)
            self._run.leave()

    def settle(self, usage: Usage | None, *, request_id: str | None = None) -> Cost | None:
        """An answer has ended and used so much; where nobody says how much, what was held counts as spent. Gives its cost."""
        run, self._run, begun, self._begun = self._run, None, self._begun, False
        if run is None:
            return None
        self._door.begin(run)
        if usage is None and begun:
            lost = ProviderError("the session ended before the provider told what the answer used", retry=Retry.UNSURE)
            self._door.fail(run, lost)
            return None
        cost = self._door.complete(run, usage or Usage(), attempts=1, request_id=request_id)
        if cost is not None:
            self.spent.append(cost)
        return cost

    def lose(self, seconds: float = 0.0) -> None:
        """The connection broke after so many seconds of sound. What was held for an answer under way counts as spent: nobody will tell."""
        del seconds
        if self._begun:
            self.settle(None)

    def drop(self, seconds: float = 0.0) -> None:
        """The session ends after so many seconds of sound; what is held for a turn that did not begin is given back, and is no call."""
        self.lose(seconds)
        run, self._run = self._run, None
        if run is not None:
            self._door.release(run)
