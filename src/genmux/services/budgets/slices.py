"""Slices: parts of budgets that this process has leased and spends in memory."""

from collections.abc import Callable, Iterable, Sequence
from threading import Lock

import msgspec

from genmux.types.budgets import LARGEST, Budget
from genmux.types.ledger import SliceChange, SliceState

EAGER = 3
"""After so many misses in `WARM` seconds a budget gets a slice: one request a minute is held exactly."""

WARM = 5.0
IDLE = 3.0
"""Seconds after which a slice that nobody used is given back."""

REST = 1.0
"""Seconds to wait before asking again for what was not given."""

AHEAD = 8
"""A slice is for so many requests at least."""

INTERVALS = 4
"""And for what was asked for since the last booking so many times over."""

GROUPS = 4_096
"""So many sets of budgets are remembered."""


class Slice:
    """A part of one budget. `free` is what can be held, `opened` what is held, `used` and `presumed` what is not booked yet."""

    __slots__ = (
        "budget",
        "dead",
        "free",
        "heat",
        "inflight",
        "last",
        "leased",
        "least",
        "low",
        "missed",
        "misses",
        "opened",
        "presumed",
        "rest",
        "size",
        "thirsty",
        "tight",
        "turn",
        "used",
        "worker",
    )  # fmt: skip

    def __init__(self, budget: int, worker: str) -> None:
        self.budget = budget
        self.worker = worker
        self.leased = self.free = self.opened = self.used = 0
        self.presumed: list[tuple[str, int]] = []
        self.size = self.least = self.low = self.turn = self.misses = self.missed = 0
        self.last = self.heat = self.rest = float("-inf")
        self.thirsty = self.tight = self.dead = self.inflight = False

    @property
    def is_busy(self) -> bool:
        """Whether it has anything, or is about to."""
        return bool(self.leased or self.opened or self.used or self.presumed or self.inflight or self.thirsty)

    @property
    def wanted(self) -> int:
        """How much is missing to the size that it should have."""
        return 0 if self.tight or self.dead or not self.thirsty else max(0, self.size - max(0, self.free))


class Group(msgspec.Struct, frozen=True, gc=False):
    """The slices of a set of budgets; `currency` is what all of them are in, None when they differ."""

    budgets: tuple[Budget, ...]
    slices: tuple[Slice, ...]
    currency: str | None


