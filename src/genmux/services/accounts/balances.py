"""Asks providers what is left of accounts' credits, as their manifests say how."""

import datetime
import logging
from collections.abc import Mapping
from typing import Protocol

from genmux.contract.balance import BalanceRead, BalanceSpec, read_balances
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Engine
from genmux.engine.retry import ONCE
from genmux.services.accounts.book import AccountBook, Stored
from genmux.services.accounts.pool import AccountPool
from genmux.services.accounts.standing import Standing
from genmux.services.ports import Now
from genmux.types.accounts import Account, Balance
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, UnsupportedError

PATIENCE = 15.0
"""Seconds that a provider has to answer."""

_REFUSED = frozenset({ErrorKind.AUTHENTICATION, ErrorKind.PERMISSION, ErrorKind.NOT_FOUND})
_log = logging.getLogger("genmux.accounts")


class Providers(Protocol):
    """Builds providers."""

    def load(self, provider_id: str) -> Provider:
        """A provider. Raises NotFoundError or ConfigurationError."""
        ...


class Addresses(Protocol):
    """Knows where providers are."""

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        """Where one is."""
        ...


class BalanceDesk:
    """Brings balances up to date, of one account or of all."""

    def __init__(
        self,
        pool: AccountPool,
        book: AccountBook,
        engine: Engine,
        providers: Providers,
        addresses: Addresses,
        *,
        now: Now,
    ) -> None:
        self._pool = pool
        self._book = book
        self._engine = engine
        self._providers = providers
        self._addresses = addresses
        self._now = now
        self._stored: Stored | None = None

    def attach(self, stored: Stored | None) -> None:
        """Write what is told down there."""
        self._stored = stored

    async def sync(self, tenant: str | None, account_id: str) -> Account:
        """Ask the provider of an account. Raises NotFoundError, UnsupportedError when it cannot be asked, ProviderError, StoreError."""
        account = self._book.get(tenant, account_id)
        standing = self._pool.standing(account_id)
        if standing is None or standing.fault is not None:
            message = f"{account.reference} {standing.fault if standing else 'is gone'}"
            raise ConfigurationError(message, provider=account.provider)
        provider = self._providers.load(account.provider)
        read = await self._ask(provider, standing)
        await self._keep(standing, read)
        return self._book.get(tenant, account_id)

    async def sync_all(self, *, older_than: float = 0.0) -> int:
        """Ask for all accounts whose balances are older than so many seconds; gives how many were told.

        What goes wrong with one is told in the log and stops no other.
        """
        told = 0
        for account in self._book.list(None):
            if account.status in ("disabled", "revoked") or not self._is_due(account, older_than):
                continue
            try:
                if self._providers.load(account.provider).manifest.balances:
                    await self.sync(account.tenant, account.id)
                    told += 1
            except ProviderError as error:
                _log.warning("the balance of %s could not be told: %s", account.reference, error)
        return told

    def _is_due(self, account: Account, older_than: float) -> bool:
        synced = [one.as_of for one in account.balances.values() if one.source != "stated" and one.as_of is not None]
        border = self._now() - datetime.timedelta(seconds=older_than)
        return not synced or min(synced) <= border or max(synced) > self._now()

    async def _ask(self, provider: Provider, standing: Standing) -> list[BalanceRead]:
        """One request for each path; where only special keys may ask, a refusal is no fault as long as another answers."""
        specs = provider.manifest.balances
        if not specs:
            message = f"{provider.id} has nowhere to ask what is left; say it with `genmux accounts update --credits`"
            raise UnsupportedError(message, provider=provider.id)
        read: list[BalanceRead] = []
        refusals: list[ProviderError] = []
        replies: dict[tuple[str, str], HttpReply | None] = {}
        for spec in specs:
            asked = (spec.method, spec.path)
            if asked not in replies:
                try:
                    replies[asked] = await self._send(provider, standing.credential, spec)
                except ProviderError as error:
                    if not spec.special_key or error.kind not in _REFUSED:
                        raise
                    replies[asked] = None
                    refusals.append(error)
            if (reply := replies[asked]) is not None:
                read += read_balances(spec, reply)
        if refusals and not any(replies.values()):
            raise refusals[0]
        return read

    async def _send(self, provider: Provider, credential: Mapping[str, str], spec: BalanceSpec) -> HttpReply:
        request = HttpRequest(
            method=spec.method, url=spec.path, headers=(("accept", "application/json"),), read_only=True
        )
        called = await self._engine.call(
            provider,
            credential,
            request,
            base_url=self._addresses.base_url(provider.manifest),
            timeouts=Timeouts.within(PATIENCE),
            policy=ONCE,
        )
        return called.reply

    async def _keep(self, standing: Standing, read: list[BalanceRead]) -> None:
        now = self._now()
        balances = {
            one.credit_type: Balance(
                amount=one.amount,
                unit=one.unit,
                as_of=now,
                resets_at=one.resets_at,
                resets_to=one.resets_to,
                source="synced",
            )
            for one in read
            if one.amount is not None
        }
        plan = next((one.plan for one in read if one.plan), None)
        stored = self._stored
        if standing.account.origin != "stored" or stored is None:
            self._pool.told(standing, balances, plan=plan)
            return
        await stored.keeper.flush()  # what was used before is in the provider's number
        await stored.store.set_balances(standing.account.id, balances, plan=plan)
        await stored.keeper.refresh(force=True)
