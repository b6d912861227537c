"""Looks at jobs: one, a page of them, how many there are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from genmux.store.database import Tx
from genmux.store.jobs.rows import COLUMNS, NAMES, read_row
from genmux.store.jobs.tables import jobs
from genmux.store.statement import Statement
from genmux.types.jobs import JobFilter
from genmux.types.jobs_stored import JobRow
from genmux.types.periods import to_moment

Cursor = tuple[int, str]
"""When a job was made, and its id: a page begins after it."""

PIECE = 500
"""So many tickets are asked for in one statement."""

QUOTE = '"'
"""Ends a name in a path of JSON, so that no name of a tag may have one."""

_PLAIN = ("provider", "model", "operation", "key", "team", "end_user", "batch")

_BY_ID = Statement(f"SELECT {NAMES} FROM jobs WHERE id = :id")  # noqa: S608 — our own names
_BY_TOKEN = Statement(f"SELECT {NAMES} FROM jobs WHERE callback_token = :token AND provider = :provider")  # noqa: S608
_BY_TICKET = Statement(
    f"SELECT {NAMES} FROM jobs WHERE provider = :provider AND status IN ('submitting', 'running', 'outcome_unknown')"  # noqa: S608
    " AND ticket = :ticket"
)
_OVERDUE = Statement(
    f"SELECT {NAMES} FROM jobs WHERE status = 'queued' AND expires_at <= :now ORDER BY expires_at LIMIT 500"  # noqa: S608
)
_COUNTS = Statement("SELECT status, provider, count(*) FROM jobs GROUP BY status, provider")


def by_id(tx: Tx, job: str) -> JobRow | None:
    """A job of whichever tenant."""
    found = _BY_ID.one(tx, {"id": job})
    return None if found is None else read_row(found)


def by_token(tx: Tx, provider: str, token: str) -> JobRow | None:
    """The job whose webhook comes in at this address."""
    found = _BY_TOKEN.one(tx, {"provider": provider, "token": token})
    return None if found is None else read_row(found)


def by_ticket(tx: Tx, provider: str, ticket: str) -> JobRow | None:
    """The open job with this ticket (JSON as it is kept)."""
    found = _BY_TICKET.one(tx, {"provider": provider, "ticket": ticket})
    return None if found is None else read_row(found)


def had_tickets(tx: Tx, provider: str, tickets: Sequence[str]) -> frozenset[str]:
    """Which of these tickets a job has or had, whoever's it is."""
    c, found = jobs.c, set[str]()
    for start in range(0, len(tickets), PIECE):
        asked = select(c.ticket, c.provider).where(c.ticket.in_(tickets[start : start + PIECE]))
        found.update(
            ticket for ticket, whose in tx.core.execute(asked) if whose == provider
        )  # an index has the tickets
    return frozenset(found)


def page(
    tx: Tx,
    tenant: str | None,
    wanted: JobFilter,
    *,
    after: Cursor | None,
    limit: int,
    oldest_first: bool = False,
) -> list[JobRow]:
    """Jobs of a tenant, or of all, the newest first unless `oldest_first`."""
    query: Select[Any] = select(*(jobs.c[name] for name in COLUMNS))
    query = query.where(*_conditions(tenant, wanted), *_tagged(tx, wanted))
    if after is not None:
        place = tuple_(jobs.c.created_at, jobs.c.id)
        query = query.where(place > after if oldest_first else place < after)
    order = (jobs.c.created_at, jobs.c.id)
    query = query.order_by(*(order if oldest_first else [one.desc() for one in order])).limit(limit)
    found: Sequence[Any] = tx.core.execute(query).all()
    return [read_row(tuple(one)) for one in found]


def overdue(tx: Tx, *, now: int) -> list[JobRow]:
    """Queued jobs that should have begun by now."""
    return [read_row(one) for one in _OVERDUE.rows(tx, {"now": now})]


def counts(tx: Tx) -> list[tuple[str, str, int]]:
    """How many jobs there are by status and provider."""
    return [(status, provider, number) for status, provider, number in _COUNTS.rows(tx, {})]


def _conditions(tenant: str | None, wanted: JobFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if tenant is not None:
        found.append(jobs.c.tenant == tenant)
    if wanted.status:
        found.append(jobs.c.status.in_([str(one) for one in wanted.status]))
    if wanted.operations:
        found.append(jobs.c.operation.in_(wanted.operations))
    found += [jobs.c[name] == value for name in _PLAIN if (value := getattr(wanted, name)) is not None]
    if wanted.since is not None:
        found.append(jobs.c.created_at >= to_moment(wanted.since))
    if wanted.before is not None:
        found.append(jobs.c.created_at < to_moment(wanted.before))
    return found


def _tagged(tx: Tx, wanted: JobFilter) -> list[ColumnElement[bool]]:
    """The tags stand in the request, which each database opens in its own way."""
    if tx.raw is not None:
        return [
            func.json_extract(jobs.c.request, f'$.tags."{name.replace(QUOTE, "")}"') == value
            for name, value in wanted.tags.items()
        ]
    opened = cast(jobs.c.request, JSONB)["tags"]
    return [opened[name].astext == value for name, value in wanted.tags.items()]
