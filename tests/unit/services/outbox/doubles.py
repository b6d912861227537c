"""Receivers, secrets and stores in place of real ones."""

import asyncio
import datetime
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from genmux.engine.outward import Posted
from genmux.services.outbox import Bell, Courier
from genmux.store.events.deliveries import Deliveries
from genmux.store.events.log import EventLog
from genmux.store.events.webhooks import WebhookTable
from genmux.store.opening import Store
from genmux.types.accounts_stored import Sealed
from genmux.types.events import Event
from genmux.types.webhooks import Webhook
from tests.ledgers import numbers

NOON = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)
OK = Posted(status=204)

Answer = Posted | Exception | asyncio.Event


class Receivers:
    """Take what is posted, and answer as they are told: the first of their answers that is left, else with 204.

    An `asyncio.Event` as an answer lets the sender wait for it.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.most = 0
        self._at_once = 0
        self._changed = asyncio.Condition()

    async def post(self, url: str, *, headers: Sequence[tuple[str, str]], body: bytes, timeout: float) -> Posted:
        assert timeout > 0
        self._at_once += 1
        self.most = max(self.most, self._at_once)
        async with self._changed:
            self.got.append((url, dict(headers), body))
            self._changed.notify_all()
        try:
            answer = self.answers[url].pop(0) if self.answers[url] else OK
            if isinstance(answer, asyncio.Event):
                await answer.wait()
                return OK
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            self._at_once -= 1

    async def until(self, enough: Callable[[list[Any]], bool]) -> None:
        """Wait until enough has come."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: enough(self.got))

    def ids(self, url: str) -> list[str]:
        """The events that an endpoint got, in their order."""
        return [headers["webhook-id"] for place, headers, _ in self.got if place == url]


class Plain:
    """Keeps secrets as they are."""

    async def seal(self, webhook: Webhook, secrets: Mapping[str, str]) -> Sealed:
        return Sealed(key_id=webhook.id, fields={name: value.encode() for name, value in secrets.items()})

    def open(self, webhook: Webhook, sealed: Sealed) -> Mapping[str, str]:
        assert sealed.key_id == webhook.id
        return {name: value.decode() for name, value in sealed.fields.items()}


class Post:
    """A courier on a store, with receivers."""

    def __init__(self, store: Store, receivers: Receivers, *, name: str = "n") -> None:
        self.store = store
        self.receivers = receivers
        self.log = EventLog(store.database)
        self.table = WebhookTable(store.database)
        self.deliveries = Deliveries(store.database, self.log)
        self.bell = Bell()
        self.courier = Courier(
            self.deliveries,
            receivers,
            Plain(),
            bell=self.bell,
            wanted=lambda: True,
            now=lambda: NOON,
            new_id=numbers(name),
            random=lambda: 0.5,
            shared=store.kind == "postgresql",
        )

    async def tell(self, *events: Event) -> None:
        await self.store.database.write(lambda tx: self.log.add_in(tx, events))
        self.bell.ring()

    async def settled(self, webhook: str, state: str, count: int) -> None:
        """Wait until so many deliveries stand like this."""
        async with asyncio.timeout(10):
            while True:
                found = await self.deliveries.list(webhook, state=None, before=None, limit=500)
                if sum(one.state == state for one in found) == count:
                    return
                await asyncio.sleep(0.01)

    async def failed(self, count: int) -> None:
        """Wait until the one endpoint failed so often in a row."""
        async with asyncio.timeout(10):
            while (await self.table.list(None))[0].failures < count:  # noqa: ASYNC110 — nobody tells us
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*posts: Post) -> AsyncIterator[None]:
    """Couriers at work."""
    tasks = [asyncio.create_task(one.courier.run()) for one in posts]
    for one in posts:
        one.bell.ring()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
