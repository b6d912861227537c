"""Prompts and answers, kept only where that was asked for."""

import datetime
import logging
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from genmux.services.ports import Now
from genmux.services.usage.ports import ContentStore
from genmux.types.principal import NOBODY, Principal
from genmux.types.usage_report import KeptContent

MOST_BYTES = 64 * 1024 * 1024
"""So much waits at most for a database that is down."""

BATCH_BYTES = 8 * 1024 * 1024
"""So much is written in one transaction, or one content if that is larger."""

_log = logging.getLogger("genmux.usage")


class Contents:
    """Prompts and answers that wait to be written; a sink of the bookkeeper. Safe to share between threads.

    They are kept `days` days, apart from the usage rows. What does not fit into memory while the database is down is not
    kept; that is counted in `dropped` and logged.
    """

    def __init__(self, store: ContentStore, now: Now, *, days: int, nudge: Callable[[], object] | None = None) -> None:
        self._store = store
        self._now = now
        self._lasts = datetime.timedelta(days=days)
        self._nudge = nudge
        self._waiting: deque[KeptContent] = deque()
        self._size = 0
        self._gate = Lock()
        self.dropped = 0

    def attach(self, nudge: Callable[[], object]) -> None:
        """Set whom to tell that something waits, once that one exists."""
        self._nudge = nudge

    def keep(self, record_id: str, request_json: bytes, answer_json: bytes, *, principal: Principal = NOBODY) -> None:
        """Keep what was said in one request, on behalf of whom."""
        at = self._now()
        kept = KeptContent(
            record=record_id,
            tenant=principal.organisation,
            end_user=principal.end_user,
            at=at,
            expires_at=at + self._lasts,
            request=request_json,
            answer=answer_json,
        )
        with self._gate:
            if self._size + _size(kept) > MOST_BYTES:
                self.dropped += 1
                if self.dropped.bit_count() == 1:  # at the first, second, fourth, eighth …
                    _log.error("the store does not take prompts and answers: %d were not kept", self.dropped)
                return
            self._size += _size(kept)
            self._waiting.append(kept)
        if self._nudge is not None:
            self._nudge()

    def take(self) -> "ContentBatch | None":
        """What is written next, None when nothing waits."""
        kept: list[KeptContent] = []
        size = 0
        with self._gate:
            while self._waiting and (not kept or size + _size(self._waiting[0]) <= BATCH_BYTES):
                kept.append(self._waiting.popleft())
                size += _size(kept[-1])
            self._size -= size
        return ContentBatch(self, self._store, kept) if kept else None

    def give_back(self, kept: list[KeptContent]) -> None:
        """Let wait again what could not be written."""
        with self._gate:
            self._waiting.extendleft(reversed(kept))
            self._size += sum(map(_size, kept))


def _size(kept: KeptContent) -> int:
    return len(kept.request) + len(kept.answer)


class ContentBatch:
    """Prompts and answers on their way into the database."""

    def __init__(self, contents: Contents, store: ContentStore, kept: list[KeptContent]) -> None:
        self._contents = contents
        self._store = store
        self._kept = kept

    def write(self, tx: Any) -> None:
        """Write them in this transaction. May be done again after a failure."""
        self._store.write(tx, self._kept)

    def done(self) -> None:
        """Forget them: they are durable."""
        self._kept = []

    def undo(self) -> None:
        """Let them wait again: the transaction failed."""
        self._contents.give_back(self._kept)
        self._kept = []
