"""Organisations and their teams: made, changed, removed; each change is in the audit log."""

from collections.abc import Iterable

import msgspec

from genmux.services.keys.ports import KeyStore
from genmux.services.keys.ring import KeyRing
from genmux.services.keys.rules import check_id, check_limits, check_name
from genmux.services.ports import NewId, Now
from genmux.types.audit import entry_of
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.keys import Organisation, RateLimit, Team
from genmux.types.principal import DEFAULT_TENANT, Principal


class Tenancy:
    """Manages organisations and teams for whoever may; `who` is who does it. Raises InvalidRequestError and NotFoundError."""

    def __init__(self, store: KeyStore, ring: KeyRing, *, now: Now, new_id: NewId) -> None:
        self._store = store
        self._ring = ring
        self._now = now
        self._new_id = new_id

    async def organisations(self, tenant: str | None = None) -> tuple[Organisation, ...]:
        """All, or that one; `default` is there from the beginning."""
        found = await self._store.organisations(tenant)
        if tenant in (None, DEFAULT_TENANT) and all(one.id != DEFAULT_TENANT for one in found):
            found = (Organisation(id=DEFAULT_TENANT, name=DEFAULT_TENANT, created=self._now()), *found)
        return found

    async def organisation(self, tenant: str) -> Organisation:
        """One of them."""
        for one in await self.organisations(tenant):
            return one
        message = f"there is no organisation {tenant[:80]!r}"
        raise NotFoundError(message, status=404)

    async def create_organisation(
        self, who: Principal, *, tenant: str, name: str | None = None, limits: Iterable[RateLimit] = ()
    ) -> Organisation:
        """A new one."""
        check_id(tenant)
        if tenant == DEFAULT_TENANT or await self._store.organisations(tenant):
            message = f"there is an organisation {tenant!r} already"
            raise InvalidRequestError(message, param="id")
        new = Organisation(id=tenant, name=check_name(name or tenant), created=self._now(), limits=check_limits(limits))
        await self._save_organisation(who, "create", None, new)
        return new

    async def update_organisation(
        self, who: Principal, tenant: str, *, name: str | None = None, limits: Iterable[RateLimit] | None = None
    ) -> Organisation:
        """Another name, other limits; what is None stays."""
        before = await self.organisation(tenant)
        after = msgspec.structs.replace(
            before,
            name=before.name if name is None else check_name(name),
            limits=before.limits if limits is None else check_limits(limits),
        )
        await self._save_organisation(who, "update", before, after)
        return after

    async def remove_organisation(self, who: Principal, tenant: str) -> None:
        """Remove one whose keys are all revoked; its teams go along, its usage stays."""
        before = await self.organisation(tenant)
        if tenant == DEFAULT_TENANT:
            message = "the organisation `default` is that of whoever names none; it cannot be removed"
            raise InvalidRequestError(message)
        valid = await self._valid_keys(tenant, None)
        if valid:
            message = f"the organisation {tenant!r} has {valid} keys that are valid; revoke them first"
            raise InvalidRequestError(message)
        entry = entry_of(
            who, self._now(), action="delete", kind="organisation", subject=tenant, tenant=tenant, before=before
        )
        await self._store.remove_organisation(tenant, entry)
        await self._ring.refresh()

    async def teams(self, tenant: str | None) -> tuple[Team, ...]:
        """Those of one organisation, or all."""
        return await self._store.teams(tenant)

    async def team(self, tenant: str | None, team: str) -> Team:
        """One of an organisation (None: of any), by its id or its name."""
        for one in await self._store.teams(tenant):
            if one.id == team or (tenant is not None and one.name == team):
                return one
        message = f"there is no team {team[:80]!r}"
        raise NotFoundError(message, status=404)

    async def create_team(self, who: Principal, *, tenant: str, name: str, limits: Iterable[RateLimit] = ()) -> Team:
        """A new one."""
        await self.organisation(tenant)
        new = Team(
            id=self._new_id(), tenant=tenant, name=check_name(name), created=self._now(), limits=check_limits(limits)
        )
        await self._save_team(who, "create", None, new)
        return new

    async def update_team(
        self, who: Principal, team: Team, *, name: str | None = None, limits: Iterable[RateLimit] | None = None
    ) -> Team:
        """Another name, other limits; what is None stays."""
        after = msgspec.structs.replace(
            team,
            name=team.name if name is None else check_name(name),
            limits=team.limits if limits is None else check_limits(limits),
        )
        await self._save_team(who, "update", team, after)
        return after

    async def remove_team(self, who: Principal, team: Team) -> None:
        """Remove one whose keys are all revoked."""
        valid = await self._valid_keys(team.tenant, team.id)
        if valid:
            message = f"the team {team.name!r} has {valid} keys that are valid; revoke them first"
            raise InvalidRequestError(message)
        entry = entry_of(
            who, self._now(), action="delete", kind="team", subject=team.id, tenant=team.tenant, before=team
        )
        await self._store.remove_team(team, entry)
        await self._ring.refresh()

    async def _valid_keys(self, tenant: str, team: str | None) -> int:
        await self._ring.refresh()
        return self._ring.valid(tenant, team)

    async def _save_organisation(
        self, who: Principal, action: str, before: Organisation | None, after: Organisation
    ) -> None:
        entry = entry_of(
            who,
            self._now(),
            action=action,
            kind="organisation",
            subject=after.id,
            tenant=after.id,
            before=before,
            after=after,
        )
        await self._store.save_organisation(after, entry)
        await self._ring.refresh()

    async def _save_team(self, who: Principal, action: str, before: Team | None, after: Team) -> None:
        entry = entry_of(
            who,
            self._now(),
            action=action,
            kind="team",
            subject=after.id,
            tenant=after.tenant,
            before=before,
            after=after,
        )
        await self._store.save_team(after, entry)
        await self._ring.refresh()
