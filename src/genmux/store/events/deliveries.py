"""Deliveries in the database: claimed by one process at a time, settled by the one that has them, sent again when asked."""

import datetime
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update

from genmux.store.clock import database_now
from genmux.store.database import Database, Tx
from genmux.store.events.log import EventLog
from genmux.store.events.planning import add_deliveries, delivery_values, plan
from genmux.store.events.rows import delivery_of, event_of, stored_of
from genmux.store.events.tables import events, webhook_deliveries, webhooks
from genmux.store.moments import to_micros
from genmux.types.events import Event
from genmux.types.webhooks import Claimed, DeliveryState, Outcome, StoredWebhook, WebhookDelivery

MOST_ENDPOINTS = 200
"""So many endpoints, those that have waited longest, are looked at in one claim."""

SECOND = 1_000_000
NOTED = 60 * SECOND
"""For so long nobody notes again that an endpoint is well."""

_d, _w = webhook_deliveries.c, webhooks.c
_WAITING = and_(_d.state == "waiting", _d.webhook == _w.id, _w.enabled)


class Deliveries:
    """Keeps deliveries."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    async def plan(self) -> bool:
        """Make deliveries out of the events that were told since; whether there is more to be planned soon."""
        return await self._database.write(plan)

    async def claim(self, room: int, busy: Mapping[str, int], *, each: int, lease: float) -> tuple[Claimed, ...]:
        """Take up to `room` deliveries that are due: nobody else sends them within `lease` seconds.

        Each endpoint has at most `each` under way in this process, of which `busy` counts those that are; an endpoint that
        failed the last time has one.
        """
        return await self._database.write(lambda tx: _claim(tx, room, busy, each, lease))

    async def settle(
        self,
        claimed: Claimed,
        outcome: Outcome,
        *,
        disable: str | None = None,
        also: Sequence[Event] = (),
    ) -> bool:
        """Note how an attempt ended; False when the delivery was not this process's any more.

        With `disable` the endpoint is switched off for that reason, and the events of `also` are told.
        """

        def work(tx: Tx) -> bool:
            """In one transaction."""
            now = to_micros(database_now(tx))
            ended = None if outcome.state == "waiting" else now
            values = {
                "state": outcome.state,
                "next_at": now + int(outcome.wait * SECOND),
                "ended": ended,
                "status": outcome.status,
                "error": outcome.error,
                "seconds": outcome.seconds,
            }
            if not tx.core.execute(update(webhook_deliveries).where(*_held(claimed)).values(**values)).rowcount:
                return False
            _note(tx, claimed.webhook.webhook.id, outcome, now)
            if disable is not None:
                off = update(webhooks).where(_w.id == claimed.webhook.webhook.id)
                tx.core.execute(off.values(enabled=False, reason=disable))
                self._log.add_in(tx, also)
            return True

        return await self._database.write(work)

    async def give_back(self, claimed: Sequence[Claimed]) -> None:
        """These are not sent by this process after all; others may at once."""

        def work(tx: Tx) -> None:
            """In one transaction."""
            now = to_micros(database_now(tx))
            for one in claimed:
                back = update(webhook_deliveries).where(*_held(one)).values(next_at=now, attempts=one.attempts - 1)
                tx.core.execute(back)

        if claimed:
            await self._database.write(work)

    async def due_in(self) -> float | None:
        """In how many seconds the next delivery is due; None when none waits."""

        def work(tx: Tx) -> float | None:
            """In one transaction."""
            first = tx.core.execute(select(func.min(_d.next_at)).where(_WAITING)).scalar()
            return None if first is None else max(0.0, (first - to_micros(database_now(tx))) / SECOND)

        return await self._database.read(work)

    async def list(
        self,
        webhook: str,
        *,
        state: DeliveryState | None,
        before: tuple[datetime.datetime, str] | None,
        limit: int,
    ) -> tuple[WebhookDelivery, ...]:
        """The newest deliveries of an endpoint, before a place in time and event."""
        asked = select(webhook_deliveries).where(_d.webhook == webhook)
        if state is not None:
            asked = asked.where(_d.state == state)
        if before is not None:
            asked = asked.where(tuple_(_d.created, _d.event) < (to_micros(before[0]), before[1]))
        asked = asked.order_by(_d.created.desc(), _d.event.desc()).limit(limit)
        return await self._database.read(lambda tx: tuple(map(delivery_of, tx.core.execute(asked).mappings())))

    async def find(self, webhook: str, event: str) -> WebhookDelivery | None:
        """One delivery."""
        asked = select(webhook_deliveries).where(_d.webhook == webhook, _d.event == event)

        def work(tx: Tx) -> WebhookDelivery | None:
            """In one transaction."""
            found = tx.core.execute(asked).mappings().first()
            return None if found is None else delivery_of(found)

        return await self._database.read(work)

    async def redeliver(self, webhook: str, *, event: str | None = None) -> int:
        """Send again what was settled: one event, or all that failed. Gives how many are sent again."""
        which = [_d.webhook == webhook, _d.event == event if event is not None else _d.state == "failed"]

        def work(tx: Tx) -> int:
            """In one transaction."""
            now = to_micros(database_now(tx))
            again = {"state": "waiting", "attempts": 0, "next_at": now, "ended": None}
            return tx.core.execute(update(webhook_deliveries).where(*which).values(**again)).rowcount

        return await self._database.write(work)

    async def begin(self, webhook: StoredWebhook, event: Event, *, lease: float) -> Claimed:
        """Tell an event for one endpoint alone, and take its delivery at once."""

        def work(tx: Tx) -> None:
            """In one transaction."""
            self._log.add_in(tx, [event])
            row = tx.core.execute(select(events).where(events.c.id == event.id)).mappings().one()
            now = to_micros(database_now(tx))
            values = delivery_values(webhook.webhook, row, now)
            add_deliveries(tx, [{**values, "attempts": 1, "next_at": now + int(lease * SECOND)}])

        await self._database.write(work)
        return Claimed(webhook=webhook, event=event, attempts=1)


def _claim(tx: Tx, room: int, busy: Mapping[str, int], each: int, lease: float) -> tuple[Claimed, ...]:
    now = to_micros(database_now(tx))
    waiting = (
        select(_w.id, _w.streak)
        .where(_WAITING, _d.next_at <= now)
        .group_by(_w.id, _w.streak)
        .order_by(func.min(_d.next_at))
        .limit(MOST_ENDPOINTS)
    )
    taken: list[tuple[str, str]] = []
    for webhook, streak in tx.core.execute(waiting).all():
        free = min((1 if streak else each) - busy.get(webhook, 0), room - len(taken))
        if free > 0:
            asked = select(_d.event).where(_d.webhook == webhook, _d.state == "waiting", _d.next_at <= now)
            asked = asked.order_by(_d.next_at).limit(free).with_for_update(skip_locked=True)
            taken += [(webhook, event) for (event,) in tx.core.execute(asked)]
    if not taken:
        return ()
    mine = tuple_(_d.webhook, _d.event).in_(taken)
    until = now + int(lease * SECOND)
    tx.core.execute(update(webhook_deliveries).where(mine).values(next_at=until, attempts=_d.attempts + 1))
    return _loaded(tx, mine, now)


def _loaded(tx: Tx, mine: ColumnElement[bool], now: int) -> tuple[Claimed, ...]:
    """What is to be sent. An event that is not kept any more cannot be."""
    rows = tx.core.execute(select(_d.webhook, _d.event, _d.attempts, _d.seq).where(mine)).all()
    told = select(events).where(events.c.seq.in_({row.seq for row in rows}))
    by_id = {row["id"]: event_of(row) for row in tx.core.execute(told).mappings()}
    found = select(webhooks).where(_w.id.in_({row.webhook for row in rows}))
    endpoints = {row["id"]: stored_of(row) for row in tx.core.execute(found).mappings()}
    for row in rows:
        if row.event not in by_id:
            gone = update(webhook_deliveries).where(_d.webhook == row.webhook, _d.event == row.event)
            tx.core.execute(gone.values(state="failed", ended=now, error="the event is not kept any more"))
    return tuple(
        Claimed(webhook=endpoints[row.webhook], event=by_id[row.event], attempts=row.attempts)
        for row in rows
        if row.event in by_id and row.webhook in endpoints
    )


def _held(claimed: Claimed) -> tuple[ColumnElement[bool], ...]:
    """As long as nobody else took it: the number of attempts is the fence."""
    webhook, event = claimed.webhook.webhook.id, claimed.event.id
    return _d.webhook == webhook, _d.event == event, _d.state == "waiting", _d.attempts == claimed.attempts


def _note(tx: Tx, webhook: str, outcome: Outcome, now: int) -> None:
    """How the endpoint stands; written when that changes, else seldom."""
    well = outcome.state == "delivered"
    told = {"last_at": now, "last_status": outcome.status, "streak": 0 if well else _w.streak + 1}
    noted = update(webhooks).where(_w.id == webhook)
    if well:
        noted = noted.where(or_(_w.streak > 0, _w.last_at.is_(None), _w.last_at < now - NOTED))
    tx.core.execute(noted.values(**told))
