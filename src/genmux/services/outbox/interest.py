"""Who wants to hear what, so that nothing is written down for nobody."""

from collections.abc import Callable

from genmux.services.outbox.ports import ListenerStore
from genmux.types.events import Event, EventFilter

_REMEMBERED = 1_024


class Interest:
    """What endpoints and readers of all processes want to hear, as it was last known; `refresh` learns what changed.

    `changed` is called whenever that may be something else than before.
    """

    def __init__(self, store: ListenerStore, changed: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._changed = changed
        self._own: dict[str, EventFilter] = {}
        self._all: tuple[EventFilter, ...] = ()
        self._answers: dict[tuple[str | None, str], bool] = {}
        self.endpoints: tuple[EventFilter, ...] = ()
        self.readers: tuple[EventFilter, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anybody wants to hear anything."""
        return bool(self._all)

    def wants(self, event: Event) -> bool:
        """Whether anybody wants to hear this."""
        key = (event.tenant, event.type)
        known = self._answers.get(key)
        if known is None:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            known = self._answers[key] = any(one.fits(event) for one in self._all)
        return known

    async def refresh(self) -> None:
        """Learn who listens now. Raises StoreError."""
        self.endpoints, self.readers = await self._store.known()
        self._gather()

    def come(self, listener: str, which: EventFilter) -> None:
        """Somebody in this process begins to listen."""
        self._own[listener] = EventFilter(tenant=which.tenant, types=which.types)
        self._gather()

    def go(self, listener: str) -> None:
        """Somebody in this process listens no more."""
        self._own.pop(listener, None)
        self._gather()

    def _gather(self) -> None:
        found = (*self.endpoints, *dict.fromkeys((*self.readers, *self._own.values())))
        if found != self._all:
            self._all, self._answers = found, {}
        self._changed()
