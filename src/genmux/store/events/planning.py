"""Makes deliveries out of events: each event once for each endpoint that wants it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from genmux.store.clock import database_now
from genmux.store.database import Tx
from genmux.store.events.log import are_held, end_of, read_after
from genmux.store.events.rows import event_of, webhook_of
from genmux.store.events.tables import event_cursors, webhook_deliveries, webhooks
from genmux.store.moments import to_micros
from genmux.types.events import BEGINNING, EventFilter, Place
from genmux.types.webhooks import Webhook

PAGE = 500
"""So many events are made into deliveries in one transaction."""

TEST = "webhook.test"
"""Such an event goes to the endpoint that it is about, and to no other."""

_CURSOR = "webhooks"
_c = event_cursors.c


def plan(tx: Tx) -> bool:
    """Make deliveries out of what was told since; whether there is more to be planned soon.

    Of several processes one does it: the others find its place locked.
    """
    place = _locked_place(tx)
    if place is None:
        return True  # another process is at it, and may not have seen all
    end = end_of(tx)
    endpoints = _endpoints(tx)
    rows = read_after(tx, place, PAGE) if endpoints else ()
    planned: list[dict[str, Any]] = []
    now = to_micros(database_now(tx))
    for row in rows:
        event = event_of(row)
        planned += [
            delivery_values(webhook, row, now)
            for webhook, which, since in endpoints
            if row["at"] >= since and row["type"] != TEST and which.fits(event)
        ]
    add_deliveries(tx, planned)
    if rows:
        _move(tx, Place(rows[-1]["xact"], rows[-1]["seq"]))
    return len(rows) == PAGE or are_held(tx, end)


def skip_to_end(tx: Tx) -> None:
    """When nobody wanted anything until now, what was told until now need not be looked at."""
    if tx.core.execute(select(webhooks.c.id).where(webhooks.c.enabled).limit(1)).first() is None:
        place = _locked_place(tx)
        end = end_of(tx)
        if place is not None and place < end:
            _move(tx, end)


def delivery_values(webhook: Webhook, event: Any, now: int) -> dict[str, Any]:
    """The row of a delivery that is due at once; `event` is an event's row."""
    return {
        "webhook": webhook.id,
        "event": event["id"],
        "tenant": webhook.tenant,
        "seq": event["seq"],
        "type": event["type"],
        "state": "waiting",
        "subject": event["subject"],
        "attempts": 0,
        "created": now,
        "next_at": now,
    }


def add_deliveries(tx: Tx, planned: Sequence[dict[str, Any]]) -> None:
    """Add rows; those that are there already are left as they are."""
    if planned:
        into = sqlite.insert if tx.raw is not None else postgresql.insert
        tx.core.execute(into(webhook_deliveries).on_conflict_do_nothing(), planned)


def _endpoints(tx: Tx) -> list[tuple[Webhook, EventFilter, int]]:
    """Those that are enabled, what they want, and since when."""
    found = tx.core.execute(select(webhooks).where(webhooks.c.enabled)).mappings()
    rows = [(webhook_of(row), row["since"]) for row in found]
    return [(one, EventFilter(tenant=one.tenant, types=one.types), since) for one, since in rows]


def _locked_place(tx: Tx) -> Place | None:
    """How far events were planned; None when another process plans at this moment."""
    asked = select(_c.xact, _c.seq).where(_c.name == _CURSOR).with_for_update(skip_locked=True)
    if (found := tx.core.execute(asked).first()) is not None:
        return Place(*found)
    into = sqlite.insert if tx.raw is not None else postgresql.insert
    first = into(event_cursors).values(name=_CURSOR, xact=BEGINNING.xact, seq=BEGINNING.seq)
    made = tx.core.execute(first.on_conflict_do_nothing()).rowcount
    return BEGINNING if made else None


def _move(tx: Tx, place: Place) -> None:
    tx.core.execute(update(event_cursors).where(_c.name == _CURSOR).values(xact=place.xact, seq=place.seq))
