"""Adopts what an account had made at a provider before it came to us, or without us: outputs become assets.

What our own jobs made, whosever they are, and what was adopted before, is left alone. An account that another organisation
shares shows what that one and others made: from it, only root adopts.
"""

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from genmux.contract.http import HttpRequest
from genmux.contract.jobs import Listed, Lists
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.engine.engine import Engine
from genmux.flows.call.ports import Lease
from genmux.services.assets.collecting import Collector
from genmux.services.assets.rows import asset_id
from genmux.services.assets.shelf import Shelf
from genmux.store.jobs.rows import written
from genmux.types.accounts import Account
from genmux.types.assets import Asset, Output
from genmux.types.assets_stored import Adopted, Stored
from genmux.types.errors import InvalidRequestError, PermissionDeniedError, ProviderError, UnsupportedError
from genmux.types.jobs import Completed, Ticket
from genmux.types.principal import Principal

MOST = 1_000
"""So many jobs are adopted at most in one go."""

AT_ONCE = 4
"""So many jobs are adopted at the same time."""

HadTickets = Callable[[str, Sequence[str]], Awaitable[frozenset[str]]]
"""Which of these tickets (JSON) a job at a provider has or had, whoever's it is."""


class Providers(Protocol):
    """Knows providers."""

    def load(self, provider_id: str) -> Provider:
        """One of them. Raises ProviderError when it is not there."""
        ...


class Places(Protocol):
    """Knows where providers are."""

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        """Its address."""
        ...


class Accounts(Protocol):
    """Chooses accounts."""

    async def reserve(self, provider: str, *, principal: Principal, only: frozenset[str] | None = None) -> Lease:
        """One that may be used. Raises ProviderError that says why none can."""
        ...


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be adopted, and why."""

    ticket: Ticket
    message: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What was adopted from an account. `listed` jobs are in its list; `known` ones were ours, or adopted before.

    `more` says that there are others, which a further import adopts.
    """

    provider: str
    account: str
    listed: int
    known: int
    more: bool = False
    assets: tuple[Asset, ...] = ()
    failures: tuple[Failure, ...] = ()


