"""Webhooks of providers come in: verified over the raw body, each once, and then no more than a hint that wakes a poll.

Only where a provider signs and cannot be polled is what it says the truth, which whoever polls decides.
"""

import datetime
import hashlib
import hmac
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from genmux.contract.jobs import Delivery, Hooks, Verified
from genmux.contract.manifest import Manifest
from genmux.contract.operations import Operation
from genmux.engine.engine import Engine
from genmux.flows.call.options import DEFAULT_OPTIONS
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand, Kept, Standing
from genmux.flows.job.reaching import reach
from genmux.store.jobs.rows import written
from genmux.types.accounts import Account
from genmux.types.errors import (
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    ProviderError,
    StoreError,
    UnsupportedError,
)
from genmux.types.jobs import JobState, JobStatus, Processing, Ticket
from genmux.types.jobs_stored import JobRow

FRESH = 86_400.0
"""Seconds for which what signatures are checked with is kept: fal allows a day."""

AGAIN = 60.0
"""Seconds that must have passed before it is fetched again because a signature does not fit: forgers must not make us ask."""

SECRET = "webhook_secret"
"""The field of a credential with the account's own secret for webhooks."""

UNANSWERED = frozenset({JobStatus.SUBMITTING, JobStatus.OUTCOME_UNKNOWN})
"""In these a job has no ticket, and a webhook may bring it."""

_REMEMBERED = 1_024
_log = logging.getLogger("genmux.hooks")


class Hints(Protocol):
    """Takes what a webhook said of a job."""

    async def hint(self, row: JobRow, state: JobState) -> bool:
        """Keep it, and wake whoever polls; False when the job has ended."""
        ...

    async def found(self, row: JobRow, ticket: Ticket) -> bool:
        """The provider took a job of which nobody knew that; False when its outcome is known by now."""
        ...


class Seen(Protocol):
    """Remembers deliveries. Raises StoreError."""

    async def seen(self, place: str, delivery: str) -> bool:
        """Whether a delivery came to a place before."""
        ...

    async def remember(self, place: str, delivery: str, *, tenant: str, at: datetime.datetime) -> None:
        """It came."""
        ...


class Offered(Protocol):
    """Knows what there is of a provider."""

    def accounts(self, provider: str) -> Iterator[Standing]:
        """All its accounts."""
        ...

    def models(self, provider: str) -> Iterator[tuple[str, Operation]]:
        """Its models with their operations."""
        ...


