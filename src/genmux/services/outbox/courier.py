"""Sends deliveries: many at once, few to one endpoint, so that a slow one holds up nobody."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable

from genmux.contract.signatures import standard_key, standard_signature
from genmux.engine.outward import Posted
from genmux.services.outbox.ports import DeliveryStore, Poster, Secrets
from genmux.services.outbox.rendering import MEDIA_TYPE, cloud_bytes
from genmux.services.outbox.schedule import GONE, outcome_of
from genmux.services.outbox.waking import Bell
from genmux.services.ports import NewId, Now
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.events import Event
from genmux.types.webhooks import Claimed, Outcome, StoredWebhook

ROOM = 64
"""So many deliveries are under way in one process."""

EACH = 4
"""So many of them to one endpoint."""

WITHIN = 15.0
"""Seconds that a receiver has to answer."""

LEASE = 60.0
"""Seconds after which another process sends a delivery that this one has claimed: it must have died."""

LOOK = 2.0
"""Seconds after which it is looked without being told, where other processes write."""

SOON = 0.05
"""Seconds before it is looked again when there is more to plan."""

FAREWELL = 5.0
"""Seconds that deliveries under way have at the end; what is not done then is left to others."""

_log = logging.getLogger("genmux.webhooks")


class Courier:
    """Plans and sends deliveries, as long as `wanted` says that there are endpoints. `bell` wakes it.

    Several may work on one database: each delivery is claimed by one. What a receiver gets twice, after a crash, has the same
    `webhook-id`.
    """

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        store: DeliveryStore,
        poster: Poster,
        secrets: Secrets,
        *,
        bell: Bell,
        wanted: Callable[[], bool],
        now: Now,
        new_id: NewId,
        random: Callable[[], float],
        shared: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._poster = poster
        self._secrets = secrets
        self._bell = bell
        self._wanted = wanted
        self._now = now
        self._new_id = new_id
        self._random = random
        self._shared = shared
        self._clock = clock
        self._under_way: dict[asyncio.Task[None], Claimed] = {}
        self._busy: Counter[str] = Counter()

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        wait: float | None = 0.0
        failed = False
        try:
            while True:
                await self._bell.heard(wait)
                if not self._wanted():
                    wait = None
                    continue
                try:
                    wait = await self._round()
                except ProviderError as error:
                    if not failed:
                        _log.warning("webhooks cannot be sent at the moment: %s", error)
                    wait = LOOK
                    failed = True
                else:
                    failed = False
        finally:
            await self._farewell()

    async def _round(self) -> float | None:
        """Plan and send; gives how long there is nothing to do."""
        more = await self._store.plan()
        room = ROOM - len(self._under_way)
        if room > 0:
            for claimed in await self._store.claim(room, self._busy, each=EACH, lease=LEASE):
                self._begin(claimed)
        if more:
            return SOON
        if self._under_way:
            return LOOK  # each that ends rings
        due = await self._store.due_in()
        waits = [max(SOON, one) for one in (due, LOOK if self._shared else None) if one is not None]
        return min(waits, default=None)

    def _begin(self, claimed: Claimed) -> None:
        webhook = claimed.webhook.webhook.id
        self._busy[webhook] += 1
        task = asyncio.create_task(self._deliver(claimed), name=f"genmux-webhook-{webhook}")
        self._under_way[task] = claimed

        def ended(done: asyncio.Task[None]) -> None:
            self._busy[webhook] -= 1
            if not self._busy[webhook]:
                del self._busy[webhook]
            if not done.cancelled():
                del self._under_way[done]
            self._bell.ring()

        task.add_done_callback(ended)

    async def _deliver(self, claimed: Claimed) -> None:
        outcome = await self.attempt(claimed)
        try:
            await self._settle(claimed, outcome)
        except ProviderError as error:  # it is sent again when the lease is over
            _log.warning("what became of a webhook could not be noted: %s", error)

    async def _settle(self, claimed: Claimed, outcome: Outcome) -> None:
        webhook = claimed.webhook.webhook
        disable = f"the receiver answered {GONE}: it is gone" if outcome.status == GONE else None
        also: tuple[Event, ...] = ()
        if disable is not None:
            _log.warning("the webhook %s of %r is disabled: %s", webhook.id, webhook.tenant, disable)
            also = (self._event("webhook.disabled", claimed.webhook, {"url": webhook.url, "reason": disable}),)
        elif outcome.state == "failed":
            _log.warning("the webhook %s does not take %s: %s", webhook.id, claimed.event.id, outcome.error)
        await self._store.settle(claimed, outcome, disable=disable, also=also)

    async def test(self, webhook: StoredWebhook) -> tuple[Event, Outcome]:
        """Send an endpoint a test, at once and once; gives the event and what came of it. Raises StoreError."""
        event = self._event("webhook.test", webhook, {"webhook": webhook.webhook.id})
        claimed = await self._store.begin(webhook, event, lease=LEASE)
        outcome = await self.attempt(claimed)
        if outcome.state == "waiting":
            outcome = Outcome(state="failed", status=outcome.status, error=outcome.error, seconds=outcome.seconds)
        await self._store.settle(claimed, outcome)
        return event, outcome

    async def attempt(self, claimed: Claimed) -> Outcome:
        """Send once; never fails."""
        began = self._clock()
        try:
            body = cloud_bytes(claimed.event)
            headers = self._headers(claimed, body)
            url = claimed.webhook.webhook.url
            answer: Posted | ProviderError = await self._poster.post(url, headers=headers, body=body, timeout=WITHIN)
        except ProviderError as error:
            answer = error
        except Exception as error:  # noqa: BLE001 — whatever it is, the delivery must be settled
            _log.exception("a webhook could not be sent")
            answer = ProviderError(f"it could not be sent: {type(error).__name__}", kind=ErrorKind.UNKNOWN)
        seconds = round(self._clock() - began, 3)
        return outcome_of(claimed.attempts, answer, seconds=seconds, random=self._random)

    def _headers(self, claimed: Claimed, body: bytes) -> list[tuple[str, str]]:
        """Signed with the secret and, while it is being replaced, with the one before it too."""
        stored, now = claimed.webhook, self._now()
        secrets = self._secrets.open(stored.webhook, stored.sealed)
        names = ("0", "1") if stored.old_until is not None and now < stored.old_until else ("0",)
        stamp = str(int(now.timestamp()))
        signed = [
            standard_signature(claimed.event.id, stamp, body, standard_key(secrets[name]))
            for name in names
            if name in secrets
        ]
        return [
            ("content-type", MEDIA_TYPE),
            ("webhook-id", claimed.event.id),
            ("webhook-timestamp", stamp),
            ("webhook-signature", " ".join(signed)),
        ]

    def _event(self, type_: str, webhook: StoredWebhook, data: dict[str, str]) -> Event:
        one = webhook.webhook
        return Event(type=type_, time=self._now(), id=self._new_id(), subject=one.id, tenant=one.tenant, data={**data})

    async def _farewell(self) -> None:
        """Let what is under way end; what does not in time is left to others."""
        if not self._under_way:
            return
        await asyncio.wait(self._under_way, timeout=FAREWELL)
        left = dict(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        try:
            await self._store.give_back([*left.values()])
        except ProviderError as error:
            _log.warning("webhooks that were not sent wait %g s longer: %s", LEASE, error)