class Importing:
    """Adopts files."""

    def __init__(  # noqa: PLR0913 — one part of the world each
        self,
        *,
        providers: Providers,
        places: Places,
        accounts: Accounts,
        engine: Engine,
        shelf: Shelf,
        collector: Collector,
        had_tickets: HadTickets,
    ) -> None:
        self._providers = providers
        self._places = places
        self._accounts = accounts
        self._engine = engine
        self._shelf = shelf
        self._collector = collector
        self._had_tickets = had_tickets

    async def run(
        self,
        provider_id: str,
        principal: Principal,
        *,
        account: str | None = None,
        since: datetime.datetime | None = None,
        limit: int = 100,
    ) -> Imported:
        """Adopt what `limit` jobs made that are not known yet, the newest first, submitted at `since` or later.

        Raises UnsupportedError for a provider without a list of jobs, PermissionDeniedError for another organisation's account,
        and ProviderError when the list cannot be had. What cannot be adopted is told, and leaves the rest alone.
        """
        if not 1 <= limit <= MOST:
            raise InvalidRequestError(f"`limit` is {limit}; it must be 1 to {MOST}", param="limit")
        provider = self._providers.load(provider_id)
        wires = _listing_wires(provider)
        only = None if account is None else frozenset({account})
        lease = await self._accounts.reserve(provider_id, principal=principal, only=only)
        if lease.account.tenant != principal.organisation and principal.role != "root":
            lease.done(None, {})
            raise _foreign(lease.account)
        failure: BaseException | None = None
        try:
            visit = _Visit(provider, lease, self._places.base_url(provider.manifest), principal)
            listed = [one for wire in wires for one in await self._list(visit, wire, since)]
            return await self._adopt(visit, listed, limit)
        except BaseException as error:
            failure = error
            raise
        finally:
            lease.done(failure, {})

    async def _list(self, visit: "_Visit", wire: Lists, since: datetime.datetime | None) -> list[Listed]:
        return await self._engine.walk(
            visit.provider, visit.lease.credential, wire.list(since), base_url=visit.base_url
        )

    async def _adopt(self, visit: "_Visit", listed: list[Listed], limit: int) -> Imported:
        made = [one for one in listed if isinstance(one.state, Completed) and one.state.outputs]
        known = await self._known(visit, made)
        unknown = [one for one, is_known in zip(made, known, strict=True) if not is_known]
        fresh = unknown[:limit]
        gate = asyncio.Semaphore(AT_ONCE)

        async def adopted(one: Listed) -> tuple[Asset, ...] | Failure:
            """What one job made, or why that cannot be had."""
            async with gate:
                try:
                    return await self._one(visit, one)
                except ProviderError as error:
                    return Failure(ticket=one.ticket, message=error.message)

        found = await asyncio.gather(*map(adopted, fresh))
        return Imported(
            provider=visit.provider.id,
            account=visit.lease.account.name,
            listed=len(listed),
            known=sum(known),
            more=len(unknown) > limit,
            assets=tuple(asset for one in found if not isinstance(one, Failure) for asset in one),
            failures=tuple(one for one in found if isinstance(one, Failure)),
        )

    async def _known(self, visit: "_Visit", made: list[Listed]) -> list[bool]:
        """Of each job whether it is ours, or was adopted before."""
        ours = await self._had_tickets(visit.provider.id, [_written(one.ticket) for one in made])
        ids = [{visit.asset(one, place) for place in range(len(_outputs(one)))} for one in made]
        there = await self._shelf.known(visit.principal.organisation, [id_ for some in ids for id_ in some])
        return [_written(one.ticket) in ours or some <= there.keys() for one, some in zip(made, ids, strict=True)]

    async def _one(self, visit: "_Visit", one: Listed) -> tuple[Asset, ...]:
        """Adopt what a job made, with what it was made of."""
        parents = [await self._parent(visit, source) for source in one.sources]
        told = {"prompt": one.prompt, "made_at": one.created_at, "ticket": one.ticket, **one.metadata}
        metadata = {name: value for name, value in told.items() if value is not None}
        cost = one.state.usage.reported_cost if isinstance(one.state, Completed) else None
        whence = Adopted(provider=visit.provider.id, model=one.model, operation=one.operation, cost=cost)
        assets: list[Asset] = []
        for place, output in enumerate(_outputs(one)):
            stored = await self._collect(
                visit, msgspec.structs.replace(output, metadata={**metadata, **output.metadata})
            )
            assets.append(
                await self._shelf.add(
                    stored,
                    visit.principal,
                    id=visit.asset(one, place),
                    origin="imported",
                    parents=tuple(filter(None, parents)),
                    whence=whence if place == 0 else msgspec.structs.replace(whence, cost=None),
                )
            )
        return tuple(assets)

    async def _parent(self, visit: "_Visit", source: Output) -> str | None:
        """What a job was made of, as an asset; None when it cannot be had any more."""
        try:
            stored = await self._collect(visit, msgspec.structs.replace(source, role="input"))
        except ProviderError:
            return None
        id_ = asset_id(visit.principal.organisation, "input", stored.sha256)
        return (await self._shelf.add(stored, visit.principal, id=id_, origin="imported")).id

    async def _collect(self, visit: "_Visit", output: Output) -> Stored:
        headers: dict[str, str] = {}
        if output.signed and output.url is not None:
            asked = HttpRequest(method="GET", url=output.url)
            signed = self._engine.signed(visit.provider, visit.lease.credential, asked, base_url=visit.base_url)
            output, headers = msgspec.structs.replace(output, url=signed.url), dict(signed.headers)
        hosts = (visit.base_url, *visit.provider.manifest.api_hosts)
        tenant = visit.principal.organisation
        return await self._collector.collect(output, tenant=tenant, headers=headers, trusted_hosts=hosts)


class _Visit(msgspec.Struct, frozen=True):
    """An account that is looked through, and for whom."""

    provider: Provider
    lease: Lease
    base_url: str
    principal: Principal

    def asset(self, one: Listed, place: int) -> str:
        """The id of an output, which is the same at every import."""
        return asset_id(self.principal.organisation, "import", self.provider.id, _written(one.ticket), place)


def _foreign(account: Account) -> PermissionDeniedError:
    message = (
        f"the account {account.reference} belongs to another organisation, and so may what it made; import from an account of"
        " your own, or ask root"
    )
    return PermissionDeniedError(message, status=403)


def _listing_wires(provider: Provider) -> list[Lists]:
    """The wires that can list jobs, each once."""
    found: dict[type, Lists] = {}
    for wire in provider.wires.values():
        if isinstance(wire, Lists):
            found.setdefault(type(wire), wire)
    if not found:
        message = f"{provider.id} has no list of jobs, or genmux does not know it; there is nothing to import from"
        raise UnsupportedError(message, provider=provider.id)
    return [*found.values()]


def _outputs(one: Listed) -> Sequence[Output]:
    return one.state.outputs if isinstance(one.state, Completed) else ()


def _written(ticket: Ticket) -> str:
    """A ticket as jobs keep it."""
    return str(written({"ticket": ticket})["ticket"])