class HookDesk:
    """Takes webhooks. `clock` gives Unix time, `offered` knows the accounts that may have one webhook for all their jobs."""

    def __init__(
        self,
        bench: Bench,
        hints: Hints,
        seen: Seen,
        *,
        now: Callable[[], datetime.datetime],
        offered: Offered | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._bench = bench
        self._hints = hints
        self._seen = seen
        self._now = now
        self._offered = offered
        self._clock = clock
        self._keys = Keys(bench.engine, clock)

    async def take(self, provider: str, token: str, delivery: Delivery) -> bytes:
        """Take a webhook, and give what the provider wants to hear. A repeated one is answered the same, and changes nothing.

        Raises NotFoundError for an address that is none, AuthenticationError for what the provider did not send (lately),
        StoreError, and ProviderError when what signatures are checked with cannot be had: it should come again then.
        """
        row = await self._bench.rows.by_token(provider, token)
        if row is None:
            return await self._of_account(provider, token, delivery)
        target = reach(self._bench, Hand(row))
        hooks = _hooks(target.wire)
        verified = await self._verified(hooks, target, delivery)
        place = f"{provider}/{row.id}"
        if not await self._seen.seen(place, verified.id):
            ticket, state = _said(hooks, verified)
            if not _is_of(ticket, row):
                raise AuthenticationError("the webhook is of another job", code="signature", provider=provider)
            if row.status in UNANSWERED and ticket and (verified.trusted or _pollable(target)):
                await self._hints.found(row, ticket)
            await self._hint(row, verified, state, pollable=_pollable(target))
            await self._seen.remember(place, verified.id, tenant=row.tenant, at=self._now())
        return hooks.answer

    async def _of_account(self, provider: str, token: str, delivery: Delivery) -> bytes:
        """A webhook that an account has for all its jobs: whose it is, its ticket tells."""
        found = self._target_of(provider, token)
        if found is None:
            raise NotFoundError("there is no such webhook", provider=provider)
        account, target = found
        hooks = _hooks(target.wire)
        verified = await self._verified(hooks, target, delivery)
        ticket, state = _said(hooks, verified)
        row = (
            None
            if ticket is None
            else await self._bench.rows.by_ticket(provider, written({"ticket": ticket})["ticket"])
        )
        place = f"{provider}/{hashlib.sha256(token.encode()).hexdigest()[:32]}"
        if row is not None and not _is_with(account, row):
            _log.warning("a webhook of the account %s speaks of a job of another: it is left alone", account.reference)
        elif row is not None and not await self._seen.seen(place, verified.id):
            await self._hint(row, verified, state, pollable=_pollable(target))
            await self._seen.remember(place, verified.id, tenant=row.tenant, at=self._now())
        return hooks.answer  # of a job that is not ours, or has ended: the provider need not send it again

    async def _verified(self, hooks: Hooks, target: Target, delivery: Delivery) -> Verified:
        """What the provider did send. Keys that do not fit are fetched anew once, for it may have replaced them."""
        secrets, now = await self._keys.of(hooks, target), self._clock()
        try:
            return hooks.verify(delivery, secrets, now)
        except AuthenticationError as error:
            if error.code != "signature":
                raise
            fresh = await self._keys.anew(hooks, target)
            if fresh is None or fresh == secrets:
                raise
            return hooks.verify(delivery, fresh, now)

    async def _hint(self, row: JobRow, verified: Verified, state: JobState, *, pollable: bool) -> None:
        if verified.trusted:
            await self._hints.hint(row, state)
        elif pollable:
            await self._hints.hint(row, Processing())  # nobody knows who says it, so it says no more than: look
        else:
            _log.warning(
                "a webhook of the job %s is not signed, and its provider cannot be asked: it is left alone", row.id
            )

    def _target_of(self, provider: str, token: str) -> tuple[Account, Target] | None:
        """The account whose address this is, with a wire of its provider that takes webhooks."""
        if self._offered is None:
            return None
        for standing in self._offered.accounts(provider):
            own = account_token(standing.account.id, standing.credential.get(SECRET))
            if own is not None and hmac.compare_digest(own.encode(), token.encode()):
                return self._any_target(self._offered, provider, standing)
        return None

    def _any_target(self, offered: Offered, provider: str, standing: Standing) -> tuple[Account, Target] | None:
        targets, kept = self._bench.targets, Kept(standing.account, standing.credential)
        for name, operation in offered.models(provider):
            model = targets.model(f"{provider}/{name}", operation)
            target = targets.reach(model, operation, DEFAULT_OPTIONS, kept)
            if isinstance(target.wire, Hooks):
                return standing.account, target
        return None


class Keys:
    """What signatures are checked with: fetched where it can be, and the account's own."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}

    async def of(self, hooks: Hooks, target: Target) -> tuple[str, ...]:
        """Those that are known; fetched when they are older than a day. Raises ProviderError."""
        fetched_at, fetched = self._kept.get(_place(target), (-FRESH, ()))
        if self._clock() - fetched_at >= FRESH:
            fetched = await self._fetch(hooks, target)
        own = target.credential.get(SECRET)
        return (own, *fetched) if own else fetched

    async def anew(self, hooks: Hooks, target: Target) -> tuple[str, ...] | None:
        """Fetched again; None when that was done lately."""
        fetched_at, _ = self._kept.get(_place(target), (-FRESH, ()))
        if self._clock() - fetched_at < AGAIN:
            return None
        await self._fetch(hooks, target)
        return await self.of(hooks, target)

    async def _fetch(self, hooks: Hooks, target: Target) -> tuple[str, ...]:
        steps = hooks.secrets()
        fetched: tuple[str, ...] = ()
        if steps is not None:
            fetched = await self._engine.walk(
                target.provider, target.credential, steps, base_url=target.base_url, model=target.model.id
            )
        if len(self._kept) >= _REMEMBERED:
            self._kept.clear()
        self._kept[_place(target)] = (self._clock(), fetched)
        return fetched


def account_hook(public_url: str | None, manifest: Manifest, standing: Standing) -> str:
    """The address at which an account's webhook comes in, to be set at its provider. Raises ConfigurationError, UnsupportedError."""
    if manifest.jobs.webhook != "account":
        message = f"{manifest.id} has no webhook for a whole account; genmux gives it an address with each job"
        raise UnsupportedError(message, provider=manifest.id)
    token = account_token(standing.account.id, standing.credential.get(SECRET))
    if token is None:
        message = (
            f"the account {standing.account.reference} has no `{SECRET}`: take it from where the webhook is set up at"
            f" {manifest.name}, and set it with `genmux accounts update {standing.account.reference}`"
        )
        raise ConfigurationError(message, provider=manifest.id)
    if public_url is None:
        raise ConfigurationError("nobody outside can reach this gateway: set `public_url` in [gateway]")
    return f"{public_url.rstrip('/')}/hooks/{manifest.id}/{token}"


def account_token(account: str, secret: str | None) -> str | None:
    """The last part of the address of an account's webhook; None for an account that has no secret for webhooks."""
    if not secret:
        return None
    digest = hmac.digest(secret.encode(), f"genmux webhook of {account}".encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _place(target: Target) -> tuple[str, str]:
    """One key for each account: its credential tells them apart, and is not kept."""
    told = msgspec.json.encode([target.base_url, sorted(target.credential.items())])
    return target.provider.id, hashlib.sha256(told).hexdigest()


def _hooks(wire: Any) -> Hooks:
    if isinstance(wire, Hooks):
        return wire
    raise NotFoundError("this provider sends no webhooks")


def _said(hooks: Hooks, verified: Verified) -> tuple[Ticket | None, JobState]:
    """What it says; of one that cannot be understood only that there is something to ask for."""
    try:
        return hooks.webhook(verified)
    except StoreError:
        raise
    except ProviderError as error:
        _log.warning("a webhook cannot be understood, and only wakes the poll: %s", error.message)
        return None, Processing()


def _is_of(ticket: Ticket | None, row: JobRow) -> bool:
    """Whether a webhook is of this job, as far as both tell."""
    if ticket is None or row.ticket is None:
        return True
    return all(row.ticket[name] == value for name, value in ticket.items() if name in row.ticket)


def _is_with(account: Account, row: JobRow) -> bool:
    """Whether a job went through an account: whoever has another one's secret must not speak of it."""
    return row.account == account.id or (row.account is None and account.origin != "stored")


def _pollable(target: Target) -> bool:
    return target.provider.manifest.jobs.pollable
