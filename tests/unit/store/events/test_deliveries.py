"""Each event is planned once for each endpoint that wants it, sent by one process at a time, and settled by the one that has it."""

import asyncio
import datetime
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text, update

from genmux.store.events.deliveries import Deliveries
from genmux.store.events.log import EventLog
from genmux.store.events.tables import webhook_deliveries, webhooks
from genmux.store.events.webhooks import Listeners, WebhookTable
from genmux.store.opening import Store, open_store
from genmux.types.accounts_stored import Sealed
from genmux.types.errors import InvalidRequestError
from genmux.types.events import EventFilter
from genmux.types.webhooks import Outcome, WebhookDelivery
from tests.unit.store.events.told import NOON, endpoint, event, tell

DONE = Outcome(state="delivered", status=204, seconds=0.1)
LATER = Outcome(state="waiting", wait=30.0, status=500, error="HTTP 500")


@pytest.fixture
def table(store: Store) -> WebhookTable:
    return WebhookTable(store.database)


@pytest.fixture
def deliveries(store: Store, log: EventLog) -> Deliveries:
    return Deliveries(store.database, log)


@pytest.fixture
async def second(ledger_url: str, store: Store) -> AsyncIterator[Deliveries]:
    """Another process, where there can be one; else the same."""
    if store.kind == "sqlite":
        yield Deliveries(store.database, EventLog(store.database))
        return
    other = await open_store(ledger_url, environ={}, role="command")
    yield Deliveries(other.database, EventLog(other.database))
    await other.aclose()


async def claimed(deliveries: Deliveries, room: int = 10, each: int = 10, lease: float = 60.0) -> list[tuple[str, str]]:
    return [(one.webhook.webhook.id, one.event.id) for one in await deliveries.claim(room, {}, each=each, lease=lease)]


async def listed(deliveries: Deliveries, webhook: str = "w1") -> dict[str, WebhookDelivery]:
    return {one.event: one for one in await deliveries.list(webhook, state=None, before=None, limit=100)}


async def make_due(store: Store) -> None:
    await store.database.write(lambda tx: tx.core.execute(update(webhook_deliveries).values(next_at=0)))


async def test_only_what_an_endpoint_wants_is_planned_for_it(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint("w1"), most=9)
    await table.add(endpoint("w2", types=("budget.*",)), most=9)
    await table.add(endpoint("w3", tenant="*"), most=9)
    await table.add(endpoint("w4", enabled=False), most=9)
    told = [
        event(1),
        event(2, "budget.alert"),
        event(3, tenant="other"),
        event(4, tenant=None),
        event(5, "webhook.test"),
    ]
    await tell(store, log, told)
    await deliveries.plan()

    found = {name: sorted(await listed(deliveries, name)) for name in ("w1", "w2", "w3", "w4")}
    assert found == {"w1": ["e1", "e2"], "w2": ["e2"], "w3": ["e1", "e2", "e3", "e4"], "w4": []}


async def test_planning_again_plans_nothing_twice(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries, second: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(1)])
    await asyncio.gather(*(one.plan() for one in (deliveries, second) * 5))
    await tell(store, log, [event(2)])
    while await deliveries.plan():
        pass

    assert sorted(await claimed(deliveries)) == [("w1", "e1"), ("w1", "e2")]


async def test_planning_goes_through_more_than_a_page(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(types=("wanted",)), most=9)
    await tell(store, log, [event(n, "wanted" if n == 1_100 else "other") for n in range(1_101)])
    rounds = 1
    while await deliveries.plan():
        rounds += 1

    assert rounds == 3
    assert [*await listed(deliveries)] == ["e1100"]


async def test_what_was_told_before_an_endpoint_was_made_is_not_sent(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint("w1"), most=9)
    await tell(store, log, [event(1)])
    await table.add(endpoint("w2", created_at=NOON + datetime.timedelta(seconds=5)), most=9)
    await tell(store, log, [event(9)])
    await deliveries.plan()

    assert sorted(await listed(deliveries, "w1")) == ["e1", "e9"]
    assert sorted(await listed(deliveries, "w2")) == ["e9"]


