"""What requests teach about accounts."""

import datetime
from decimal import Decimal

import pytest

from genmux.types.accounts import Balance
from genmux.types.errors import (
    AuthenticationError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
)
from tests.unit.services.accounts.doubles import START, account
from tests.unit.services.accounts.pools import SECRET, fail, names, pool_of


def test_a_rate_limit_pauses_the_account_for_as_long_as_the_provider_says():
    pool, clock, _ = pool_of(account())
    fail(pool, "rate_limit", retry_after=30.0)
    with pytest.raises(RateLimitError, match="work pauses for 30 s") as caught:
        pool.choose("acme")
    assert caught.value.retry_after == 30.0
    clock.pass_(30)
    assert names(pool) == ["work"]


def test_without_a_word_of_the_provider_pauses_double_up_to_five_minutes():
    pool, clock, _ = pool_of(account())
    waits = []
    for _ in range(12):
        fail(pool, "rate_limit")
        with pytest.raises(RateLimitError) as caught:
            pool.choose("acme")
        waits.append(caught.value.retry_after)
        clock.pass_(caught.value.retry_after)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_success_ends_a_streak():
    pool, clock, _ = pool_of(account())
    fail(pool, "rate_limit")
    clock.pass_(1)
    pool.choose("acme").done()
    fail(pool, "rate_limit")
    with pytest.raises(RateLimitError) as caught:
        pool.choose("acme")
    assert caught.value.retry_after == 1


def test_an_older_request_that_goes_well_does_not_end_a_pause():
    pool, _, _ = pool_of(account())
    older = pool.choose("acme")
    fail(pool, "rate_limit", retry_after=60.0)
    older.done()
    with pytest.raises(RateLimitError):
        pool.choose("acme")


def test_a_clock_that_is_put_back_makes_no_pause_longer():
    pool, clock, _ = pool_of(account())
    fail(pool, "rate_limit", retry_after=10.0)
    clock.time -= datetime.timedelta(days=1)
    with pytest.raises(RateLimitError) as caught:
        pool.choose("acme")
    assert caught.value.retry_after == 10.0
    later = account(cooldown_until=START + datetime.timedelta(days=400))
    pool, _, _ = pool_of(later)
    with pytest.raises(RateLimitError) as caught:
        pool.choose("acme")
    assert caught.value.retry_after == 3_600


def test_two_refused_credentials_in_a_row_revoke_the_account_and_are_told():
    pool, clock, heard = pool_of(account())
    fail(pool, "authentication")
    assert heard.events == []
    clock.pass_(2)
    fail(pool, "authentication")
    assert heard.events == [("account.revoked", "work")]
    clock.pass_(10_000)
    with pytest.raises(AuthenticationError, match="work is revoked"):
        pool.choose("acme")


def test_a_success_between_two_refusals_keeps_the_account():
    pool, clock, heard = pool_of(account())
    for outcome in ("authentication", None, "authentication"):
        pool.choose("acme").done(outcome and ProviderError("no", kind=outcome))
        clock.pass_(2)
    assert heard.events == []
    assert names(pool) == ["work"]


def test_an_account_revoked_in_mid_stream_keeps_its_stream_and_starts_nothing_new():
    pool, clock, _ = pool_of(account())
    stream = pool.choose("acme")
    for _ in range(2):
        fail(pool, "authentication")
        clock.pass_(2)
    assert stream.credential["api_key"] == f"{SECRET}-work"
    with pytest.raises(AuthenticationError):
        pool.choose("acme")
    stream.done()
    with pytest.raises(AuthenticationError):
        pool.choose("acme")


def test_an_exhausted_account_waits_for_its_reset_date():
    resets = START + datetime.timedelta(days=3)
    balance = Balance(amount=Decimal(5), resets_at=resets, resets_to=Decimal(100))
    pool, clock, heard = pool_of(account(balances={"credits": balance}))
    fail(pool, "quota_exceeded")
    assert heard.events == [("account.exhausted", "work")]
    with pytest.raises(QuotaExceededError, match="work has no credit left"):
        pool.choose("acme")
    clock.pass_(3 * 86_400 + 1)
    lease = pool.choose("acme", needs={"credits": Decimal(100)})
    lease.done()
    assert pool.accounts("acme")[0].status == "active"


def test_credits_that_are_not_there_are_not_spent():
    pool, _, _ = pool_of(account(balances={"credits": Balance(amount=Decimal(10))}))
    first = pool.choose("acme", needs={"credits": Decimal(6)})
    with pytest.raises(QuotaExceededError, match="work has 4 credits left of 6 needed"):
        pool.choose("acme", needs={"credits": Decimal(6)})
    first.done(ProviderError("no", kind="server"))
    second = pool.choose("acme", needs={"credits": Decimal(6)})
    second.done(credits_used={"credits": Decimal(7)})
    assert pool.accounts("acme")[0].balances["credits"] == Balance(amount=Decimal(3), source="counted")


def test_credits_that_nobody_knows_are_no_obstacle():
    pool, _, _ = pool_of(account())
    assert names(pool, needs={"credits": Decimal(1_000)}) == ["work"]


def test_slots_are_never_more_than_the_account_has():
    pool, _, _ = pool_of(account(max_concurrency=2))
    one, _two = pool.choose("acme"), pool.choose("acme")
    with pytest.raises(RateLimitError, match="work has all 2 slots in use") as caught:
        pool.choose("acme")
    assert caught.value.retry_after == 1.0
    one.done()
    one.done()
    pool.choose("acme")
    with pytest.raises(RateLimitError):
        pool.choose("acme")


def test_an_expired_credential_is_not_used():
    pool, clock, _ = pool_of(account(expires_at=START + datetime.timedelta(seconds=5)))
    assert names(pool) == ["work"]
    clock.pass_(5)
    with pytest.raises(AuthenticationError, match="work expired at 2026-05-01 12:00 UTC"):
        pool.choose("acme")


@pytest.mark.parametrize("kind", ["invalid_request", "content_filtered", "cancelled", "context_overflow"])
def test_the_fault_of_a_request_is_not_that_of_the_account(kind):
    pool, _, _ = pool_of(account())
    fail(pool, kind)
    assert pool.accounts("acme")[0].success_rate is None


def test_failures_of_the_provider_lower_the_success_rate_and_stop_nothing():
    pool, _, _ = pool_of(account())
    for _ in range(3):
        fail(pool, "server")
    pool.choose("acme").done()
    shown = pool.accounts("acme")[0]
    assert (shown.success_rate, shown.failure_streak) == (0.25, 0)
