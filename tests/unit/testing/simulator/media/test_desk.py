"""Jobs without a protocol: slots, queues, keys, bills."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.testing.simulator.media import Ledger, Order, Refusal, Script, SimulatedJob
from genmux.testing.simulator.media.clock import Clock
from genmux.testing.simulator.media.desk import Desk


class StoppedClock(Clock):
    """Time that only goes on when it is told to."""

    time = 1_000.0

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def desk(clock: StoppedClock) -> Desk:
    return new_desk(clock)


def new_desk(clock: Clock) -> Desk:
    return Desk(
        "acme", clock=clock, ledger=Ledger(), refunds=frozenset({"failed"}), new_id=lambda number: f"job-{number}"
    )


def take(desk: Desk, script: str = "", *, account: str = "a", **order: object) -> SimulatedJob:
    fields = {"model": "m", "operation": "text_to_image", **order}
    return desk.accept(Order(**fields), Script().told(script), account=account)[0]


def test_a_job_goes_through_its_states_with_the_clock(desk: Desk, clock: StoppedClock):
    job = take(desk, "queue 2; work 4")
    seen = []
    for _ in range(4):
        seen.append((job.state(clock.now()), job.progress(clock.now())))
        clock.time += 2
    assert seen == [("pending", 0.0), ("processing", 0.0), ("processing", 0.5), ("completed", 1.0)]


def test_a_job_that_is_moderated_late_had_succeeded(desk: Desk, clock: StoppedClock):
    job = take(desk, "work 1; late 5")
    assert [job.state(clock.time + after) for after in (0, 2, 5.9, 6)] == [
        "processing",
        "completed",
        "completed",
        "filtered",
    ]


def test_slots_are_each_accounts_own_and_come_back(desk: Desk, clock: StoppedClock):
    desk.slots = 2
    take(desk, "work 5")
    take(desk, "work 9")
    take(desk, account="b")
    with pytest.raises(Refusal) as full:
        take(desk)
    assert (full.value.status, full.value.retry_after) == (429, 1.0)
    clock.time += 6
    assert take(desk).state(clock.now()) == "processing"


def test_what_the_workers_cannot_do_waits_its_turn(desk: Desk, clock: StoppedClock):
    desk.workers = 2
    jobs = [take(desk, "work 10") for _ in range(5)]
    assert [job.starts - clock.time for job in jobs] == [0, 0, 10, 10, 20]
    assert [desk.queue_position(job) for job in jobs] == [0, 0, 0, 0, 2]
    clock.time += 12
    assert [job.state(clock.now()) for job in jobs] == ["completed"] * 2 + ["processing"] * 2 + ["pending"]


def test_a_known_key_makes_no_second_bill(desk: Desk, clock: StoppedClock):
    first = take(desk, key="k", idempotent=True)
    assert take(desk, key="k", idempotent=True) is first
    assert (len(desk.ledger), desk.ledger.absorbed) == (1, 1)
    clock.time += desk.key_ttl + 1
    assert take(desk, key="k", idempotent=True) is not first
    assert desk.ledger.doubles() == {"acme:k": 2}


def test_a_known_key_with_another_request_is_a_conflict(desk: Desk):
    take(desk, key="k", idempotent=True, prompt="a cat")
    with pytest.raises(Refusal) as conflict:
        take(desk, key="k", idempotent=True, prompt="a dog")
    assert conflict.value.status == 409
    assert len(desk.ledger) == 1


def test_without_a_key_the_same_request_twice_is_told_by_its_hash(desk: Desk):
    take(desk, prompt="a cat")
    take(desk, prompt="a dog")
    assert desk.ledger.doubles() == {}
    take(desk, prompt="a cat")
    assert list(desk.ledger.doubles().values()) == [2]


def test_what_failed_is_paid_back_and_what_was_cancelled_is_not(desk: Desk, clock: StoppedClock):
    take(desk, "failed; bill 1")
    cancelled = take(desk, "bill 2")
    assert desk.cancel(cancelled)
    clock.time += 5
    bills = desk.ledger.bills(clock.now())
    assert [(bill.state, bill.amount, bill.charged) for bill in bills] == [
        ("failed", Decimal(1), Decimal(0)),
        ("cancelled", Decimal(2), Decimal(2)),
    ]
    assert desk.ledger.total(clock.now()) == 2
    assert not desk.cancel(cancelled), "it was over already"


def test_the_list_has_the_newest_first_and_nothing_from_before(desk: Desk, clock: StoppedClock):
    old = take(desk)
    clock.time += 10
    new = take(desk)
    take(desk, "missing 5")
    assert desk.listed() == [new, old]
    assert desk.listed(since=clock.time) == [new]


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), max_size=20), st.integers(1, 4))
def test_never_more_jobs_are_worked_on_than_there_are_workers(spans: list[tuple[float, float]], workers: int):
    clock = StoppedClock()
    desk = new_desk(clock)
    desk.workers = workers
    jobs = []
    for pause, work in spans:
        clock.time += pause
        jobs.append(take(desk, f"work {work}"))
    moments = [job.starts for job in jobs]
    assert all(sum(job.state(now) == "processing" for job in jobs) <= workers for now in moments)
