"""Exact holds that are in use: each lasts as long as somebody in this process may settle it."""

import weakref
from collections.abc import Callable

from genmux.services.budgets.held import Held
from genmux.services.budgets.ports import Holds

OFTEN = 3
"""A hold is kept for longer when so many parts of its time are over but one: there is time for a second try."""

AT_ONCE = 500
"""So many are kept for longer in one statement."""


class Lasting:
    """Keeps exact holds from expiring while they are open and somebody has them; what was lost track of expires.

    Safe to share between threads.
    """

    def __init__(self, store: Holds, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._open: dict[str, tuple[weakref.ref[Held], float, float]] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._open)

    def add(self, held: Held, lasts: float) -> None:
        """It was held for so many seconds."""
        self._open[held.subject] = (weakref.ref(held), lasts, self._monotonic() + lasts / OFTEN)

    def end(self, subject: str) -> None:
        """It has ended."""
        self._open.pop(subject, None)

    async def renew(self) -> None:
        """Keep for longer what needs it. Raises StoreError, and is tried again the next time then."""
        now = self._monotonic()
        due: dict[float, list[str]] = {}
        for subject, (reference, lasts, at) in list(self._open.items()):
            held = reference()
            if held is None or held.ended is not None:
                self.end(subject)
            elif at <= now:
                due.setdefault(lasts, []).append(subject)
        for lasts, subjects in due.items():
            for start in range(0, len(subjects), AT_ONCE):
                piece = subjects[start : start + AT_ONCE]
                await self._store.extend_all(piece, lasts)
                for subject in piece:
                    if (known := self._open.get(subject)) is not None:
                        self._open[subject] = (known[0], lasts, now + lasts / OFTEN)