class Slices:
    """All slices of this process. Safe to share between threads; nothing here waits.

    `try_hold` takes from all slices or from none. Which slices are to be made, filled or given back is told by `take`, and
    what became of that is heard by `done`. Without a beat before `valid_until` nothing is taken any more.
    """

    def __init__(self, monotonic: Callable[[], float], nudge: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self._nudge = nudge
        self._gate = Lock()
        self._slices: dict[int, Slice] = {}
        self._old: list[Slice] = []
        self._groups: dict[int, Group] = {}
        self._closing = False
        self.worker = ""
        self.valid_until = float("-inf")

    def __len__(self) -> int:
        """How many there are."""
        return len(self._slices)

    @property
    def budgets(self) -> tuple[int, ...]:
        """The budgets of which there are any."""
        return tuple(self._slices)

    def begin(self, worker: str) -> None:
        """From now on this is the worker's name; what the former one had is lost to it, and booked as far as it was used."""
        with self._gate:
            for one in self._slices.values():
                one.dead = True
            self._old += [one for one in self._slices.values() if one.is_busy]
            self._slices, self._groups = {}, {}
            self.worker = worker
            self._closing = False

    def close(self) -> None:
        """Lease nothing more, and give everything back."""
        with self._gate:
            self._closing = True
            self.valid_until = float("-inf")

    def group(self, budgets: tuple[Budget, ...]) -> Group:
        """The slices of these budgets, quicker when the same tuple comes again."""
        group = self._groups.get(id(budgets))
        return group if group is not None and group.budgets is budgets else self._join(budgets)

    def _join(self, budgets: tuple[Budget, ...]) -> Group:
        currencies = {budget.currency for budget in budgets}
        currency = currencies.pop() if len(currencies) == 1 else None
        with self._gate:
            slices: list[Slice] = []
            for budget in budgets:
                one = self._slices.get(budget.id)
                if one is None:
                    one = self._slices[budget.id] = Slice(budget.id, self.worker)
                slices.append(one)
            if len(self._groups) >= GROUPS or len(self._slices) >= 2 * GROUPS:
                self._forget(keep=slices)
            group = self._groups[id(budgets)] = Group(budgets, tuple(slices), currency)
        return group

    def _forget(self, keep: list[Slice]) -> None:
        """Forget what has nothing: there may be a budget for each of a million end users."""
        self._groups = {}
        self._slices = {one.budget: one for one in self._slices.values() if one.is_busy}
        self._slices.update((one.budget, one) for one in keep)

    def try_hold(self, slices: tuple[Slice, ...], amount: int) -> bool:
        """Hold an amount in all of them at once; False when one has not enough."""
        with self._gate:
            now = self._monotonic()
            if now > self.valid_until:
                return False
            for one in slices:
                if one.free < amount or one.dead:
                    self._miss(slices, amount, now)
                    self._nudge()
                    return False
            for one in slices:
                one.opened += amount
                one.free = free = one.free - amount
                one.last = now
                if free < one.low and now >= one.rest:
                    one.thirsty = True  # whoever settles what is held nudges the bookkeeper
        return True

    def _miss(self, slices: Iterable[Slice], amount: int, now: float) -> None:
        """Ask for more where it is worth it."""
        for one in slices:
            one.last = now
            if one.free >= amount or one.tight or one.dead or now < one.rest:
                continue
            if now - one.heat > WARM:
                one.heat, one.misses = now, 0
            one.misses += 1
            one.missed += amount
            if one.misses >= EAGER or one.leased:
                one.least = amount * AHEAD
                one.thirsty = True

    def settle(self, slices: tuple[Slice, ...], amount: int, *, spent: int) -> None:
        """What was held did cost this."""
        back = amount - spent
        with self._gate:
            for one in slices:
                one.opened -= amount
                one.used += spent
                one.free += back
        self._nudge()

    def presume(self, slices: tuple[Slice, ...], amount: int, *, subject: str) -> None:
        """Nobody knows what it did cost."""
        with self._gate:
            for one in slices:
                one.opened -= amount
                one.presumed.append((subject, amount))
        self._nudge()

    def give_back(self, budgets: Iterable[int], *, tight: bool) -> None:
        """Have the free parts of these given back, and lease no more while it is `tight`."""
        with self._gate:
            for number in budgets:
                one = self._slices.get(number)
                if one is not None:
                    one.tight = tight

    def tighten(self, budgets: frozenset[int]) -> bool:
        """Exactly these run near their end; says whether anything is to be given back."""
        with self._gate:
            changed = False
            for number, one in self._slices.items():
                one.tight = number in budgets
                changed |= one.tight and one.free > 0
        return changed

    def is_idle(self) -> bool:
        """Whether anything is to be given back because nobody uses it."""
        now = self._monotonic()
        with self._gate:
            return any(one.leased and one.free > 0 and now - one.last > IDLE for one in self._slices.values())

    # ---------------------------------------------------------------- what is to be booked
    def take(self) -> list[tuple[str, list[SliceChange], list[Slice]]]:
        """What is to be booked, by worker: this one, and those as which it was taken for dead."""
        now = self._monotonic()
        by_worker: dict[str, tuple[list[SliceChange], list[Slice]]] = {}
        with self._gate:
            for one in (*self._old, *self._slices.values()):
                change = self._change(one, now)
                if change is not None:
                    changes, slices = by_worker.setdefault(one.worker, ([], []))
                    changes.append(change)
                    slices.append(one)
        return [(worker, changes, slices) for worker, (changes, slices) in by_worker.items()]

    def _change(self, one: Slice, now: float) -> SliceChange | None:
        if one.inflight:
            return None
        idle = now - one.last > IDLE
        if one.thirsty:
            one.size = min(max(one.size // 2, one.least, INTERVALS * (one.used + one.missed)), LARGEST)
        one.missed = 0
        wanted = 0 if self._closing else one.wanted
        returned = max(0, one.free) if self._closing or one.tight or one.dead or (idle and not wanted) else 0
        if not (one.used or one.presumed or returned or wanted):
            return None
        change = SliceChange(
            budget=one.budget,
            turn=one.turn + 1,
            used=one.used,
            presumed=tuple(one.presumed),
            returned=returned,
            wanted=wanted,
        )
        one.turn += 1
        one.inflight = True
        one.used, one.presumed, one.thirsty = 0, [], False
        one.free -= returned
        return change

    def done(self, slices: Sequence[Slice], changes: Sequence[SliceChange], states: Sequence[SliceState]) -> bool:
        """What was booked is durable; says whether this worker was taken for dead."""
        now = self._monotonic()
        died = False
        with self._gate:
            for one, change, state in zip(slices, changes, states, strict=True):
                one.inflight = False
                if state.dead and not one.dead:
                    one.dead = died = True
                if change.wanted and state.leased < change.wanted:
                    one.rest = now + REST
                one.leased = state.leased
                waiting = one.used + sum(amount for _, amount in one.presumed)
                one.free = 0 if one.dead else state.leased - one.opened - waiting
                one.low = max(1, min(one.size, one.leased) // 2)
            self._old = [one for one in self._old if one.opened or one.used or one.presumed or one.inflight]
        return died

    def undo(self, slices: Sequence[Slice], changes: Sequence[SliceChange]) -> None:
        """What was taken is not booked, and waits again."""
        with self._gate:
            for one, change in zip(slices, changes, strict=True):
                one.inflight = False
                one.used += change.used
                one.presumed = [*change.presumed, *one.presumed]
                one.free += change.returned
