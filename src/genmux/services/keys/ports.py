"""What the keys need of a database."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from genmux.types.audit import AuditEntry
from genmux.types.keys import GatewayKey, KeyRow, Known, Organisation, Team


class KeyStore(Protocol):
    """Keeps organisations, teams and keys. Each change is written together with its line in the audit log. Raises StoreError."""

    async def changed(self, since: int) -> Known | None:
        """What there is to know anew; None when nothing changed since that version."""
        ...

    async def organisations(self, tenant: str | None) -> tuple[Organisation, ...]:
        """All, or that one."""
        ...

    async def save_organisation(self, organisation: Organisation, entry: AuditEntry) -> None:
        """Add or change one."""
        ...

    async def remove_organisation(self, tenant: str, entry: AuditEntry) -> None:
        """Remove one with its teams. Its keys are revoked before."""
        ...

    async def teams(self, tenant: str | None) -> tuple[Team, ...]:
        """Those of one organisation, or all."""
        ...

    async def save_team(self, team: Team, entry: AuditEntry) -> None:
        """Add or change one. Raises InvalidRequestError when its organisation has another of that name."""
        ...

    async def remove_team(self, team: Team, entry: AuditEntry) -> None:
        """Remove one."""
        ...

    async def key(self, key_id: str) -> KeyRow | None:
        """One key."""
        ...

    async def keys(
        self, tenant: str | None, *, team: str | None, after: tuple[datetime.datetime, str] | None, limit: int
    ) -> tuple[GatewayKey, ...]:
        """The newest first, after a place in time and id."""
        ...

    async def save_keys(self, rows: Sequence[KeyRow], entry: AuditEntry) -> None:
        """Add or change keys, all or none."""
        ...

    def write_last_used(self, tx: Any, used: Mapping[str, datetime.datetime]) -> None:
        """Note when keys were used, within the transaction of whoever calls."""
        ...
