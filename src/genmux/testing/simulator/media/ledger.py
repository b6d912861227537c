"""What a simulated provider bills: the judge of every crash test."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.testing.simulator.media.job import SimulatedJob


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted job. `key` is what it was submitted with, `request_hash` the SHA-256 of what was asked for, in hex.

    `amount` was the price at acceptance in US dollars, `charged` what is taken in the end: nothing for what is paid back.
    """

    number: int
    personality: str
    job: str
    key: str | None
    request_hash: str
    amount: Decimal
    charged: Decimal
    account: str
    at: float
    state: str


class _Entry(msgspec.Struct):
    job: SimulatedJob
    key: str | None
    request_hash: str
    refunds: frozenset[str]


class Ledger:
    """Every accepted job, oldest first. Nothing is written anywhere."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self.absorbed = 0
        """How many submissions were recognized by their key, and made no job."""

    def add(self, job: SimulatedJob, *, key: str | None, request_hash: str, refunds: frozenset[str]) -> None:
        """Bill a job. `refunds` are the states in which it is paid back."""
        self._entries.append(_Entry(job, key, request_hash, refunds))

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.absorbed = 0

    def bills(self, now: float, personality: str | None = None) -> list[Bill]:
        """All bills as they stand."""
        return [
            _bill(number, entry, now)
            for number, entry in enumerate(self._entries, start=1)
            if personality is None or entry.job.personality == personality
        ]

    def total(self, now: float) -> Decimal:
        """What is charged altogether."""
        return sum((bill.charged for bill in self.bills(now)), Decimal(0))

    def doubles(self) -> dict[str, int]:
        """What was billed more than once: keys (the hash of the request where there was none), and how often."""
        counted = Counter(f"{entry.job.personality}:{entry.key or entry.request_hash}" for entry in self._entries)
        return {key: count for key, count in counted.items() if count > 1}

    def __len__(self) -> int:
        return len(self._entries)


def _bill(number: int, entry: _Entry, now: float) -> Bill:
    job = entry.job
    state = job.state(now)
    return Bill(
        number=number,
        personality=job.personality,
        job=job.id,
        key=entry.key,
        request_hash=entry.request_hash,
        amount=job.amount,
        charged=Decimal(0) if state in entry.refunds else job.amount,
        account=job.account,
        at=job.accepted,
        state=state,
    )


def request_hash(model: str, operation: str, prompt: str, params: Mapping[str, Any]) -> str:
    """SHA-256 of what was asked for, the same for the same, in whichever order."""
    asked = msgspec.json.encode([model, operation, prompt, params], order="deterministic")
    return hashlib.sha256(asked).hexdigest()
