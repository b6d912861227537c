"""What was changed, by whom."""

import datetime
from typing import Any

import msgspec

from genmux.types.principal import Principal


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the audit log: who did what to which thing of which organisation.

    `action` is a verb (`create`, `update`, `delete`, `rotate`, `revoke` …) and `kind` the kind of thing (`key`, `budget` …).
    `before` and `after` are the thing as data, without secrets.
    """

    at: datetime.datetime
    tenant: str
    action: str
    kind: str
    subject: str
    key: str | None = None
    role: str = "root"
    address: str | None = None
    before: Any = None
    after: Any = None
    id: int | None = None


def entry_of(  # noqa: PLR0913 — each names one fact of the line
    who: Principal,
    at: datetime.datetime,
    *,
    action: str,
    kind: str,
    subject: str,
    tenant: str,
    before: object = None,
    after: object = None,
) -> AuditEntry:
    """A line; `before` and `after` may be structs, whose unset fields are left out."""
    return AuditEntry(
        at=at,
        tenant=tenant,
        action=action,
        kind=kind,
        subject=subject,
        key=who.key,
        role=who.role,
        address=who.address,
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(after),
    )
