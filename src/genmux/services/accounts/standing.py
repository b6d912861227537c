"""How one account stands at this moment in this process: what is in use, what was learnt, and whether it can be used."""

import datetime
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from genmux.types.accounts import Account, AccountStatus, Balance, Credential
from genmux.types.accounts_stored import Noted, Sealed
from genmux.types.errors import ErrorKind, ProviderError

REFUSALS = 2
"""So many refused credentials in a row revoke an account."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds that an account pauses after rate limits, doubled each time, where the provider does not say."""

LONGEST_TOLD = 3_600.0
"""A provider's own `retry-after` is believed up to so many seconds."""

EMPTY_PAUSE = 3_600.0
"""Seconds after which an account without credit is tried again, when nobody knows when it gets some."""

UNKNOWN_RATE = Decimal("Infinity")
"""Credits whose price nobody knows are used last."""

_OWN_FAULTS = frozenset(
    {
        ErrorKind.SERVER,
        ErrorKind.OVERLOADED,
        ErrorKind.NETWORK,
        ErrorKind.TIMEOUT,
        ErrorKind.MALFORMED_REPLY,
        ErrorKind.UNKNOWN,
    }
)
_ROTATING = frozenset({ErrorKind.AUTHENTICATION, ErrorKind.QUOTA_EXCEEDED, ErrorKind.RATE_LIMIT})


def rotates(error: BaseException) -> bool:
    """Whether the same request may go well with another account."""
    return isinstance(error, ProviderError) and error.kind in _ROTATING


