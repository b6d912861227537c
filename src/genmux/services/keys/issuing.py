"""Keys: issued, changed, rotated, revoked; each change is in the audit log, and no key's text is kept anywhere."""

import datetime
from collections.abc import Callable, Iterable, Mapping

import msgspec

from genmux.services.keys.ports import KeyStore
from genmux.services.keys.ring import KeyRing
from genmux.services.keys.rules import (
    check_allowance,
    check_end_users,
    check_future,
    check_limits,
    check_name,
    check_tags,
)
from genmux.services.keys.text import SHOWN, digest_of, key_text
from genmux.services.ports import NewId, Now
from genmux.types.audit import entry_of
from genmux.types.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from genmux.types.keys import Allowance, EndUsers, GatewayKey, KeyRow, RateLimit, Role
from genmux.types.principal import Principal

OVERLAP = datetime.timedelta(days=1)
"""So long a key that was rotated works on, where nobody says otherwise."""

LONGEST_OVERLAP = datetime.timedelta(days=90)
MOST_LISTED = 500

_RANK: dict[Role, int] = {"member": 0, "admin": 1, "root": 2}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a key shall be like."""

    name: str
    tenant: str
    team: str | None = None
    role: Role = "member"
    expires_at: datetime.datetime | None = None
    allow: Allowance = Allowance()
    limits: tuple[RateLimit, ...] = ()
    end_users: EndUsers = EndUsers()
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different in a key; what is unset stays. A `team` or `expires_at` of None takes it away."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    team: str | msgspec.UnsetType | None = msgspec.UNSET
    role: Role | msgspec.UnsetType = msgspec.UNSET
    expires_at: datetime.datetime | msgspec.UnsetType | None = msgspec.UNSET
    allow: Allowance | msgspec.UnsetType = msgspec.UNSET
    limits: tuple[RateLimit, ...] | msgspec.UnsetType = msgspec.UNSET
    end_users: EndUsers | msgspec.UnsetType = msgspec.UNSET
    tags: Mapping[str, str] | msgspec.UnsetType = msgspec.UNSET


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was just made, with its text, which nobody can ask for again."""

    key: GatewayKey
    text: str

    def __repr__(self) -> str:
        """Without the text."""
        return f"Issued({self.key.id!r})"


