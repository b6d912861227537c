"""The audit log: who changed what."""

from collections.abc import Mapping
from typing import Any, Protocol

from genmux.services.ports import Now
from genmux.types.audit import AuditEntry, entry_of
from genmux.types.errors import InvalidRequestError
from genmux.types.principal import Principal

MOST_LISTED = 500


class AuditStore(Protocol):
    """Keeps the lines. Raises StoreError."""

    async def add(self, entry: AuditEntry) -> None:
        """Add a line."""
        ...

    async def entries(
        self, tenant: str | None, *, kind: str | None, subject: str | None, before: int | None, limit: int
    ) -> tuple[AuditEntry, ...]:
        """The newest first."""
        ...


class AuditLog:
    """Takes a line for each change that is made through the native API, and lists them."""

    def __init__(self, store: AuditStore, now: Now) -> None:
        self._store = store
        self._now = now

    async def note(  # noqa: PLR0913 — each names one fact of the line
        self,
        who: Principal,
        *,
        action: str,
        kind: str,
        subject: str,
        tenant: str | None = None,
        before: object = None,
        after: object = None,
    ) -> None:
        """Note that `who` did something: `action` is a verb, `kind` and `subject` say with what.

        `before` and `after` are structs or plain data, and must have no secret in them. The organisation is that of
        `who`, unless another is told. Raises StoreError.
        """
        entry = entry_of(
            who,
            self._now(),
            action=action,
            kind=kind,
            subject=subject,
            tenant=tenant or who.organisation,
            before=before,
            after=after,
        )
        await self._store.add(entry)

    async def __call__(self, caller: Principal, action: str, subject: str, details: Mapping[str, Any]) -> None:
        """Note something as `kind.verb`, with what there is to say about it; `tenant` in it says whose it is."""
        kind, _, verb = action.rpartition(".")
        tenant = details.get("tenant")
        await self.note(
            caller,
            action=verb,
            kind=kind or verb,
            subject=subject,
            tenant=tenant if isinstance(tenant, str) else None,
            after=details,
        )

    async def entries(
        self,
        tenant: str | None,
        *,
        kind: str | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """The newest first, of one organisation (None: of all), before a line's id. Raises InvalidRequestError."""
        if not 1 <= limit <= MOST_LISTED:
            message = f"`limit` is {limit}; it must be 1 to {MOST_LISTED}"
            raise InvalidRequestError(message, param="limit")
        return await self._store.entries(tenant, kind=kind, subject=subject, before=before, limit=limit)
