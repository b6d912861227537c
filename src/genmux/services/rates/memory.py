"""Rate limits of one process."""

import threading
from collections.abc import Callable

from genmux.services.rates.meter import MILLI, NANO, Bucket, Places
from genmux.services.rates.refusal import Headers, LimitReachedError, RawHeaders, headers_of, refusal
from genmux.types.keys import RateLimit, ScopeRates
from genmux.types.principal import Principal

MOST_SCOPES = 100_000
"""So many scopes are remembered before those that are back at nothing are forgotten: anybody can name end users."""

Taken = tuple[Bucket, int, int]
"""A bucket with its `empty` and `shifted` after something was taken."""


class _Scope:
    """The meters of one scope."""

    __slots__ = ("buckets", "limits", "places")

    def __init__(self, limits: tuple[RateLimit, ...]) -> None:
        self.limits = limits
        self.buckets = tuple(Bucket(one) for one in limits if one.kind != "concurrent")
        self.places = tuple(Places(one) for one in limits if one.kind == "concurrent")

    def change(self, limits: tuple[RateLimit, ...], now: int) -> None:
        """Other limits from now on; what was taken stays taken."""
        if limits == self.limits:
            self.limits = limits
            return
        new = _Scope(limits)
        before = {(one.limit.kind, one.limit.per): one for one in self.buckets}
        for bucket in new.buckets:
            if old := before.get((bucket.limit.kind, bucket.limit.per)):
                bucket.inherit(old, now)
        for old, place in zip(self.places, new.places, strict=False):
            old.limit = place.limit
        kept = self.places[: len(new.places)]  # whoever has a place gives it back to these
        self.limits, self.buckets, self.places = limits, new.buckets, (*kept, *new.places[len(kept) :])

    def idle(self, now: int) -> bool:
        """Whether forgetting it makes no difference."""
        return not any(one.taken for one in self.places) and all(one.empty <= now * one.amount for one in self.buckets)


class MemoryRates:
    """Keeps rate limits in memory; `clock` gives nanoseconds and should never go backwards. Threads may share it."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._latest = 0
        self._scopes: dict[str, _Scope] = {}
        self.lock = threading.Lock()

    def applies(self, principal: Principal) -> bool:
        """Whether anything limits this caller."""
        return bool(principal.rates)

    def try_enter(self, principal: Principal, *, tokens: int) -> "MemoryPass":
        """Let a request in. Raises LimitReachedError."""
        with self.lock:
            now = self.now()
            taken: list[Taken] = []
            places: tuple[Places, ...] = ()
            for rates in principal.rates:
                scope = self._scopes.get(rates.scope)
                if scope is None or scope.limits is not rates.limits:
                    scope = self._scope(rates, now)
                for bucket in scope.buckets:
                    at = now * bucket.amount
                    empty = bucket.empty
                    if empty < at:  # noqa: PLR1730 — `max` takes three times as long
                        empty = at
                    empty += bucket.span * tokens if bucket.tokens else bucket.span
                    if empty - at > bucket.burst:
                        raise self._refused(principal, bucket, empty - at - bucket.burst, tokens=tokens)
                    taken.append((bucket, empty, bucket.shifted))
                if scope.places:
                    places += scope.places
            if places and (full := [one for one in places if one.full]):
                raise self._refused(principal, full[0], NANO, tokens=tokens)
            for bucket, empty, _ in taken:
                bucket.empty = empty
            for place in places:
                place.taken += 1
            return MemoryPass(self, taken, places, tokens, now)

    async def enter(self, principal: Principal, *, tokens: int) -> "MemoryPass":
        """The same; nothing is waited for."""
        return self.try_enter(principal, tokens=tokens)

    def headers(self, principal: Principal) -> RawHeaders:
        """How the limits of a caller stand, for an answer."""
        told: RawHeaders = []
        tightest: dict[bool, tuple[int, int, Bucket]] = {}
        with self.lock:
            now = self.now()
            for rates in principal.rates:
                scope = self._scopes.get(rates.scope)
                if scope is None or scope.limits is not rates.limits:
                    scope = self._scope(rates, now)
                for bucket in scope.buckets:
                    level = bucket.empty - now * bucket.amount
                    left = bucket.amount if level <= 0 else (bucket.burst - level) // bucket.span
                    known = tightest.get(bucket.tokens)
                    if known is None or left < known[0]:
                        tightest[bucket.tokens] = (left, level, bucket)
        for left, level, bucket in tightest.values():
            reset = 0 if level <= 0 else level // (bucket.amount * MILLI)
            _, remaining, until = bucket.names
            told.append(bucket.whole)
            told.append((remaining, b"%d" % max(left, 0)))
            told.append((until, b"%d.%03ds" % (reset // 1000, reset % 1000)))
        return told

    def now(self) -> int:
        """The time, which stands still while the clock is behind what it told before. Only with the lock."""
        now = self._clock()
        if now < self._latest:
            return self._latest
        self._latest = now
        return now

    def _refused(self, principal: Principal, meter: Bucket | Places, over: int, *, tokens: int) -> LimitReachedError:
        scopes = {one.scope: self._scope(one, self._latest) for one in principal.rates}
        whose = next(name for name, scope in scopes.items() if meter in scope.buckets or meter in scope.places)
        asked = tokens if meter.limit.kind == "tokens" else 1
        wait = meter.wait(over, asked) if isinstance(meter, Bucket) else over
        error = refusal(meter.limit, whose, wait, asked=asked)
        error.headers = headers_of(one.read(self._latest) for scope in scopes.values() for one in scope.buckets)
        return error

    def _scope(self, rates: ScopeRates, now: int) -> _Scope:
        scope = self._scopes.get(rates.scope)
        if scope is None:
            if len(self._scopes) >= MOST_SCOPES:
                self._scopes = {name: one for name, one in self._scopes.items() if not one.idle(now)}
            scope = self._scopes[rates.scope] = _Scope(rates.limits)
        else:
            scope.change(rates.limits, now)
        return scope


class MemoryPass:
    """A request that was let in."""

    __slots__ = ("_left", "_now", "_places", "_rates", "_taken", "_tokens")

    def __init__(
        self, rates: MemoryRates, taken: list[Taken], places: tuple[Places, ...], tokens: int, now: int
    ) -> None:
        self._rates = rates
        self._taken = taken
        self._places = places
        self._tokens = tokens
        self._now = now
        self._left = False

    def leave(self, used: int | None) -> None:
        """It has ended, and used so many tokens; None when nobody knows. Idempotent."""
        rates = self._rates
        with rates.lock:
            if self._left:
                return
            self._left = True
            for place in self._places:
                place.taken -= 1
            if used is None or used == self._tokens:
                return
            now = rates.now()
            for bucket, end, shifted in self._taken:
                if bucket.tokens:
                    bucket.correct(now, taken=self._tokens, used=used, end=end, shifted=shifted)

    def headers(self) -> Headers:
        """How the limits stood when it was let in, for the answer."""
        return headers_of(bucket.read(self._now) for bucket, _, _ in self._taken)
