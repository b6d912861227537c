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
    """Hands each event to all who asked for it; costs nothing when nobody did. Safe to share between threads."""

    def __init__(self, now: Now, new_id: NewId) -> None:
        self._now = now
        self._new_id = new_id
        self._handlers: tuple[tuple[Handler, frozenset[str]], ...] = ()
        self._lock = Lock()

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

        def unsubscribe() -> None:
            with self._lock:
                self._handlers = tuple(one for one in self._handlers if one is not entry)

        return unsubscribe

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._handlers)

    def publish(
        self,
        type_: str,
        *,
        subject: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell everybody who listens. A handler that fails is logged and stops nobody."""
        if not self._handlers:
            return
        event = Event(
            type=type_,
            time=self._now(),
            id=self._new_id(),
            subject=subject,
            provider=provider,
            model=model,
            data=dict(data or {}),
        )
        for handler, types in self._handlers:
            if types and type_ not in types:
                continue
            try:
                handler(event)
            except Exception:  # noqa: BLE001 — a listener is foreign code; its fault must not become the caller's
                _log.exception("a handler of %r failed", type_)