async def test_what_was_told_while_nobody_wanted_it_is_not_looked_at(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await tell(store, log, [event(n) for n in range(1_200)])
    await table.add(endpoint(created_at=NOON + datetime.timedelta(days=1)), most=9)

    assert not await deliveries.plan()  # one page, which is empty


async def test_a_delivery_is_claimed_by_one(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries, second: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(n) for n in range(40)])
    await deliveries.plan()
    found = await asyncio.gather(*(claimed(one, room=5) for one in (deliveries, second) * 4))
    taken = [one for part in found for one in part]

    assert len(taken) == len(set(taken)) == 40


async def test_a_delivery_whose_process_died_is_taken_over_after_its_lease(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(1)])
    await deliveries.plan()
    (first,) = await deliveries.claim(1, {}, each=1, lease=60.0)
    assert await claimed(deliveries) == []
    await make_due(store)
    (again,) = await deliveries.claim(1, {}, each=1, lease=60.0)

    assert (first.attempts, again.attempts) == (1, 2)
    assert not await deliveries.settle(first, DONE)
    assert (await listed(deliveries))["e1"].state == "waiting"
    assert await deliveries.settle(again, DONE)
    assert not await deliveries.settle(again, DONE)
    assert (await listed(deliveries))["e1"].state == "delivered"


async def test_a_failed_attempt_waits_and_then_comes_again(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(1)])
    await deliveries.plan()
    (one,) = await deliveries.claim(1, {}, each=1, lease=60.0)
    assert await deliveries.settle(one, LATER)
    due = await deliveries.due_in()
    found = (await listed(deliveries))["e1"]

    assert await claimed(deliveries) == []
    assert due is not None
    assert 25 < due <= 30
    assert (found.state, found.attempts, found.status, found.error) == ("waiting", 1, 500, "HTTP 500")
    (webhook,) = await table.list("acme")
    assert (webhook.failures, webhook.last_status) == (1, 500)


async def test_what_failed_for_good_is_sent_again_when_asked(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(1), event(2), event(3)])
    await deliveries.plan()
    for one in await deliveries.claim(9, {}, each=9, lease=60.0):
        await deliveries.settle(one, DONE if one.event.id == "e3" else Outcome(state="failed", error="no"))

    assert await deliveries.due_in() is None
    assert len(await deliveries.list("w1", state="failed", before=None, limit=9)) == 2
    assert await deliveries.redeliver("w1") == 2
    assert await deliveries.redeliver("w1", event="e3") == 1
    assert await deliveries.redeliver("w1", event="e9") == 0
    assert await deliveries.redeliver("w9") == 0
    found = await deliveries.find("w1", "e1")
    assert found is not None
    assert (found.state, found.attempts, found.ended_at) == ("waiting", 0, None)


async def test_an_endpoint_that_failed_gets_one_at_a_time_and_others_are_not_held_up(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint("w1"), most=9)
    await table.add(endpoint("w2"), most=9)
    await tell(store, log, [event(n) for n in range(10)])
    await deliveries.plan()
    await store.database.write(
        lambda tx: tx.core.execute(update(webhooks).where(webhooks.c.id == "w1").values(streak=3))
    )
    found = await claimed(deliveries, room=9, each=4)

    assert [name for name, _ in found].count("w1") == 1
    assert [name for name, _ in found].count("w2") == 4
    busy = await deliveries.claim(9, {"w1": 1, "w2": 3}, each=4, lease=60.0)
    assert [one.webhook.webhook.id for one in busy] == ["w2"]


async def test_a_disabled_endpoint_gets_nothing_until_it_is_enabled(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(1)])
    await deliveries.plan()
    (one,) = await deliveries.claim(1, {}, each=1, lease=60.0)
    gone = Outcome(state="failed", status=410)
    assert await deliveries.settle(one, gone, disable="it is gone", also=[event(50, "webhook.disabled")])
    (webhook,) = await table.list(None)
    assert (webhook.enabled, webhook.reason) == (False, "it is gone")
    assert await log.event("acme", "e50") is not None
    await deliveries.redeliver("w1")
    assert await claimed(deliveries) == []
    assert await deliveries.due_in() is None
    assert await table.replace(endpoint().webhook, since=NOON)

    assert await claimed(deliveries) == [("w1", "e1")]


