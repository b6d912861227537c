"""Two models at work on one request: the second is asked as well when the first does not answer in time.

Each has a run of its own, so that each has its own hold and account. The first to answer goes on with the request; the
other one is cancelled, and what was held for it is presumed spent when it had been sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from genmux.flows.call.door import Door
from genmux.flows.call.legs import Leg, Legs
from genmux.flows.call.ports import Clock
from genmux.flows.call.run import Run
from genmux.types.errors import ProviderError

T = TypeVar("T")
Go = Callable[[Run, Leg], Awaitable[T]]
"""Goes one leg: has the request admitted for its target, and sends it."""

Discard = Callable[[T], Awaitable[None]]
"""Gives back what an answer holds that came too late."""


class Arrival(msgspec.Struct, frozen=True):
    """How a leg ended: with a value or an `error`, after it had begun at `began`; `sent` says whether anything was sent."""

    run: Run
    leg: Leg
    value: Any
    error: ProviderError | None
    began: float
    sent: bool


Fell = Callable[[Legs, Arrival], None]
"""Notes that a leg failed."""


class _Racer(msgspec.Struct):
    """One of the two."""

    run: Run
    leg: Leg
    task: "asyncio.Task[Any]"
    began: float
    before: int

    @property
    def error(self) -> ProviderError | None:
        """How it failed, None when it answered. Raises whatever else happened to it."""
        try:
            self.task.result()
        except ProviderError as error:
            return error
        return None

    @property
    def arrival(self) -> Arrival:
        """How it ended."""
        error = self.error
        value = self.task.result() if error is None else None
        return Arrival(self.run, self.leg, value, error, self.began, self.run.sendings > self.before)


class Race(Generic[T]):
    """Goes one leg, and after a while a second one beside it."""

    def __init__(
        self, legs: Legs, go: Go[T], discard: Discard[T] | None, *, door: Door, clock: Clock, fell: Fell
    ) -> None:
        self._legs = legs
        self._go = go
        self._discard = discard
        self._door = door
        self._clock = clock
        self._fell = fell
        self._racers: list[_Racer] = []

    async def run(self, leg: Leg, seconds: float) -> Arrival:
        """The first answer, or the last failure when there is none; the second is asked after so many seconds."""
        try:
            first = self._start(self._legs.run, leg)
            await asyncio.wait({first.task}, timeout=seconds)
            if not first.task.done() and (second := await self._legs.aside(seconds, self._door.beside)) is not None:
                self._start(*second)
            return await self._first_answer()
        finally:
            await self._end()

    async def _end(self) -> None:
        """Stop whoever is still there, and give back what was theirs, also when whoever asked is told to go once more."""
        try:
            for racer in self._racers:
                racer.task.cancel()
            for racer in self._racers:
                await self._stop(racer)
        finally:
            for racer in self._racers:
                if racer.run is not self._legs.run:
                    self._door.drop(racer.run, asyncio.CancelledError())

    def _start(self, run: Run, leg: Leg) -> _Racer:
        task = asyncio.ensure_future(self._go(run, leg))
        racer = _Racer(run, leg, task, self._clock(), run.sendings)
        self._racers.append(racer)
        return racer

    async def _first_answer(self) -> Arrival:
        while True:
            await asyncio.wait({one.task for one in self._racers}, return_when=asyncio.FIRST_COMPLETED)
            for racer in [one for one in self._racers if one.task.done()]:
                error = racer.error
                if error is None or len(self._racers) == 1:
                    await self._outpace(racer)
                    self._racers.remove(racer)  # not before: what it has is not lost where this is broken off
                    return racer.arrival
                self._racers.remove(racer)
                arrival = racer.arrival
                self._fell(self._legs, arrival)
                self._legs.judge(error, racer.leg, sent=arrival.sent)
                self._give_up(racer, self._racers[0], error)

    async def _outpace(self, winner: _Racer) -> None:
        """Cancel the other one."""
        for loser in [one for one in self._racers if one is not winner]:
            await self._stop(loser)
            self._racers.remove(loser)
            self._legs.outpaced(loser.leg, loser.run, self._clock() - loser.began)
            self._give_up(loser, winner, asyncio.CancelledError())

    async def _stop(self, racer: _Racer) -> None:
        """Cancel it; what it has answered in the meantime is given back."""
        racer.task.cancel()
        await asyncio.wait({racer.task})
        if self._discard is not None and not racer.task.cancelled() and racer.task.exception() is None:
            await self._discard(racer.task.result())

    def _give_up(self, racer: _Racer, other: _Racer, error: BaseException) -> None:
        """Go on with the other one alone."""
        risked = min(racer.run.risked, other.run.risked)
        if self._door.drop(racer.run, error):
            risked += racer.run.most
        other.run.risked = risked
        if racer.run is self._legs.run:
            other.run.succeed(racer.run)
            self._legs.carry_on(other.run)
        else:
            other.run.sendings += racer.run.sendings
        other.before += racer.run.sendings
