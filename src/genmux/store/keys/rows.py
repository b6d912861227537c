"""Organisations, teams and keys as rows."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.store.moments import from_micros, to_micros
from genmux.types.keys import Allowance, EndUsers, GatewayKey, KeyRow, Organisation, RateLimit, Role, Team

Row = Mapping[Any, Any]


class Limited(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of an organisation or a team as JSON."""

    limits: tuple[RateLimit, ...] = ()


class KeyDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a key as JSON."""

    allow: Allowance = Allowance()
    limits: tuple[RateLimit, ...] = ()
    end_users: EndUsers = EndUsers()
    tags: dict[str, str] = msgspec.field(default_factory=dict)


def organisation_values(one: Organisation) -> dict[str, Any]:
    """As columns."""
    return {
        "tenant": one.id,
        "name": one.name,
        "created": to_micros(one.created),
        "details": _text(Limited(one.limits)),
    }


def organisation_of(row: Row) -> Organisation:
    """From columns."""
    details = msgspec.json.decode(row["details"], type=Limited)
    return Organisation(id=row["tenant"], name=row["name"], created=from_micros(row["created"]), limits=details.limits)


def team_values(one: Team) -> dict[str, Any]:
    """As columns."""
    return {
        "id": one.id,
        "tenant": one.tenant,
        "name": one.name,
        "created": to_micros(one.created),
        "details": _text(Limited(one.limits)),
    }


def team_of(row: Row) -> Team:
    """From columns."""
    details = msgspec.json.decode(row["details"], type=Limited)
    return Team(
        id=row["id"],
        tenant=row["tenant"],
        name=row["name"],
        created=from_micros(row["created"]),
        limits=details.limits,
    )


def key_values(row: KeyRow) -> dict[str, Any]:
    """As columns, but for the version and for when it was used last, which others write."""
    key = row.key
    details = KeyDetails(allow=key.allow, limits=key.limits, end_users=key.end_users, tags=dict(key.tags))
    return {
        "id": key.id,
        "tenant": key.tenant,
        "team": key.team,
        "name": key.name,
        "prefix": key.prefix,
        "digest": row.digest,
        "role": key.role,
        "created": to_micros(key.created),
        "expires_at": key.expires_at and to_micros(key.expires_at),
        "revoked_at": key.revoked_at and to_micros(key.revoked_at),
        "rotated_to": key.rotated_to,
        "details": _text(details),
    }


def key_row(row: Row) -> KeyRow:
    """From columns."""
    details = msgspec.json.decode(row["details"], type=KeyDetails)
    role: Role = row["role"]
    return KeyRow(
        GatewayKey(
            id=row["id"],
            tenant=row["tenant"],
            team=row["team"],
            name=row["name"],
            prefix=row["prefix"],
            role=role,
            created=from_micros(row["created"]),
            expires_at=None if row["expires_at"] is None else from_micros(row["expires_at"]),
            last_used=None if row["last_used"] is None else from_micros(row["last_used"]),
            revoked_at=None if row["revoked_at"] is None else from_micros(row["revoked_at"]),
            rotated_to=row["rotated_to"],
            allow=details.allow,
            limits=details.limits,
            end_users=details.end_users,
            tags=details.tags,
        ),
        bytes(row["digest"]),
    )


def _text(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()