async def test_what_is_not_sent_after_all_is_given_back(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(1)])
    await deliveries.plan()
    taken = await deliveries.claim(1, {}, each=1, lease=60.0)
    await deliveries.give_back(taken)
    (again,) = await deliveries.claim(1, {}, each=1, lease=60.0)

    assert again.attempts == 1


async def test_an_event_that_is_not_kept_any_more_ends_its_deliveries(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(1)])
    await deliveries.plan()
    await store.database.write(lambda tx: tx.core.execute(text("DELETE FROM events")))

    assert await claimed(deliveries) == []
    assert (await listed(deliveries))["e1"].error == "the event is not kept any more"


async def test_a_test_is_delivered_to_its_endpoint_alone(table: WebhookTable, deliveries: Deliveries) -> None:
    await table.add(endpoint("w1"), most=9)
    await table.add(endpoint("w2"), most=9)
    found = await table.find("acme", "w1")
    assert found is not None
    taken = await deliveries.begin(found, event(1, "webhook.test"), lease=60.0)
    await deliveries.plan()
    assert await claimed(deliveries) == []
    assert await deliveries.settle(taken, DONE)

    assert (await listed(deliveries, "w1"))["e1"].state == "delivered"
    assert await listed(deliveries, "w2") == {}


async def test_a_list_goes_on_behind_its_last_line(
    store: Store, log: EventLog, table: WebhookTable, deliveries: Deliveries
) -> None:
    await table.add(endpoint(), most=9)
    await tell(store, log, [event(n) for n in range(5)])
    await deliveries.plan()
    first = await deliveries.list("w1", state=None, before=None, limit=3)
    rest = await deliveries.list("w1", state="waiting", before=(first[-1].created_at, first[-1].event), limit=3)

    assert sorted(one.event for one in (*first, *rest)) == [f"e{n}" for n in range(5)]


async def test_endpoints_belong_to_their_organisation(table: WebhookTable) -> None:
    await table.add(endpoint("w1"), most=1)
    with pytest.raises(InvalidRequestError, match="no more are allowed"):
        await table.add(endpoint("w2"), most=1)
    await table.add(endpoint("w3", tenant="other"), most=1)

    assert [one.id for one in await table.list("other")] == ["w3"]
    assert [one.id for one in await table.list(None)] == ["w1", "w3"]
    assert await table.find("other", "w1") is None
    assert await table.find(None, "w1") is not None
    assert not await table.remove("other", "w1")
    assert await table.remove("acme", "w1")
    assert not await table.replace(endpoint("w1").webhook)


async def test_secrets_are_kept_sealed_as_they_are(table: WebhookTable) -> None:
    await table.add(endpoint(), most=9)
    sealed = Sealed(key_id="k2", fields={"0": b"\xff", "1": b"\x00"})
    until = NOON + datetime.timedelta(days=1)
    assert await table.set_secrets(endpoint().webhook, sealed, old_until=until)
    found = await table.find("acme", "w1")

    assert found is not None
    assert (found.sealed, found.old_until) == (sealed, until)


async def test_it_is_known_who_listens_for_as_long_as_they_say_so(store: Store, table: WebhookTable) -> None:
    listeners = Listeners(store.database)
    await table.add(endpoint("w1", types=("budget.*",)), most=9)
    await table.add(endpoint("w2", enabled=False), most=9)
    await listeners.say("r1", EventFilter(tenant="acme", types=("generation.*",)), 60.0)
    await listeners.say("r2", EventFilter(), -1.0)
    endpoints, readers = await listeners.known()
    assert endpoints == (EventFilter(tenant="acme", types=("budget.*",)),)
    assert readers == (EventFilter(tenant="acme", types=("generation.*",)),)
    await listeners.say("r2", EventFilter(), 60.0)
    await listeners.leave("r1")

    assert (await listeners.known())[1] == (EventFilter(),)
