"""Rate limits of one process."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.services.rates import LimitReachedError, MemoryRates
from genmux.services.rates import memory as memory_module
from genmux.services.rates.meter import NANO
from genmux.types.errors import RateLimitError, Retry
from genmux.types.keys import RateLimit, ScopeRates
from genmux.types.principal import NOBODY, Principal

REQUESTS = RateLimit("requests", 3, "minute")
TOKENS = RateLimit("tokens", 1_000, "minute")
PLACES = RateLimit("concurrent", 2)


class Clock:
    """Tells what it is set to, in nanoseconds."""

    def __init__(self, start: int = 5 * NANO) -> None:
        self.now = start

    def __call__(self) -> int:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += int(seconds * NANO)


def limited(*limits: RateLimit, scope: str = "key:one", **more: tuple[RateLimit, ...]) -> Principal:
    rates = [ScopeRates(scope, limits), *(ScopeRates(f"{kind}:x", these) for kind, these in more.items())]
    return Principal(key="one", rates=tuple(rates))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> MemoryRates:
    return MemoryRates(clock)


def test_whoever_has_no_limits_need_not_ask(rates: MemoryRates):
    assert not rates.applies(NOBODY)
    assert rates.applies(limited(REQUESTS))


def test_a_burst_passes_then_one_at_a_time(rates: MemoryRates, clock: Clock):
    who = limited(REQUESTS)
    for _ in range(3):
        rates.try_enter(who, tokens=0)
    with pytest.raises(RateLimitError) as caught:
        rates.try_enter(who, tokens=0)
    assert caught.value.retry_after == 20
    assert caught.value.retry is Retry.SAFE
    assert caught.value.status == 429
    assert "key:one" in caught.value.message
    assert "3 requests per minute" in caught.value.message
    clock.move(20)
    rates.try_enter(who, tokens=0)
    with pytest.raises(RateLimitError):
        rates.try_enter(who, tokens=0)


def test_what_can_never_pass_says_so(rates: MemoryRates):
    with pytest.raises(RateLimitError, match="never pass") as caught:
        rates.try_enter(limited(TOKENS), tokens=1_001)
    assert caught.value.retry is Retry.NEVER
    assert caught.value.retry_after is None


def test_unused_tokens_come_back_and_overused_ones_are_owed(rates: MemoryRates, clock: Clock):
    who = limited(TOKENS)
    rates.try_enter(who, tokens=1_000).leave(100)
    rates.try_enter(who, tokens=900).leave(1_400)
    with pytest.raises(RateLimitError) as caught:
        rates.try_enter(who, tokens=1)
    assert caught.value.retry_after == pytest.approx(30.06)
    clock.move(30.06)
    rates.try_enter(who, tokens=1)


def test_unknown_use_leaves_what_was_reserved(rates: MemoryRates):
    who = limited(TOKENS)
    rates.try_enter(who, tokens=1_000).leave(None)
    with pytest.raises(RateLimitError):
        rates.try_enter(who, tokens=1)


def test_leaving_twice_gives_back_once(rates: MemoryRates):
    who = limited(TOKENS, PLACES)
    first, second = (rates.try_enter(who, tokens=500) for _ in range(2))
    with pytest.raises(RateLimitError):
        rates.try_enter(who, tokens=0)
    first.leave(0)
    first.leave(0)
    rates.try_enter(who, tokens=500)
    with pytest.raises(RateLimitError, match="concurrent"):
        rates.try_enter(who, tokens=0)
    second.leave(0)
    rates.try_enter(who, tokens=500)


def test_all_scopes_or_none_are_taken_from(rates: MemoryRates):
    narrow = limited(REQUESTS, team=(RateLimit("requests", 1, "minute"),))
    rates.try_enter(narrow, tokens=0)
    for _ in range(5):
        with pytest.raises(RateLimitError, match="team:x"):
            rates.try_enter(narrow, tokens=0)
    only_key = limited(REQUESTS)
    rates.try_enter(only_key, tokens=0)
    rates.try_enter(only_key, tokens=0)
    with pytest.raises(RateLimitError, match="key:one"):
        rates.try_enter(only_key, tokens=0)


def test_a_clock_that_goes_backwards_opens_nothing(rates: MemoryRates, clock: Clock):
    who = limited(REQUESTS)
    for _ in range(3):
        rates.try_enter(who, tokens=0)
    clock.move(-3_600)
    with pytest.raises(RateLimitError):
        rates.try_enter(who, tokens=0)
    clock.move(3_600)
    with pytest.raises(RateLimitError):
        rates.try_enter(who, tokens=0)


def test_changed_limits_keep_what_was_taken(rates: MemoryRates, clock: Clock):
    rates.try_enter(limited(TOKENS), tokens=800)
    wider = limited(RateLimit("tokens", 2_000, "minute"))
    rates.try_enter(wider, tokens=1_200)
    with pytest.raises(RateLimitError):
        rates.try_enter(wider, tokens=1)
    clock.move(60)
    rates.try_enter(wider, tokens=2_000)


def test_places_survive_a_change_of_their_number(rates: MemoryRates):
    inside = [rates.try_enter(limited(PLACES), tokens=0) for _ in range(2)]
    fewer = limited(RateLimit("concurrent", 1))
    with pytest.raises(RateLimitError):
        rates.try_enter(fewer, tokens=0)
    for one in inside:
        one.leave(0)
    last = rates.try_enter(fewer, tokens=0)
    with pytest.raises(RateLimitError):
        rates.try_enter(fewer, tokens=0)
    last.leave(0)
    rates.try_enter(fewer, tokens=0)


def test_headers_tell_of_the_limit_with_the_least_room(rates: MemoryRates):
    who = limited(RateLimit("requests", 60, "minute"), TOKENS, PLACES, team=(REQUESTS,))
    told = dict(rates.try_enter(who, tokens=250).headers())
    assert told == {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "2",
        "x-ratelimit-reset-requests": "20.000s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "750",
        "x-ratelimit-reset-tokens": "15.000s",
    }
    with pytest.raises(LimitReachedError) as caught:
        rates.try_enter(who, tokens=900)
    assert dict(caught.value.headers)["x-ratelimit-remaining-tokens"] == "750"


def test_scopes_without_anything_taken_are_forgotten(rates: MemoryRates, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory_module, "MOST_SCOPES", 3)
    busy = limited(PLACES, scope="key:busy")
    inside = rates.try_enter(busy, tokens=0)
    for number in range(10):
        rates.try_enter(limited(REQUESTS, scope=f"end_user:{number}"), tokens=0)
        clock.move(61)
    assert len(rates._scopes) <= 4  # noqa: SLF001 — memory is not seen from outside
    rates.try_enter(busy, tokens=0)
    with pytest.raises(RateLimitError):
        rates.try_enter(busy, tokens=0)
    inside.leave(0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(-30, 90)),
        st.tuples(st.just("enter"), st.integers(0, 120)),
        st.tuples(st.just("leave"), st.integers(0, 150)),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 100), STEPS)
def test_no_window_has_more_than_the_burst_and_what_drains(amount: int, steps: list[tuple[str, int]]):
    """What was really used counts, from the moment at which it was let in; overuse counts when it is told.

    Windows are of the clock's own forward time: while it is behind, it stands still.
    """
    clock = Clock()
    rates = MemoryRates(clock)
    who = limited(RateLimit("tokens", amount, "minute"))
    latest = clock.now
    used: list[list[int]] = []  # moment, amount
    inside: list[tuple[object, int, list[int]]] = []
    for kind, number in steps:
        if kind == "wait":
            clock.move(number)
            latest = max(latest, clock.now)
        elif kind == "enter":
            try:
                entered = rates.try_enter(who, tokens=number)
            except RateLimitError:
                continue
            entry = [latest, number]
            used.append(entry)
            inside.append((entered, number, entry))
        elif inside:
            entered, reserved, entry = inside.pop(number % len(inside))
            spent = min(number, reserved)
            entered.leave(spent)
            entry[1] = spent
    moments = sorted({moment for moment, _ in used})
    for begin in moments:
        for end in moments:
            if begin <= end:
                total = sum(one for moment, one in used if begin <= moment <= end)
                assert total * 60 * NANO <= amount * (60 * NANO + (end - begin))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60), st.integers(0, 200)), max_size=40))
def test_overuse_is_paid_back_before_anything_else_passes(calls: list[tuple[int, int, int]]):
    clock = Clock()
    rates = MemoryRates(clock)
    who = limited(RateLimit("tokens", 60, "minute"))
    debt = 0.0  # tokens, drained at one a second
    for pause, asked, spent in calls:
        clock.move(pause)
        debt = max(debt - pause, 0.0)
        try:
            entered = rates.try_enter(who, tokens=asked)
        except RateLimitError:
            assert debt + asked > 60
            continue
        assert debt + asked <= 60
        entered.leave(spent)
        debt += spent


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), max_size=60), st.integers(1, 4))
def test_there_are_never_more_inside_than_places(moves: list[tuple[bool, int]], places: int):
    rates = MemoryRates(Clock())
    who = limited(RateLimit("concurrent", places))
    inside: list[object] = []
    for comes, number in moves:
        if comes:
            try:
                inside.append(rates.try_enter(who, tokens=0))
            except RateLimitError:
                assert len(inside) == places
        elif inside:
            inside.pop(number % len(inside)).leave(None)
        assert len(inside) <= places


def test_a_refusal_inside_one_scope_takes_no_place(rates: MemoryRates):
    who = limited(RateLimit("requests", 1, "minute"), PLACES)
    first = rates.try_enter(who, tokens=0)
    with pytest.raises(RateLimitError, match="requests"):
        rates.try_enter(who, tokens=0)
    first.leave(0)
    only_places = limited(PLACES, scope="key:one")
    assert [rates.try_enter(only_places, tokens=0) for _ in range(2)]
