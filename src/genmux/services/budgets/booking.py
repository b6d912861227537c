"""What waits to be booked, on its way into the database."""

import logging
from collections.abc import Callable
from typing import Any

from genmux.services.budgets.ports import Holds
from genmux.services.budgets.slices import Slice
from genmux.types.ledger import Booked, Ended, Ending, SliceChange, SliceState

_log = logging.getLogger("genmux.budgets")

Taken = tuple[str, list[SliceChange], list[Slice]]
"""What is to be booked of one worker's slices."""


class Heard:
    """What the ledger does when something was booked, or could not be."""

    __slots__ = ("booked", "changed", "undone")

    def __init__(
        self,
        booked: Callable[[list[Booked]], None],
        changed: Callable[[list[Slice], list[SliceChange], list[SliceState]], None],
        undone: Callable[[list[Ending], list[Taken]], None],
    ) -> None:
        self.booked = booked
        self.changed = changed
        self.undone = undone


class LedgerBatch:
    """Ends of holds and changes of slices; written again as often as need be, they count once."""

    def __init__(self, store: Holds, worker: str, endings: list[Ending], taken: list[Taken], heard: Heard) -> None:
        self._store = store
        self._worker = worker
        self._endings = endings
        self._taken = taken
        self._heard = heard
        self._results: list[tuple[list[Ended], list[SliceState]]] = []

    def write(self, tx: Any) -> None:
        """Write it in this transaction. May be done again."""
        results: list[tuple[list[Ended], list[SliceState]]] = []
        for place, (worker, changes, _) in enumerate(self._parts()):
            results.append(self._store.flush_in(tx, worker, [] if place else self._endings, changes))
        self._results = results

    def _parts(self) -> list[Taken]:
        """What there is by worker; the ends of holds go with the first."""
        return self._taken or [(self._worker, [], [])]

    def done(self) -> None:
        """It is durable: see what came of it."""
        booked: list[Booked] = []
        for (_, changes, slices), (ended, states) in zip(self._parts(), self._results, strict=True):
            for one in ended:
                booked += one.booked
                if one.conflict is not None:
                    _log.error("the ledger keeps what was booked first: %s", one.conflict)
            for state in states:
                booked += state.booked
            if states:
                self._heard.changed(slices, changes, states)
        self._heard.booked(booked)

    def undo(self) -> None:
        """It cannot be written: it waits again."""
        self._heard.undone(self._endings, self._taken)
