"""Where the jobs of one simulated provider are kept: taken, found again, listed, cancelled, without a word of its protocol."""

import bisect
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.testing.simulator.media.clock import Clock
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.ledger import Ledger, request_hash
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import Script


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A submission, understood by its personality.

    `key` is what the caller named the job by, wherever the protocol has a place for it; with `idempotent` the same key gives
    the same job. `price` is in US dollars.
    """

    model: str
    operation: str
    prompt: str = ""
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    key: str | None = None
    judged_by: str | None = None
    idempotent: bool = False
    callback: str | None = None
    media_type: str = "image/png"
    outputs: int = 1
    price: Decimal = Decimal("0.01")
    extra: dict[str, Any] = msgspec.field(default_factory=dict)


class Upload(msgspec.Struct, kw_only=True):
    """A file that a caller gave. `size` is in bytes; `data` is kept only where it is small."""

    id: str
    name: str
    media_type: str
    size: int
    data: bytes = b""


class Desk:
    """The jobs of one personality. `slots` is how many an account may have at once, `workers` how many are worked on at once.

    `refunds` are the states in which nothing is charged in the end.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        ledger: Ledger,
        refunds: frozenset[str],
        new_id: Callable[[int], str],
        key_ttl: float = 86_400.0,
    ) -> None:
        self.name = name
        self.clock = clock
        self.ledger = ledger
        self.refunds = refunds
        self.key_ttl = key_ttl
        self.script = Script()
        self.upcoming: deque[str] = deque()
        self.slots: int | None = None
        self.workers: int | None = None
        self.jobs: dict[str, SimulatedJob] = {}
        self.uploads: dict[str, Upload] = {}
        self.polls = 0
        self.account_hook: str | None = None
        self._new_id = new_id
        self._numbers = itertools.count(1)
        self._by_key: dict[str, SimulatedJob] = {}
        self._hashes: dict[str, str] = {}
        self._busy: dict[str, list[SimulatedJob]] = {}
        self._free_at: list[float] = []
        self._starts: list[float] = []
        self._chance = random.Random(0)  # noqa: S311 — latencies, not secrets

    def scripted(self, prompt: str, header: str) -> Script:
        """The script of a submission. Raises Refusal for a directive that there is not."""
        script = self.script.told(self.upcoming.popleft()) if self.upcoming else self.script
        return script.told(header).told_in(prompt)

    def accept(self, order: Order, script: Script, *, account: str) -> tuple[SimulatedJob, bool]:
        """Take a job and bill it; False where its key was known and nothing new was made. Raises Refusal."""
        now = self.clock.now()
        hashed = request_hash(order.model, order.operation, order.prompt, order.params)
        if order.idempotent and order.key is not None and (known := self._known(order.key, hashed, now)):
            return known, False
        if script.refusal is not None:
            raise _refusal(script)
        self._take_slot(account, now)
        number = next(self._numbers)
        starts, ends = self._when(script, now)
        job = SimulatedJob(
            id=self._new_id(number),
            personality=self.name,
            model=order.model,
            operation=order.operation,
            prompt=order.prompt,
            params=order.params,
            key=order.key,
            account=account,
            callback=order.callback or self.account_hook,
            script=script,
            amount=order.price if script.amount is None else script.amount,
            media_type=order.media_type,
            outputs=order.outputs if script.outputs is None else script.outputs,
            accepted=now,
            starts=starts,
            ends=ends,
            extra=order.extra,
        )
        self.jobs[job.id] = job
        if self.slots is not None:
            self._busy.setdefault(account, []).append(job)
        if order.key is not None:
            self._by_key[order.key] = job
            self._hashes[order.key] = hashed
        self.ledger.add(job, key=order.key or order.judged_by, request_hash=hashed, refunds=self.refunds)
        return job, True

    def look(self, job_id: str) -> SimulatedJob:
        """The job of an id. Raises Refusal where the provider does not know it (yet, or any more)."""
        job = self.jobs.get(job_id)
        if job is None or job.deleted:
            raise Refusal("not_found", f"there is no job {job_id}")
        age = self.clock.now() - job.accepted
        if age < job.script.missing or (job.script.forgotten is not None and age >= job.script.forgotten):
            raise Refusal("not_found", f"there is no job {job_id}")
        return job

    def by_key(self, key: str) -> SimulatedJob | None:
        """The newest job that was submitted with a key."""
        job = self._by_key.get(key)
        if job is None or job.deleted or self.clock.now() - job.accepted < job.script.missing:
            return None
        return job

    def listed(self, since: float = 0.0) -> list[SimulatedJob]:
        """The jobs that were accepted at `since` or later, the newest first."""
        now = self.clock.now()
        found: list[SimulatedJob] = []
        for job in reversed(self.jobs.values()):
            if job.accepted < since:
                break
            if not job.deleted and now - job.accepted >= job.script.missing:
                found.append(job)
        return found

    def cancel(self, job: SimulatedJob) -> bool:
        """Cancel it; False when it is over already. Raises Refusal where its script wants that."""
        now = self.clock.now()
        if job.script.cancel == "refused":
            raise Refusal("conflict", f"the job {job.id} cannot be cancelled")
        if job.ended(now):
            return False
        if job.script.cancel is None:
            job.cancelled_at = now + job.script.cancel_after
        return True

    def upload(self, name: str, media_type: str, data: bytes, *, upload_id: str | None = None) -> Upload:
        """Keep a file that a caller gave."""
        found = upload_id or f"upload-{len(self.uploads) + 1:06d}"
        kept = data if len(data) <= 1_000_000 else b""
        upload = Upload(id=found, name=name, media_type=media_type, size=len(data), data=kept)
        self.uploads[found] = upload
        return upload

    def delay(self, script: Script) -> float:
        """How long the answer to a submission takes."""
        low, high = script.slow
        return script.latency + (low if low == high else self._chance.uniform(low, high))

    def queue_position(self, job: SimulatedJob) -> int:
        """How many jobs are before it."""
        now = self.clock.now()
        if self.workers is None:
            return job.queue_position(now)
        return max(0, bisect.bisect_left(self._starts, job.starts) - bisect.bisect_right(self._starts, now))

    def clear(self) -> None:
        """Forget all jobs and uploads; settings stay."""
        for kept in (self.jobs, self.uploads, self.upcoming, self._by_key, self._hashes, self._busy):
            kept.clear()
        self._free_at.clear()
        self._starts.clear()
        self.polls = 0

    def _known(self, key: str, hashed: str, now: float) -> SimulatedJob | None:
        known = self._by_key.get(key)
        if known is None or now - known.accepted > self.key_ttl:
            return None
        if self._hashes[key] != hashed:
            raise Refusal("conflict", f"the key {key!r} was used for another request", code="idempotency_key_reuse")
        self.ledger.absorbed += 1
        return known

    def _take_slot(self, account: str, now: float) -> None:
        if self.slots is None:
            return
        busy = [job for job in self._busy.get(account, ()) if not job.ended(now)]
        self._busy[account] = busy
        if len(busy) >= self.slots:
            raise Refusal("rate_limit", f"the account has {len(busy)} jobs already", retry_after=1.0)

    def _when(self, script: Script, now: float) -> tuple[float, float]:
        """When a job starts and ends: by its script, and not before a worker is free."""
        starts = now + script.queue
        if self.workers is not None and len(self._free_at) >= self.workers:
            starts = max(starts, heapq.heappop(self._free_at))
        ends = starts + script.work
        if self.workers is not None:
            heapq.heappush(self._free_at, ends)
            bisect.insort(self._starts, starts)
        return starts, ends


def _refusal(script: Script) -> Refusal:
    kind = script.refusal or "invalid_request"
    reason = (
        "content policy violation: the request was flagged by its script"
        if kind == "content_filtered"
        else f"refused by its script: {kind}"
    )
    return Refusal(kind, reason, retry_after=script.retry_after)
