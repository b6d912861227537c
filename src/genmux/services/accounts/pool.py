"""All accounts in the memory of this process: which may be used, which comes first, what requests taught about them."""

import itertools
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from genmux.services.accounts.choice import Needs, first, least_used, refusal, usable_by
from genmux.services.accounts.lease import NO_CREDITS, Lease
from genmux.services.accounts.ports import Configured, Opens
from genmux.services.accounts.standing import Obstacle, Standing, rotates
from genmux.services.ports import Now
from genmux.types.accounts import Account, AccountRule, Balance, Credential
from genmux.types.accounts_stored import Noted, Snapshot
from genmux.types.errors import AuthenticationError, ConfigurationError, ErrorKind, ProviderError, RequestCancelledError
from genmux.types.principal import NOBODY, Principal

_REMEMBERED = 4_096
"""So many callers' views are kept at most."""

Publish = Callable[[str, Account], None]
"""Tells that something happened to an account: the event's type, and the account."""

Confirm = Callable[[Lease], Awaitable[Obstacle | None]]
"""Reserves a pending lease in the database; tells what hinders it."""

_NONE: frozenset[str] = frozenset()
_TRIED = Obstacle("was tried already", ErrorKind.CONFIGURATION)
_LOST = RequestCancelledError("another worker was first")

_View = tuple[str, str, str | None, str | None]


