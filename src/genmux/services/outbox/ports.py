"""What telling others needs of the database and of the world, as protocols. All of them raise StoreError when the database fails."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from genmux.engine.outward import Posted
from genmux.types.accounts_stored import Sealed
from genmux.types.events import Event, EventFilter, EventPage, Place
from genmux.types.webhooks import Claimed, DeliveryState, Outcome, StoredWebhook, Webhook, WebhookDelivery


class EventStore(Protocol):
    """Keeps events in one order."""

    @property
    def shared(self) -> bool:
        """Whether other processes use the same database."""
        ...

    def add_in(self, tx: Any, told: Sequence[Event]) -> None:
        """Write events within the transaction of whoever calls; those that are there already are left out."""
        ...

    async def here(self) -> Place:
        """The end of what is told now: whatever is committed later stands behind it."""
        ...

    async def after(self, place: Place, which: EventFilter, limit: int) -> EventPage:
        """The first events behind a place."""
        ...


class ListenerStore(Protocol):
    """Knows who wants to hear what, in all processes."""

    async def known(self) -> tuple[tuple[EventFilter, ...], tuple[EventFilter, ...]]:
        """What endpoints want to hear, and what readers do."""
        ...

    async def say(self, listener: str, which: EventFilter, lifetime: float) -> None:
        """Somebody listens, for so many seconds from now."""
        ...

    async def leave(self, listener: str) -> None:
        """Somebody listens no more."""
        ...


class WebhookStore(Protocol):
    """Keeps endpoints."""

    async def list(self, tenant: str | None) -> tuple[Webhook, ...]:
        """Those of one organisation, or all."""
        ...

    async def find(self, tenant: str | None, webhook: str) -> StoredWebhook | None:
        """One of an organisation, or of any."""
        ...

    async def add(self, row: StoredWebhook, *, most: int) -> None:
        """A new endpoint. Raises InvalidRequestError when its organisation has `most` already."""
        ...

    async def replace(self, webhook: Webhook, *, since: datetime.datetime | None = None) -> bool:
        """Write what people say of an endpoint; False when it is gone. With `since`, what was told before is not delivered."""
        ...

    async def set_secrets(self, webhook: Webhook, sealed: Sealed, *, old_until: datetime.datetime) -> bool:
        """Change the secrets of an endpoint; False when it is gone."""
        ...

    async def remove(self, tenant: str | None, webhook: str) -> bool:
        """Delete an endpoint and its deliveries; False when it is not there."""
        ...


class DeliveryStore(Protocol):
    """Keeps deliveries."""

    async def plan(self) -> bool:
        """Make deliveries out of the events that were told since; whether there is more to be planned soon."""
        ...

    async def claim(self, room: int, busy: Mapping[str, int], *, each: int, lease: float) -> tuple[Claimed, ...]:
        """Take up to `room` deliveries that are due, at most `each` for one endpoint together with those that are `busy`."""
        ...

    async def settle(
        self, claimed: Claimed, outcome: Outcome, *, disable: str | None = None, also: Sequence[Event] = ()
    ) -> bool:
        """Note how an attempt ended; False when the delivery was not this process's any more."""
        ...

    async def give_back(self, claimed: Sequence[Claimed]) -> None:
        """These are not sent by this process after all."""
        ...

    async def due_in(self) -> float | None:
        """In how many seconds the next delivery is due; None when none waits."""
        ...

    async def list(
        self,
        webhook: str,
        *,
        state: DeliveryState | None,
        before: tuple[datetime.datetime, str] | None,
        limit: int,
    ) -> tuple[WebhookDelivery, ...]:
        """The newest deliveries of an endpoint."""
        ...

    async def find(self, webhook: str, event: str) -> WebhookDelivery | None:
        """One delivery."""
        ...

    async def redeliver(self, webhook: str, *, event: str | None = None) -> int:
        """Send again what was settled: one event, or all that failed. Gives how many are sent again."""
        ...

    async def begin(self, webhook: StoredWebhook, event: Event, *, lease: float) -> Claimed:
        """Tell an event for one endpoint alone, and take its delivery at once."""
        ...


class Secrets(Protocol):
    """Seals what deliveries are signed with."""

    async def seal(self, webhook: Webhook, secrets: Mapping[str, str]) -> Sealed:
        """Seal them, bound to the endpoint. Raises ConfigurationError."""
        ...

    def open(self, webhook: Webhook, sealed: Sealed) -> Mapping[str, str]:
        """What was sealed. Raises ConfigurationError."""
        ...


class Poster(Protocol):
    """Sends deliveries."""

    async def post(self, url: str, *, headers: Sequence[tuple[str, str]], body: bytes, timeout: float) -> Posted:
        """Send once, follow nothing. Raises ProviderError when there is no answer, or when it must not be sent there."""
        ...