class Standing:
    """One account in use. Not safe to share between threads by itself: the pool locks."""

    __slots__ = (
        "account",
        "cheapest",
        "cool_until",
        "credential",
        "failures",
        "fault",
        "in_flight",
        "learnt",
        "plain",
        "rank",
        "refused",
        "reserved",
        "sealed",
        "status",
        "streak",
        "successes",
        "turn",
        "turned",
        "unsaved",
        "used",
        "used_at",
    )

    def __init__(self, account: Account, credential: Credential | None, *, fault: str | None = None) -> None:
        self.account = account
        self.credential = credential or Credential({})
        self.fault = fault
        self.sealed: Sealed | None = None
        self.status: AccountStatus = account.status
        self.cool_until: float | None = None
        self.in_flight = 0
        self.reserved: dict[str, Decimal] = {}
        self.used: dict[str, Decimal] = {}
        self.successes = 0
        self.failures = 0
        self.streak = account.failure_streak
        self.refused = account.refused_streak
        self.turn = 0
        self.used_at: datetime.datetime | None = None
        self.learnt = False
        self.turned = False
        self.unsaved: tuple[Account, Noted] | None = None
        self.plain = False
        self.look()

    def look(self) -> None:
        """Tell whether nothing has to be checked before this account is used."""
        account = self.account
        self.cheapest = min(account.rates.values(), default=UNKNOWN_RATE)
        self.rank = (-account.priority, self.cheapest)
        self.plain = (
            self.status == "active"
            and self.cool_until is None
            and self.fault is None
            and account.max_concurrency is None
            and account.expires_at is None
            and not account.balances
            and not self.streak
            and not self.refused
        )

    def adopt(self, account: Account, *, clock: float, now: datetime.datetime) -> None:
        """Take over what the store says; what is in use here goes on."""
        self.account = account
        self.unsaved = None
        if not self.turned or account.status == "disabled":
            self.status = account.status
        if self.learnt and account.status != "disabled":
            self.look()
            return  # what was learnt since is newer, and is written down next
        self.streak = account.failure_streak
        self.refused = account.refused_streak
        self.cool_until = None
        if account.cooldown_until is not None:
            longest = EMPTY_PAUSE if account.status != "exhausted" else float("inf")
            left = min((account.cooldown_until - now).total_seconds(), longest)
            self.cool_until = clock + left if left > 0 else None  # a clock that was put back makes no pause endless
        self.look()

    def left(self, credit_type: str, now: datetime.datetime) -> Decimal | None:
        """Credits that nobody has reserved here; None when it is not known how many there are."""
        balance = self.balance(credit_type, now)
        if balance is None:
            return None
        return balance.amount - self.used.get(credit_type, Decimal(0)) - self.reserved.get(credit_type, Decimal(0))

    def balance(self, credit_type: str, now: datetime.datetime) -> Balance | None:
        """The last known balance, as its reset makes it."""
        balance = self.account.balances.get(credit_type)
        if balance is None or balance.resets_at is None or now < balance.resets_at:
            return balance
        if balance.resets_to is None:
            return None
        return msgspec.structs.replace(balance, amount=balance.resets_to, resets_at=None)

    def obstacle(self, needs: Mapping[str, Decimal], *, clock: float, now: datetime.datetime) -> "Obstacle | None":
        """Why it cannot be used for this now; None when it can."""
        account = self.account
        if self.status == "disabled":
            return Obstacle("is disabled", ErrorKind.CONFIGURATION)
        if self.fault is not None:
            return Obstacle(self.fault, ErrorKind.CONFIGURATION)
        if self.status == "revoked":
            return Obstacle("is revoked: the provider refused its credential", ErrorKind.AUTHENTICATION)
        if account.expires_at is not None and now >= account.expires_at:
            return Obstacle(f"expired at {account.expires_at:%Y-%m-%d %H:%M} UTC", ErrorKind.AUTHENTICATION)
        if self.cool_until is not None and clock < self.cool_until:
            return self._pause(self.cool_until - clock)
        for credit_type, need in needs.items():
            left = self.left(credit_type, now)
            if left is not None and left < need:
                return Obstacle(
                    f"has {max(left, Decimal(0)):f} {credit_type} left of {need:f} needed", ErrorKind.QUOTA_EXCEEDED
                )
        if account.max_concurrency is not None and self.in_flight >= account.max_concurrency:
            return Obstacle(f"has all {account.max_concurrency} slots in use", ErrorKind.RATE_LIMIT, FIRST_PAUSE)
        return None

    def _pause(self, seconds: float) -> "Obstacle":
        if self.status == "exhausted":
            return Obstacle("has no credit left", ErrorKind.QUOTA_EXCEEDED, seconds)
        return Obstacle(f"pauses for {seconds:.0f} s", ErrorKind.RATE_LIMIT, seconds)

    def note(self, error: BaseException | None, *, clock: float, now: datetime.datetime) -> AccountStatus | None:
        """Learn from how a request ended; gives the status that the account comes to have, None when it keeps its own."""
        if error is None:
            self.successes += 1
            if self.cool_until is None or self.cool_until <= clock:
                self._recover()  # while it pauses, this only tells how things were before
            return None
        if not isinstance(error, ProviderError):
            return None
        match error.kind:
            case ErrorKind.RATE_LIMIT:
                self._failed()
                wait = error.retry_after
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self.streak - 1, 16)) if wait is None else wait
                self._cool(clock + min(max(pause, 0.0), LONGEST_TOLD))
            case ErrorKind.AUTHENTICATION:
                self._failed()
                self.refused += 1
                self._cool(clock + FIRST_PAUSE)
                if self.refused >= REFUSALS and self.status != "revoked":
                    return self._become("revoked")
            case ErrorKind.QUOTA_EXCEEDED:
                self._failed()
                self._cool(clock + self._until_reset(now))
                if self.status == "active":
                    return self._become("exhausted")
            case kind if kind in _OWN_FAULTS:
                self._failed()
            case _:
                pass  # the request's fault, not the account's
        return None

    def _recover(self) -> None:
        if not (self.streak or self.refused or self.cool_until is not None or self.status == "exhausted"):
            return
        self.streak = self.refused = 0
        self.cool_until = None
        if self.status == "exhausted" or (self.status == "revoked" and self.account.origin == "implicit"):
            self.status = "active"
            self.turned = True
        self.learnt = True
        self.look()

    def _failed(self) -> None:
        self.failures += 1
        self.streak += 1
        self.learnt = True
        self.look()

    def _cool(self, until: float) -> None:
        self.cool_until = max(until, self.cool_until or 0.0)
        self.look()

    def _become(self, status: AccountStatus) -> AccountStatus:
        self.status = status
        self.learnt = self.turned = True
        self.look()
        return status

    def _until_reset(self, now: datetime.datetime) -> float:
        resets = [
            one.resets_at for one in self.account.balances.values() if one.resets_at is not None and one.resets_at > now
        ]
        return (min(resets) - now).total_seconds() if resets else EMPTY_PAUSE

    def take_notes(self, *, clock: float, now: datetime.datetime) -> Noted | None:
        """What is to be written down, taken out; None when there is nothing."""
        if not (self.successes or self.failures or self.used or self.learnt):
            return None
        pause = None if self.cool_until is None or self.cool_until <= clock else self.cool_until - clock
        noted = Noted(
            account=self.account.id,
            successes=self.successes,
            failures=self.failures,
            used=dict(self.used),
            last_used=self.used_at,
            standing=self.learnt,
            status=self.status if self.turned else None,
            failure_streak=self.streak,
            refused_streak=self.refused,
            cooldown_until=None if pause is None else now + datetime.timedelta(seconds=pause),
        )
        self.unsaved = (self.account, noted)
        self._apply(noted)
        return noted

    def take_back(self) -> None:
        """What was taken out could not be written down: it is still to be."""
        if self.unsaved is None:
            return
        (self.account, noted), self.unsaved = self.unsaved, None
        self.successes += noted.successes
        self.failures += noted.failures
        self.learnt = self.learnt or noted.standing
        self.turned = self.turned or noted.status is not None
        for name, amount in noted.used.items():
            self.used[name] = self.used.get(name, Decimal(0)) + amount

    def _apply(self, noted: Noted) -> None:
        """The account as the store will tell it."""
        balances = dict(self.account.balances)
        for credit_type, used in noted.used.items():
            if (balance := balances.get(credit_type)) is not None:
                left = max(Decimal(0), balance.amount - used)
                balances[credit_type] = msgspec.structs.replace(balance, amount=left, source="counted")
        self.account = msgspec.structs.replace(
            self.account,
            balances=balances,
            successes=self.account.successes + noted.successes,
            failures=self.account.failures + noted.failures,
            last_used=noted.last_used or self.account.last_used,
        )
        self.successes = self.failures = 0
        self.used = {}
        self.learnt = self.turned = False

    def told(self, balances: Mapping[str, Balance], *, plan: str | None = None) -> None:
        """Take over what the provider told; an exhausted account is active again when it has some."""
        account = self.account
        known = {**account.balances, **balances}
        self.account = msgspec.structs.replace(account, balances=known, plan=plan or account.plan)
        for name in balances:
            self.used.pop(name, None)
        if self.status == "exhausted" and any(one.amount > 0 for one in balances.values()):
            self.status, self.cool_until = "active", None
        self.look()

    def shown(self, *, clock: float, now: datetime.datetime) -> Account:
        """The account as it stands, with what was not written down yet."""
        pause = None if self.cool_until is None or self.cool_until <= clock else self.cool_until - clock
        balances = {
            credit_type: balance
            if not (used := self.used.get(credit_type))
            else msgspec.structs.replace(balance, amount=max(Decimal(0), balance.amount - used), source="counted")
            for credit_type in self.account.balances
            if (balance := self.balance(credit_type, now)) is not None
        }
        return msgspec.structs.replace(
            self.account,
            status=self.status,
            balances=balances,
            cooldown_until=None if pause is None else now + datetime.timedelta(seconds=pause),
            failure_streak=self.streak,
            refused_streak=self.refused,
            successes=self.account.successes + self.successes,
            failures=self.account.failures + self.failures,
            last_used=self.used_at or self.account.last_used,
        )


class Obstacle(msgspec.Struct, frozen=True):
    """Why an account cannot be used: in words, the kind of error it makes, and in how many seconds it may be over."""

    reason: str
    kind: ErrorKind
    wait: float | None = None