class AccountPool:
    """Chooses accounts. Safe to share between threads and event loops.

    `clock` counts seconds and is never put back; `now` is the time. Without a store only what the user has configured
    is in here, and a provider with a single configured account is used as if there were no accounts at all.
    """

    def __init__(self, configured: Configured, now: Now, clock: Callable[[], float], publish: Publish) -> None:
        self._configured = configured
        self._now = now
        self._clock = clock
        self._publish = publish
        self._lock = threading.Lock()
        self._turns = itertools.count(1)
        self._stored: dict[str, Standing] = {}
        self._providers: frozenset[str] = frozenset()
        self._own: dict[str, tuple[Standing, ...]] = {}
        self._views: dict[_View, tuple[Standing, ...]] = {}
        self._given_back: list[str] = []
        self.exact = False
        self.wake: Callable[[], None] = lambda: None
        self.confirm: Confirm = _confirmed

    def choose(
        self,
        provider: str,
        *,
        principal: Principal = NOBODY,
        needs: Needs | None = None,
        excluded: frozenset[str] = _NONE,
        rule: AccountRule = "cheapest",
        only: frozenset[str] | None = None,
    ) -> Lease:
        """An account for one request, reserved in this process.

        `needs` are credits by type, `excluded` are accounts that were tried already and `only` those that alone may be
        used, both by name or id. Raises RateLimitError (with `retry_after`), QuotaExceededError, AuthenticationError or
        ConfigurationError that says for each account why it cannot be used.
        """
        view = (provider, principal.organisation, principal.team, principal.key)
        usable = self._views.get(view)
        if usable is None:
            usable = self._look(view, principal)
        if not needs and not excluded and only is None:
            if len(usable) == 1:
                standing = usable[0]
                if standing.plain:
                    standing.turn = next(self._turns)
                    return Lease(standing, self)
            elif rule == "cheapest":  # as nearly all requests: no clock has to be asked, and nothing is compared twice
                with self._lock:
                    standing = least_used(usable)
                    if standing is not None:
                        standing.turn = next(self._turns)
                        standing.in_flight += 1
                        return Lease(standing, self, counted=True)
        with self._lock:
            tried = dict.fromkeys(excluded, _TRIED)
            return self._choose(provider, self._narrowed(provider, usable, only), needs or NO_CREDITS, tried, rule=rule)

    async def reserve(
        self,
        provider: str,
        *,
        principal: Principal = NOBODY,
        needs: Needs | None = None,
        excluded: frozenset[str] = _NONE,
        rule: AccountRule = "cheapest",
        only: frozenset[str] | None = None,
    ) -> Lease:
        """The same, and where others share the account through the database, it is confirmed there too.

        When others were first, another account is taken. Raises the errors of `choose`, and StoreError.
        """
        lease = self.choose(provider, principal=principal, needs=needs, excluded=excluded, rule=rule, only=only)
        if not lease.pending:
            return lease
        tried = dict.fromkeys(excluded, _TRIED)
        while lease.pending:
            try:
                lost = await self.confirm(lease)
            except BaseException as error:  # also when the caller goes away: the slot is given back
                lease.done(error, NO_CREDITS)
                raise
            if lost is None:
                break
            tried[lease.account.id] = lost
            lease.done(_LOST, NO_CREDITS)
            usable = self._look((provider, principal.organisation, principal.team, principal.key), principal)
            with self._lock:
                narrowed = self._narrowed(provider, usable, only)
                lease = self._choose(provider, narrowed, needs or NO_CREDITS, tried, rule=rule)
        return lease

    def several(self, provider: str) -> bool:
        """Whether there is anything to choose: accounts beside the one that nobody named."""
        if provider in self._providers:
            return True
        for one in self._own.get(provider) or self._configured_of(provider):  # noqa: SIM110 — asked for every request: a generator costs as much again
            if one.account.origin != "implicit":
                return True
        return False

    @staticmethod
    def rotates(error: BaseException) -> bool:
        """Whether the same request may go well with another account."""
        return rotates(error)

    def _choose(
        self,
        provider: str,
        usable: Sequence[Standing],
        needs: Needs,
        tried: Mapping[str, Obstacle],
        *,
        rule: AccountRule,
    ) -> Lease:
        clock, now = self._clock(), self._now()
        alone = len(usable) == 1 and usable[0].account.origin == "implicit"
        candidates: list[Standing] = []
        obstacles: list[tuple[str, Obstacle]] = []
        for one in usable:
            obstacle = (tried.get(one.account.id) or tried.get(one.account.name)) if tried else None
            if obstacle is None and not alone and not one.plain:
                obstacle = one.obstacle(needs, clock=clock, now=now)
            if obstacle is None:
                candidates.append(one)
            else:
                obstacles.append((one.account.name, obstacle))
        if not candidates:
            raise refusal(provider, obstacles)
        standing = candidates[0] if len(candidates) == 1 else first(candidates, needs, rule=rule, now=now)
        standing.turn = next(self._turns)
        standing.in_flight += 1
        for name, amount in needs.items():
            standing.reserved[name] = standing.reserved.get(name, Decimal(0)) + amount
        account = standing.account
        shared = self.exact and account.origin == "stored"
        pending = shared and (account.max_concurrency is not None or bool(needs.keys() & account.balances.keys()))
        return Lease(standing, self, needs, counted=True, pending=pending)

    def take_back(
        self, lease: Lease, outcome: BaseException | None, credits_used: Mapping[str, Decimal] | None
    ) -> None:
        """The request of a lease is over; `Lease.done` calls this."""
        standing = lease.standing
        told: str | None = None
        with self._lock:
            if lease.counted:
                standing.in_flight -= 1
            if lease.credits:
                for name, amount in lease.credits.items():
                    standing.reserved[name] = max(Decimal(0), standing.reserved.get(name, Decimal(0)) - amount)
            standing.used_at = self._now()
            if credits_used or lease.credits:
                self._use(standing, lease, outcome, credits_used)
            if outcome is None and standing.plain:
                standing.successes += 1
            else:
                told = standing.note(outcome, clock=self._clock(), now=self._now())
            if lease.id is not None:
                self._given_back.append(lease.id)
            account = standing.account
        if lease.id is not None:
            self.wake()
        if told is not None:
            self._publish(f"account.{told}", account)
            self.wake()

    @staticmethod
    def _use(
        standing: Standing, lease: Lease, outcome: BaseException | None, credits_used: Mapping[str, Decimal] | None
    ) -> None:
        """Take what a request took off an account; what is not told is what was reserved. Only with the lock."""
        used = credits_used if credits_used is not None else (lease.credits if outcome is None else NO_CREDITS)
        for name, amount in used.items():
            if amount > 0 and amount.is_finite():
                standing.used[name] = standing.used.get(name, Decimal(0)) + amount

    def rates_of(self, account: Account) -> Mapping[str, Decimal]:
        """US dollars for one credit, by credit type."""
        return account.rates

    def forget(self) -> None:
        """Look at what is configured anew: providers were registered, or keys were set."""
        with self._lock:
            self._own = {}
            self._views = {}

    def accept(self, snapshot: Snapshot, sealer: Opens) -> None:
        """Stand on what the store says now; what is in use goes on, and nothing new starts with what is gone."""
        clock, now = self._clock(), self._now()
        fresh: dict[str, Standing] = {}
        with self._lock:
            for row in snapshot.rows:
                account = row.account
                standing = self._stored.get(account.id) or Standing(account, None)
                if standing.sealed != row.sealed or standing.fault is not None:
                    credential, standing.fault = _opened(sealer, account, row.sealed)
                    standing.credential, standing.sealed = credential or Credential({}), row.sealed
                standing.adopt(account, clock=clock, now=now)
                fresh[account.id] = standing
            self._stored = fresh
            self._providers = frozenset(one.account.provider for one in fresh.values())
            self._views = {}

    def take_notes(self) -> tuple[Noted, ...]:
        """What is to be written down of stored accounts, taken out."""
        clock, now = self._clock(), self._now()
        with self._lock:
            taken = (one.take_notes(clock=clock, now=now) for one in self._stored.values())
            return tuple(noted for noted in taken if noted is not None)

    @property
    def urgent(self) -> bool:
        """Whether something was learnt that others must know before slots are given back: credits that were used, a new status."""
        with self._lock:
            return any(one.used or one.turned for one in self._stored.values())

    def take_back_notes(self) -> None:
        """What was taken out could not be written down."""
        with self._lock:
            for one in self._stored.values():
                one.take_back()

    def take_given_back(self) -> list[str]:
        """Leases of the database that are over, taken out."""
        with self._lock:
            given, self._given_back = self._given_back, []
            return given

    def put_given_back(self, leases: Sequence[str]) -> None:
        """These could not be given back yet."""
        with self._lock:
            self._given_back[:0] = leases

    def accounts(self, provider: str | None = None, *, providers: Sequence[str] = ()) -> tuple[Account, ...]:
        """All accounts as they stand: the stored ones, and those configured for `provider`, or for each of `providers`.

        What needs no key is not told as an account.
        """
        clock, now = self._clock(), self._now()
        wanted = (provider,) if provider is not None else providers
        own = [one for name in wanted for one in self._configured_of(name) if one.credential]
        with self._lock:
            stored = [one for one in self._stored.values() if provider in (None, one.account.provider)]
            return tuple(one.shown(clock=clock, now=now) for one in (*own, *stored))

    def shown(self, standing: Standing) -> Account:
        """An account as it stands, with what was not written down yet."""
        with self._lock:
            return standing.shown(clock=self._clock(), now=self._now())

    def told(self, standing: Standing, balances: Mapping[str, Balance], *, plan: str | None = None) -> None:
        """The provider told what is left of an account that is not in the store."""
        with self._lock:
            standing.told(balances, plan=plan)

    def standing(self, account_id: str) -> Standing | None:
        """An account by its id, None when there is none."""
        if (stored := self._stored.get(account_id)) is not None:
            return stored
        provider = account_id.partition(":")[0]
        return next((one for one in self._configured_of(provider) if one.account.id == account_id), None)

    def lacks(self, provider: str) -> str | None:
        """Why nobody has an account of a provider, in words; None when there is one."""
        if any(one.account.provider == provider for one in self._stored.values()):
            return None
        return None if self._configured_of(provider) else self._configured.missing(provider)

    def _look(self, view: _View, principal: Principal) -> tuple[Standing, ...]:
        """The accounts that a caller may use, found once and kept until something changes."""
        provider = view[0]
        views = self._views
        own = self._configured_of(provider)
        stored = [one for one in self._stored.values() if one.account.provider == provider]
        usable = tuple(one for one in (*own, *stored) if usable_by(one.account, principal))
        if not usable:
            raise self._nothing(provider, any_at_all=bool(stored or own))
        if len(views) >= _REMEMBERED:
            views.clear()
        views[view] = usable
        return usable

    def _nothing(self, provider: str, *, any_at_all: bool) -> ProviderError:
        if any_at_all:
            message = f"no account of {provider} is open to this key; share one with it, or add one of its own"
            return ConfigurationError(message, provider=provider)
        lack = self._configured.missing(provider) or f"there is no account of {provider}"
        return AuthenticationError(lack, provider=provider)

    def _configured_of(self, provider: str) -> tuple[Standing, ...]:
        kept = self._own.get(provider)
        if kept is None:
            found = self._configured.accounts(provider)
            with self._lock:
                kept = self._own.setdefault(
                    provider, tuple(Standing(account, Credential(fields)) for account, fields in found)
                )
        return kept

    @staticmethod
    def _narrowed(provider: str, usable: tuple[Standing, ...], only: frozenset[str] | None) -> Sequence[Standing]:
        if only is None:
            return usable
        found = [one for one in usable if one.account.name in only or one.account.id in only]
        if not found:
            message = f"no account of {provider} is called {' or '.join(sorted(only))}, or it is not open to this key"
            raise ConfigurationError(message, provider=provider)
        return found


async def _confirmed(_lease: Lease) -> Obstacle | None:
    """Without a shared database there is nobody to ask."""
    return None


def _opened(sealer: Opens, account: Account, sealed: Any) -> tuple[Credential | None, str | None]:
    """The credential, or why it cannot be opened; the other accounts go on."""
    try:
        return sealer.open(account, sealed), None
    except ProviderError as error:
        return None, f"cannot be opened: {error.message}"
