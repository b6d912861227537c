"""A key ring with its desk over a store in memory."""

import datetime
import itertools
from collections.abc import Mapping, Sequence

from genmux.services.keys import Issuing, KeyDesk, KeyRing, Tenancy
from genmux.types.audit import AuditEntry
from genmux.types.keys import GatewayKey, KeyRow, Known, Organisation, Team
from genmux.types.principal import Principal

START = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
ROOT = Principal(role="root")
ADMIN = Principal(organisation="acme", key="boss", role="admin")


class MemoryKeys:
    """Keeps organisations, teams and keys."""

    def __init__(self) -> None:
        self.version = 0
        self.looks = 0
        self.log: list[AuditEntry] = []
        self.kept_organisations: dict[str, Organisation] = {}
        self.kept_teams: dict[str, Team] = {}
        self.rows: dict[str, tuple[int, KeyRow]] = {}
        self.used: dict[str, datetime.datetime] = {}

    def _note(self, entry: AuditEntry) -> None:
        self.version += 1
        self.log.append(entry)

    async def changed(self, since: int) -> Known | None:
        self.looks += 1
        if since == self.version:
            return None
        return Known(
            version=self.version,
            organisations=tuple(self.kept_organisations.values()),
            teams=tuple(self.kept_teams.values()),
            keys=tuple(row for version, row in self.rows.values() if version > since),
        )

    async def organisations(self, tenant: str | None) -> tuple[Organisation, ...]:
        return tuple(one for one in self.kept_organisations.values() if tenant in (None, one.id))

    async def save_organisation(self, organisation: Organisation, entry: AuditEntry) -> None:
        self._note(entry)
        self.kept_organisations[organisation.id] = organisation

    async def remove_organisation(self, tenant: str, entry: AuditEntry) -> None:
        self._note(entry)
        del self.kept_organisations[tenant]
        self.kept_teams = {name: one for name, one in self.kept_teams.items() if one.tenant != tenant}

    async def teams(self, tenant: str | None) -> tuple[Team, ...]:
        return tuple(one for one in self.kept_teams.values() if tenant in (None, one.tenant))

    async def save_team(self, team: Team, entry: AuditEntry) -> None:
        self._note(entry)
        self.kept_teams[team.id] = team

    async def remove_team(self, team: Team, entry: AuditEntry) -> None:
        self._note(entry)
        del self.kept_teams[team.id]

    async def key(self, key_id: str) -> KeyRow | None:
        found = self.rows.get(key_id)
        return None if found is None else found[1]

    async def keys(
        self, tenant: str | None, *, team: str | None, after: tuple[datetime.datetime, str] | None, limit: int
    ) -> tuple[GatewayKey, ...]:
        found = [row.key for _, row in self.rows.values() if tenant in (None, row.key.tenant)]
        found = [one for one in found if team in (None, one.team)]
        found.sort(key=lambda one: (one.created, one.id), reverse=True)
        return tuple(one for one in found if after is None or (one.created, one.id) < after)[:limit]

    async def save_keys(self, rows: Sequence[KeyRow], entry: AuditEntry) -> None:
        self._note(entry)
        self.rows |= {row.key.id: (self.version, row) for row in rows}

    def write_last_used(self, tx: object, used: Mapping[str, datetime.datetime]) -> None:
        del tx
        self.used |= used


class House:
    """Everything about keys, with a clock that stands still until it is moved."""

    def __init__(self, *configured: str) -> None:
        self.now = START
        self.store = MemoryKeys()
        self.ring = KeyRing(lambda: self.now, configured=configured)
        ids, chance = itertools.count(1), itertools.count(1)
        self.tenancy = Tenancy(self.store, self.ring, now=lambda: self.now, new_id=lambda: f"id{next(ids)}")
        self.issuing = Issuing(
            self.store,
            self.ring,
            now=lambda: self.now,
            new_id=lambda: f"id{next(ids)}",
            chance=lambda: f"{next(chance):040}",
            providers=lambda: ("openai", "mock"),
        )
        self.desk = KeyDesk(self.tenancy, self.issuing, self.ring)

    async def opened(self) -> "House":
        """The same with its store."""
        await self.ring.attach(self.store)
        return self