class Issuing:
    """Manages keys for whoever may; `who` is who does it. Raises InvalidRequestError, NotFoundError, PermissionDeniedError.

    `chance` gives at least 32 characters that nobody can guess; `providers` are those that there are.
    """

    def __init__(
        self,
        store: KeyStore,
        ring: KeyRing,
        *,
        now: Now,
        new_id: NewId,
        chance: Callable[[], str],
        providers: Callable[[], Iterable[str]],
    ) -> None:
        self._store = store
        self._ring = ring
        self._now = now
        self._new_id = new_id
        self._chance = chance
        self._providers = providers

    async def keys(
        self,
        tenant: str | None,
        *,
        team: str | None = None,
        after: tuple[datetime.datetime, str] | None = None,
        limit: int = 100,
    ) -> tuple[GatewayKey, ...]:
        """The newest first; `after` is where the page before ended."""
        if not 1 <= limit <= MOST_LISTED:
            message = f"`limit` is {limit}; it must be 1 to {MOST_LISTED}"
            raise InvalidRequestError(message, param="limit")
        return await self._store.keys(tenant, team=team, after=after, limit=limit)

    async def key(self, tenant: str | None, key_id: str) -> GatewayKey:
        """One key of an organisation, or of any."""
        return (await self._row(tenant, key_id)).key

    async def issue(self, who: Principal, wish: Wish) -> Issued:
        """A new key. Nobody gives more than he has: an admin makes no root."""
        _check_role(who, wish.role)
        await self._check_team(wish.tenant, wish.team)
        key = GatewayKey(
            id=self._new_id(),
            tenant=wish.tenant,
            team=wish.team,
            name=check_name(wish.name),
            prefix="",
            role=wish.role,
            created=self._now(),
            expires_at=check_future(wish.expires_at, self._now()),
            allow=check_allowance(wish.allow, self._providers()),
            limits=check_limits(wish.limits),
            end_users=check_end_users(wish.end_users),
            tags=check_tags(wish.tags),
        )
        issued, row = self._with_text(key)
        await self._save(who, "create", (row,), before=None, after=issued.key)
        return issued

    async def update(self, who: Principal, tenant: str | None, key_id: str, changes: Changes) -> GatewayKey:
        """Change a key; its text stays."""
        row = await self._row(tenant, key_id)
        _check_role(who, row.key.role)
        told = {
            name: value for name in Changes.__struct_fields__ if (value := getattr(changes, name)) is not msgspec.UNSET
        }
        after = msgspec.structs.replace(row.key, **told)
        _check_role(who, after.role)
        if row.key.revoked_at is not None:
            message = f"the key {row.key.prefix}… is revoked; make a new one"
            raise InvalidRequestError(message)
        await self._check_team(after.tenant, after.team)
        check_allowance(after.allow, self._providers())
        check_end_users(after.end_users)
        after = msgspec.structs.replace(
            after,
            name=check_name(after.name),
            limits=check_limits(after.limits),
            tags=check_tags(after.tags),
            expires_at=check_future(after.expires_at, self._now()) if "expires_at" in told else after.expires_at,
        )
        await self._save(who, "update", (KeyRow(after, row.digest),), before=row.key, after=after)
        return after

    async def rotate(
        self, who: Principal, tenant: str | None, key_id: str, *, overlap: datetime.timedelta = OVERLAP
    ) -> Issued:
        """A new key that is like the old one in everything; for `overlap` both work."""
        row = await self._row(tenant, key_id)
        before, now = row.key, self._now()
        _check_role(who, before.role)
        if not datetime.timedelta(0) <= overlap <= LONGEST_OVERLAP:
            message = f"the overlap must be 0 to {LONGEST_OVERLAP.days} days"
            raise InvalidRequestError(message, param="overlap")
        if ended := _ended(before, now):
            message = f"the key {before.prefix}… is {ended} already; make a new one"
            raise InvalidRequestError(message)
        fresh = msgspec.structs.replace(before, id=self._new_id(), created=now, last_used=None)
        issued, new = self._with_text(fresh)
        end = now + overlap
        if before.expires_at is not None:
            end = min(end, before.expires_at)
        old = msgspec.structs.replace(before, rotated_to=issued.key.id, expires_at=end)
        await self._save(who, "rotate", (KeyRow(old, row.digest), new), before=before, after=issued.key)
        return issued

    async def revoke(self, who: Principal, tenant: str | None, key_id: str) -> GatewayKey:
        """End a key at once. Once revoked, it stays so."""
        row = await self._row(tenant, key_id)
        _check_role(who, row.key.role)
        if row.key.revoked_at is not None:
            return row.key
        after = msgspec.structs.replace(row.key, revoked_at=self._now())
        await self._save(who, "revoke", (KeyRow(after, row.digest),), before=row.key, after=after)
        return after

    def _with_text(self, key: GatewayKey) -> tuple[Issued, KeyRow]:
        text = key_text(self._chance())
        key = msgspec.structs.replace(key, prefix=text[:SHOWN])
        return Issued(key=key, text=text), KeyRow(key, digest_of(text))

    async def _row(self, tenant: str | None, key_id: str) -> KeyRow:
        row = await self._store.key(key_id)
        if row is None or (tenant is not None and row.key.tenant != tenant):
            message = f"there is no key {key_id[:80]!r}"
            raise NotFoundError(message, status=404)
        return row

    async def _check_team(self, tenant: str, team: str | None) -> None:
        if team is not None and all(one.id != team for one in await self._store.teams(tenant)):
            message = f"the organisation {tenant!r} has no team {team[:80]!r}"
            raise InvalidRequestError(message, param="team")

    async def _save(
        self, who: Principal, action: str, rows: tuple[KeyRow, ...], *, before: GatewayKey | None, after: GatewayKey
    ) -> None:
        entry = entry_of(
            who,
            self._now(),
            action=action,
            kind="key",
            subject=(before or after).id,
            tenant=after.tenant,
            before=before,
            after=after,
        )
        await self._store.save_keys(rows, entry)
        await self._ring.refresh()


def _ended(key: GatewayKey, now: datetime.datetime) -> str | None:
    """Why there is nothing left of a key to rotate."""
    if key.revoked_at is not None:
        return "revoked"
    if key.rotated_to is not None:
        return "rotated"
    return "expired" if key.expires_at is not None and key.expires_at <= now else None


def _check_role(who: Principal, role: Role) -> None:
    if _RANK[role] > _RANK[who.role]:
        message = f"whoever is {who.role} cannot manage keys of role {role}"
        raise PermissionDeniedError(message, status=403)
