"""For any interleaving of holds, ends, crashes, expiries, periods and changed limits: no budget is overspent, nothing is lost."""

import asyncio
import itertools
import os
from typing import Any

from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from genmux.store.database import Tx
from genmux.store.ledger.store import LedgerStore
from genmux.store.opening import AnyDatabase, Store, open_store
from genmux.types.budgets import Budget, Scope
from genmux.types.ledger import BudgetRefusedError, Ending, HoldAsk, SliceChange, SliceState
from tests.ledgers import Clock

EXAMPLES = int(os.environ.get("GENMUX_LAW_EXAMPLES", "15"))
"""More find more, and take longer."""

LIMIT = 10_000
ZEROS = {"roll", "reset", "carry"}
"""Lines that move what was spent out of the present period."""

AMOUNTS = st.integers(0, 4_000)
PICK = st.integers(0, 1_000)
PERIODS = st.sampled_from(("day", "month", "total", "sliding"))


class World:
    """A database in an event loop of its own, for one test."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.url = url
        self.clock = Clock()
        self.store: Store = self.run(open_store(url, role="command"))
        self.database: AnyDatabase = self.store.database
        self.ledger = LedgerStore(self.database, self.clock)
        self.numbers = itertools.count()
        self.moves = self.store.kind == "sqlite"

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self.store.aclose())
        self.loop.close()


class Machine(RuleBasedStateMachine):
    """`charged` is what each subject must have been booked with; `excess` by how much a limit may be passed."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.tenant = f"t{next(world.numbers)}"
        self.budgets: list[Budget] = []
        self.excess: dict[int, int] = {}
        self.open: dict[str, tuple[int, tuple[Budget, ...]]] = {}
        self.ended: list[str] = []
        self.holds: dict[str, tuple[Budget, ...]] = {}
        self.charged: dict[str, int] = {}
        self.presumed: dict[str, int] = {}
        self.unsure: set[str] = set()  # what was presumed, be it nothing: the truth may still come
        self.workers: dict[str, dict[int, int]] = {}
        self.turns = itertools.count(1)

    def run(self, work: Any) -> Any:
        return self.world.run(work)

    @initialize(periods=st.lists(PERIODS, min_size=2, max_size=3))
    def make(self, periods: list[Any]) -> None:
        for number, period in enumerate(periods):
            seconds = 86_400 if period == "sliding" else None
            wanted = Budget(
                id=0,
                tenant=self.tenant,
                scope=Scope("key", f"k{number}"),
                limit=LIMIT,
                period=period,
                seconds=seconds,
                time_zone="Europe/Berlin",
            )
            made = self.run(self.world.ledger.create(wanted))
            self.budgets.append(made)
            self.excess[made.id] = 0

    # ---------------------------------------------------------------- holds
    @rule(amount=AMOUNTS, chosen=st.integers(1, 7), lasts=st.sampled_from((60.0, 86_400.0 * 40)))
    def hold(self, amount: int, chosen: int, lasts: float) -> None:
        budgets = tuple(one for place, one in enumerate(self.budgets) if chosen & (1 << place))
        assume(budgets)
        subject = f"s{next(self.world.numbers)}"
        ask = HoldAsk(subject=subject, budgets=budgets, amounts=(amount,) * len(budgets), lasts=lasts)
        try:
            self.run(self.world.ledger.hold(ask, lambda _: None))
        except BudgetRefusedError as error:
            state = error.refusal
            assert state.spent + state.held + amount > state.limit
            assert not self.run(self.world.ledger.held(subject))
            return
        self.open[subject] = (amount, budgets)
        self.holds[subject] = budgets
        for budget in budgets:
            state = self.run(self.world.ledger.state(self.tenant, budget.id))
            assert state.spent + state.held <= state.budget.limit

    @precondition(lambda self: self.open)
    @rule(
        pick=PICK,
        share=st.sampled_from((0.0, 0.5, 1.0, 1.0, 3.0)),
        end=st.sampled_from(("settle", "release", "presume")),
    )
    def end(self, pick: int, share: float, end: Any) -> None:
        subject = sorted(self.open)[pick % len(self.open)]
        amount, budgets = self.open.pop(subject)
        actual = int(amount * share)
        (ended,) = self.run(self.world.ledger.end([Ending(subject, end, actual if end == "settle" else 0)]))
        assert ended.conflict is None
        assert len(ended.booked) == len(budgets)
        self.charged[subject] = {"settle": actual, "release": 0, "presume": amount}[end]
        self.presumed[subject] = amount if end == "presume" else 0
        if end == "presume":
            self.unsure.add(subject)
        for budget in budgets:
            self.excess[budget.id] += max(0, self.charged[subject] - amount)
        self.ended.append(subject)

    @precondition(lambda self: self.ended)
    @rule(pick=PICK, amount=AMOUNTS)
    def end_again(self, pick: int, amount: int) -> None:
        subject = self.ended[pick % len(self.ended)]
        (ended,) = self.run(self.world.ledger.end([Ending(subject, "settle", amount)]))
        if subject in self.unsure:
            self.unsure.discard(subject)
            for budget in self.holds[subject]:
                self.excess[budget.id] += max(0, amount - self.charged[subject])
            self.charged[subject], self.presumed[subject] = amount, 0
        else:
            assert not ended.booked

    @precondition(lambda self: self.ended)
    @rule(pick=PICK, actual=AMOUNTS)
    def correct(self, pick: int, actual: int) -> None:
        subject = self.ended[pick % len(self.ended)]
        self.run(self.world.ledger.correct(subject, actual))
        for budget in self.holds[subject]:
            self.excess[budget.id] += max(0, actual - self.charged[subject])
        self.charged[subject], self.presumed[subject] = actual, 0
        self.unsure.discard(subject)

    @rule()
    def sweep(self) -> None:
        _, ended = self.run(self.world.ledger.sweep())
        for one in ended:
            if one.ending.subject in self.open:
                amount, _ = self.open.pop(one.ending.subject)
                self.charged[one.ending.subject] = self.presumed[one.ending.subject] = amount
                self.unsure.add(one.ending.subject)
                self.ended.append(one.ending.subject)

    # ---------------------------------------------------------------- slices
    @rule()
    def begin_worker(self) -> None:
        worker = f"{self.tenant}w{next(self.turns)}"
        self.run(self.world.ledger.enter(worker, "", lasts=86_400.0 * 365))
        self.workers[worker] = {}

    @precondition(lambda self: self.workers)
    @rule(pick=PICK, place=PICK, used=st.integers(0, 150), returned=st.integers(0, 80), wanted=st.integers(0, 300))
    def change_slice(self, pick: int, place: int, used: int, returned: int, wanted: int) -> None:
        worker = sorted(self.workers)[pick % len(self.workers)]
        budget = self.budgets[place % len(self.budgets)]
        had = self.workers[worker].get(budget.id, 0)
        change = SliceChange(budget=budget.id, turn=next(self.turns), used=used, returned=returned, wanted=wanted)
        assume(used or returned or wanted)

        def work(tx: Tx) -> SliceState:
            return self.world.ledger.flush_in(tx, worker, [], [change])[1][0]

        state = self.run(self.world.database.write(work))
        again = self.run(self.world.database.write(work))
        assert again.leased >= state.leased if wanted and not (used or returned) else again.leased == state.leased
        left = had - min(had, used)
        left -= min(left, returned)
        assert left <= state.leased <= max(left, 2 * LIMIT // 100)
        self.excess[budget.id] += max(0, used - had)
        self.workers[worker][budget.id] = again.leased
        name = f"slice {worker}"
        self.charged[name] = self.charged.get(name, 0) + used

    @precondition(lambda self: self.workers)
    @rule(pick=PICK)
    def crash(self, pick: int) -> None:
        worker = sorted(self.workers)[pick % len(self.workers)]
        kept = self.workers.pop(worker)

        def die(tx: Tx) -> None:
            from sqlalchemy import text

            tx.core.execute(text("UPDATE ledger_workers SET expires_at = 0 WHERE worker = :worker"), {"worker": worker})

        self.run(self.world.database.write(die))
        self.sweep()
        name = f"slice {worker}"
        self.charged[name] = self.charged.get(name, 0) + sum(kept.values())

    # ---------------------------------------------------------------- the world goes on
    @precondition(lambda self: self.world.moves)
    @rule(hours=st.sampled_from((-30, -1, 1, 1, 6, 24, 24 * 8, 24 * 31)))
    def move(self, hours: int) -> None:
        self.world.clock.move(hours=hours)

    @rule(place=PICK, limit=st.integers(0, 2 * LIMIT))
    def change_limit(self, place: int, limit: int) -> None:
        budget = self.budgets[place % len(self.budgets)]
        state = self.run(self.world.ledger.state(self.tenant, budget.id))
        self.excess[budget.id] += max(0, state.budget.limit - limit)
        changed = Budget(id=budget.id, tenant=self.tenant, scope=budget.scope, limit=limit)
        self.run(self.world.ledger.update(changed))

    @rule(place=PICK)
    def reset(self, place: int) -> None:
        budget = self.budgets[place % len(self.budgets)]
        self.run(self.world.ledger.reset(self.tenant, budget.id, by=f"r{next(self.world.numbers)}"))

    # ---------------------------------------------------------------- laws
    @invariant()
    def everything_adds_up(self) -> None:
        assert self.run(self.world.ledger.verify(self.tenant)) == []

    @invariant()
    def no_limit_is_passed_but_for_known_reasons(self) -> None:
        for budget in self.budgets:
            state = self.run(self.world.ledger.state(self.tenant, budget.id))
            assert state.spent + state.held <= state.budget.limit + self.excess[budget.id]

    def teardown(self) -> None:
        """No money was lost and none invented: each subject was booked with exactly what it did cost."""
        for subject, budgets in self.holds.items():
            lines = self.run(self.world.ledger.lines(self.tenant, subject))
            for budget in budgets:
                booked = sum(line.spent for line in lines if line.budget == budget.id and line.kind not in ZEROS)
                assert booked == self.charged.get(subject, 0), (subject, lines)
                presumed = sum(line.presumed for line in lines if line.budget == budget.id and line.kind not in ZEROS)
                assert presumed == self.presumed.get(subject, 0), (subject, lines)
        for name, charged in self.charged.items():
            if name.startswith("slice"):
                lines = self.run(self.world.ledger.lines(self.tenant, name))
                assert sum(line.spent for line in lines) == charged, (name, lines)


def check(url: str, *, examples: int, steps: int) -> None:
    world = World(url)
    try:
        run_state_machine_as_test(
            lambda: Machine(world),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                phases=(Phase.generate,),
            ),
        )
    finally:
        world.close()


def test_no_interleaving_breaks_the_laws_on_sqlite(sqlite_store_url: str) -> None:
    check(sqlite_store_url, examples=EXAMPLES, steps=40)


def test_no_interleaving_breaks_the_laws_on_postgresql(postgres_store_url: str) -> None:
    check(postgres_store_url, examples=max(1, EXAMPLES // 3), steps=25)
