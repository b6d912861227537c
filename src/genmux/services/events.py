"""Who wants to hear what happens."""

import inspect
import logging
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from genmux.services.ports import NewId, Now
from genmux.types.errors import InvalidRequestError
from genmux.types.events import Event

Handler = Callable[[Event], None]
_log = logging.getLogger("genmux.events")


class EventBus:
    """Hands each event to all who asked for it; costs nothing when nobody did. Safe to share between threads.

    `heard` says whether anybody listens. `changed` is called when somebody begins to listen, or ends.
    """

    def __init__(self, now: Now, new_id: NewId) -> None:
        self._now = now
        self._new_id = new_id
        self._handlers: tuple[tuple[Handler, frozenset[str]], ...] = ()
        self._outlet: Handler | None = None
        self._lock = Lock()
        self.heard = False
        self.changed: Callable[[], None] = lambda: None

    def subscribe(self, handler: Handler, *types: str) -> Callable[[], None]:
        """Call `handler` for every event, or only for those `types`. Gives the function that ends it.

        Raises InvalidRequestError for a coroutine function: events are told as they happen, and nobody would await it.
        """
        if inspect.iscoroutinefunction(handler):
            message = (
                f"{handler!r} is a coroutine function; an event handler must be a plain one, such as `queue.put_nowait`"
            )
            raise InvalidRequestError(message, param="handler")
        entry = (handler, frozenset(types))
        with self._lock:
            self._handlers = (*self._handlers, entry)
            self._look()
        self.changed()

        def unsubscribe() -> None:
            with self._lock:
                self._handlers = tuple(one for one in self._handlers if one is not entry)
                self._look()
            self.changed()

        return unsubscribe

    @property
    def local(self) -> bool:
        """Whether anybody in this process listens."""
        return bool(self._handlers)

    def lead_out(self, outlet: Handler | None) -> None:
        """Hand each event to `outlet` too, as long as somebody beyond this process listens."""
        with self._lock:
            self._outlet = outlet
            self._look()

    def publish(  # noqa: PLR0913 — one field of the event each
        self,
        type_: str,
        *,
        subject: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        data: Mapping[str, Any] | None = None,
        tenant: str | None = None,
        key: str | None = None,
    ) -> None:
        """Tell everybody who listens. A handler that fails is logged and stops nobody."""
        if not self.heard:
            return
        event = Event(
            type=type_,
            time=self._now(),
            id=self._new_id(),
            subject=subject,
            provider=provider,
            model=model,
            data=dict(data or {}),
            tenant=tenant,
            key=key,
        )
        self.hand_in(event)
        outlet = self._outlet
        if outlet is not None:
            outlet(event)

    def hand_in(self, event: Event) -> None:
        """Tell everybody in this process of something that was told elsewhere."""
        for handler, types in self._handlers:
            if types and event.type not in types:
                continue
            try:
                handler(event)
            except Exception:  # noqa: BLE001 — a listener is foreign code; its fault must not become the caller's
                _log.exception("a handler of %r failed", event.type)

    def _look(self) -> None:
        self.heard = bool(self._handlers) or self._outlet is not None
