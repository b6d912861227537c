"""Rate limits that several gateways share, exact by way of their database."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from genmux.services.ports import NewId
from genmux.services.rates.meter import NANO, Reading
from genmux.services.rates.refusal import Headers, RawHeaders, headers_of, raw_headers, refusal
from genmux.types.errors import ProviderError
from genmux.types.keys import SECONDS
from genmux.types.principal import Principal
from genmux.types.rates import Ask, Entered, Mark, Return

MICRO = 1_000_000

LEASE = 60.0
"""So many seconds a place is kept for a gateway that does not say that it still lives."""

MOST_WAITING = 100_000
"""So many returns are kept while the database does not answer."""

MOST_SEEN = 10_000
"""Of so many scopes it is remembered how they stood."""

PAUSE = 1.0
"""Seconds until the database is asked again after it failed."""


class RateStore(Protocol):
    """Keeps rate limits in a database, by its clock."""

    async def enter(self, pass_id: str, asks: Sequence[Ask], *, lease: float) -> Entered:
        """Take all that is asked, or nothing. `asks` are sorted by scope. Raises StoreError."""
        ...

    async def leave(self, pass_ids: Sequence[str], returns: Sequence[Return]) -> None:
        """Give back places and tokens. Raises StoreError."""
        ...

    async def extend(self, pass_ids: Sequence[str], *, lease: float) -> None:
        """Keep places for longer. Raises StoreError."""
        ...

    async def sweep(self) -> None:
        """Remove what is left of dead gateways and of limits that nobody came near for days. Raises StoreError."""
        ...


class SharedRates:
    """Keeps rate limits in a `RateStore`.

    One round trip lets a request in; what is given back is written at once, but in nobody's way.
    """

    def __init__(
        self,
        store: RateStore,
        *,
        new_id: NewId,
        lease: float = LEASE,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._lease = lease
        self._sleep = sleep
        self._seen: dict[str, list[Reading]] = {}
        self._inside: set[str] = set()
        self._gone: list[str] = []
        self._returns: list[Return] = []
        self._writing: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None

    def applies(self, principal: Principal) -> bool:
        """Whether anything limits this caller."""
        return bool(principal.rates)

    def try_enter(self, principal: Principal, *, tokens: int) -> None:
        """Nothing can be said without the database."""
        del principal, tokens

    async def enter(self, principal: Principal, *, tokens: int) -> "SharedPass":
        """Let a request in. Raises LimitReachedError, and StoreError where the database fails."""
        asks = _asks(principal, tokens)
        pass_id = self._new_id()
        entered = await self._store.enter(pass_id, asks, lease=self._lease)
        if entered.refused is not None:
            ask = asks[entered.refused]
            wait = None if entered.wait is None else entered.wait * (NANO // MICRO)
            raise refusal(ask.limit, ask.scope, wait, asked=ask.cost)
        if any(one.limit.kind == "concurrent" for one in asks):
            self._inside.add(pass_id)
            if _ended(self._beating):
                self._beating = asyncio.create_task(self._beat(), name="keep the places of requests")
        if len(self._seen) > MOST_SEEN:
            self._seen.clear()
        self._seen |= {one.scope: [] for one in asks}
        for ask, mark in zip(asks, entered.marks, strict=True):
            self._seen[ask.scope].append(_reading(ask, mark))
        return SharedPass(self, pass_id, asks, entered.marks)

    def headers(self, principal: Principal) -> RawHeaders:
        """How the limits of a caller stood when this process last let one of its requests in, for an answer."""
        return raw_headers(one for rates in principal.rates for one in self._seen.get(rates.scope, ()))

    def leave(self, pass_id: str, returns: Sequence[Return]) -> None:
        """A request has ended; write that soon."""
        if pass_id in self._inside:
            self._inside.remove(pass_id)
            self._gone.append(pass_id)
        self._returns += returns
        if (self._gone or self._returns) and _ended(self._writing):
            with contextlib.suppress(RuntimeError):  # without a running loop it waits for the next one that leaves
                loop = asyncio.get_running_loop()
                self._writing = loop.create_task(self._write(), name="give back what requests had")

    async def sweep(self) -> None:
        """Remove what nobody needs any more; now and then is enough. Raises StoreError."""
        await self._store.sweep()

    async def aclose(self) -> None:
        """Write what waits. May be called again."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        self._gone += self._inside
        self._inside.clear()
        await self._write_once()

    async def _write(self) -> None:
        while self._gone or self._returns:
            if not await self._write_once():
                await self._sleep(PAUSE)

    async def _write_once(self) -> bool:
        """Write all that waits; False when the database failed, and it waits on."""
        gone, returns = self._gone, self._returns
        if not gone and not returns:
            return True
        self._gone, self._returns = [], []
        done = False
        try:
            await self._store.leave(gone, returns)
            done = True
        except ProviderError:
            return False  # places end with their lease, and the rest is only too much held back: nothing is opened
        finally:
            if not done:
                self._gone = (gone + self._gone)[-MOST_WAITING:]
                self._returns = (returns + self._returns)[-MOST_WAITING:]
        return True

    async def _beat(self) -> None:
        """Say every now and then that requests are still under way."""
        while self._inside:
            await self._sleep(self._lease / 3)
            if inside := [*self._inside]:
                try:
                    await self._store.extend(inside, lease=self._lease)
                except ProviderError:
                    continue  # the next beat may be in time yet


class SharedPass:
    """A request that was let in."""

    __slots__ = ("_asks", "_id", "_left", "_marks", "_rates")

    def __init__(self, rates: SharedRates, pass_id: str, asks: Sequence[Ask], marks: Sequence[Mark]) -> None:
        self._rates = rates
        self._id = pass_id
        self._asks = asks
        self._marks = marks
        self._left = False

    def leave(self, used: int | None) -> None:
        """It has ended, and used so many tokens; None when nobody knows. Idempotent."""
        if self._left:
            return
        self._left = True
        returns = [
            Return(ask, mark, used)
            for ask, mark in zip(self._asks, self._marks, strict=True)
            if used is not None and ask.limit.kind == "tokens" and ask.cost != used
        ]
        self._rates.leave(self._id, returns)

    def headers(self) -> Headers:
        """How the limits stood when it was let in, for the answer."""
        return headers_of(_reading(ask, mark) for ask, mark in zip(self._asks, self._marks, strict=True))


def _ended(task: asyncio.Task[None] | None) -> bool:
    """Whether a task does nothing any more: it is done, or its event loop was closed under it."""
    return task is None or task.done() or task.get_loop().is_closed()


def _asks(principal: Principal, tokens: int) -> list[Ask]:
    asks = [
        Ask(
            principal.organisation,
            rates.scope,
            limit,
            int(SECONDS[limit.per] * MICRO) if limit.per else 0,
            tokens if limit.kind == "tokens" else 1,
        )
        for rates in principal.rates
        for limit in rates.limits
    ]
    return sorted(asks, key=lambda one: (one.scope, one.limit.kind, one.span))


def _reading(ask: Ask, mark: Mark) -> Reading:
    if not ask.span:
        return Reading(ask.limit, 0, 0.0)
    amount = ask.limit.amount
    level = max(mark.empty - mark.now * amount, 0)
    return Reading(ask.limit, max(ask.span * amount - level, 0) // ask.span, level / amount / MICRO)
