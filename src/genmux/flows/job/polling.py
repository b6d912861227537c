"""Asks a provider where a job stands, until it ends, fails to answer for too long, or is to be cancelled."""

import asyncio
from typing import Any

import msgspec

from genmux.contract.job_traits import JobTraits
from genmux.contract.jobs import Cancels
from genmux.contract.operations import OUTPUTS
from genmux.contract.statuses import UnknownStatusError
from genmux.engine.deadlines import Timeouts
from genmux.engine.retry import ONCE
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.cadence import Cadence, backoff, cadence_of
from genmux.flows.job.reaching import operation_named, reach
from genmux.flows.job.saving import NOW, moment, save, since
from genmux.flows.job.telling import tell_progress
from genmux.types.errors import ErrorKind, NotFoundError, ProviderError, Retry
from genmux.types.jobs import Cancelled, Ended, Failed, JobState, Pending, Processing
from genmux.types.periods import SECOND

UNKNOWN_STATUSES = 20
"""So many unknown statuses in a row are polled before the job counts as failed."""

GONE = 5
"""So often in a row a provider must say that it does not know the job before it counts as gone."""

PROGRESS_EVERY = 5.0
"""Seconds between two times at which progress is written down and told."""

POLLS = 256
"""So many polls are under way at once at most."""

CANCELS = 5
"""So often a provider is asked to cancel a job, when it does not hear it."""

SILENT = 3_600.0
"""Seconds between two looks at a job whose provider can only tell us by itself."""

_TIMEOUTS = Timeouts(connect=10.0, first_byte=30.0, total=30.0)


class Gone(msgspec.Struct, frozen=True):
    """The provider does not know the job any more, or nothing more is to be expected of it: `message` says why."""

    message: str


class Watch:
    """How one job has been doing since it is in these hands.

    `submitted`, `started` and `cancel_due` are in the seconds of `Bench.clock`: no jump of the machine's clock may end a job.
    """

    __slots__ = (
        "cadence", "cancel_due", "cancelled", "cancels", "failures", "missing", "polls", "raw", "started", "submitted", "told_at",
        "unknown",
    )  # fmt: skip

    def __init__(self, cadence: Cadence, *, submitted: float, started: float | None) -> None:
        self.cadence = cadence
        self.submitted = submitted
        self.started = started
        self.cancel_due: tuple[int, float] | None = None
        self.raw: str | None = None
        self.polls = 0
        self.failures = 0
        self.missing = 0
        self.unknown = 0
        self.told_at = 0.0
        self.cancelled = False
        self.cancels = 0


class Poller:
    """Polls jobs; at most POLLS at once, and each account no faster than its provider allows."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._gate = asyncio.Semaphore(POLLS)
        self._next: dict[str, float] = {}

    async def follow(self, hand: Hand) -> Ended | Gone:
        """Ask until the job has ended. Raises LostError."""
        bench, watch = self._bench, None
        while True:
            try:
                target = reach(bench, hand)
            except ProviderError as error:  # its account is gone, or its provider; either may come back
                if self._too_old(watch or await self._watch(None, hand), None):
                    return Gone(error.message)
                await hand.wait(30.0)
                continue
            if watch is None:
                watch = await self._watch(target, hand)
            if (ended := await self._step(hand, target, watch)) is not None:
                return ended

    async def _step(self, hand: Hand, target: Target, watch: Watch) -> Ended | Gone | None:
        """Wait, then ask once, or hear what was told."""
        traits = target.provider.manifest.jobs
        if not watch.cancelled and hand.cancel_at is not None and await self._is_due(hand, watch, hand.cancel_at):
            await self._cancel(hand, target, watch)
        await hand.wait(self._pause(hand, target, watch))
        hint, hand.hint = hand.hint, None
        if hint is not None and not traits.pollable and isinstance(hint, Ended):
            return hint
        if not traits.pollable:
            return self._overdue(hand, target, watch)
        if hint is not None:  # it is heard, and not told again with every beat; a later one wakes again
            await save(self._bench, hand, {"hint": None})
        state = await self._ask(hand, target, watch)
        if state is None:
            return self._given_up(hand, target, watch)
        if isinstance(state, Ended):
            return state
        await self._note(hand, state, watch)
        return self._overdue(hand, target, watch)

    def _pause(self, hand: Hand, target: Target, watch: Watch) -> float:
        if hand.hint is not None:  # it came before the job came into these hands
            return 0.0
        chance = self._bench.random()
        if not target.provider.manifest.jobs.pollable:
            wait = SILENT
        elif watch.failures or watch.missing or watch.unknown:
            wait = backoff(watch.failures + watch.missing + watch.unknown, chance) / 2
        else:
            wait = watch.cadence.wait(watch.polls, chance)
        if hand.cancel_at is not None and not watch.cancelled:
            due = wait if watch.cancel_due is None else watch.cancel_due[1] - self._bench.clock()
            wait = max(0.0, min(wait, due))
        return wait

    async def _ask(self, hand: Hand, target: Target, watch: Watch) -> JobState | None:
        """What the provider says; None when this time it said nothing."""
        bench, row = self._bench, hand.row
        await self._my_turn(hand, target)
        watch.polls += 1
        try:
            async with self._gate:
                state: JobState = await bench.engine.walk(
                    target.provider,
                    target.credential,
                    target.wire.poll(row.ticket or {}),
                    base_url=target.base_url,
                    timeouts=_TIMEOUTS,
                    policy=ONCE,
                )
        except UnknownStatusError as error:
            watch.unknown += 1
            watch.raw = error.raw
            row.details = msgspec.structs.replace(row.details, waiting=error.message)
            return None
        except NotFoundError:
            watch.missing += 1
            return None
        except ProviderError as error:
            watch.failures += 1
            watch.failures = min(watch.failures, 30)
            row.details = msgspec.structs.replace(row.details, waiting=error.message)
            return None
        watch.failures = watch.missing = watch.unknown = 0
        return state

    async def _my_turn(self, hand: Hand, target: Target) -> None:
        """Not faster than the provider lets one account ask."""
        rate = target.provider.manifest.jobs.polls_per_second
        if rate is None:
            return
        account, now = hand.row.account or target.model.provider, self._bench.clock()
        turn = max(self._next.get(account, 0.0), now)
        self._next[account] = turn + 1 / rate
        if turn > now:
            await asyncio.sleep(turn - now)

    def _given_up(self, hand: Hand, target: Target, watch: Watch) -> Ended | Gone | None:
        """Whether nothing more is to be expected of a job that was not told of this time."""
        traits, row = target.provider.manifest.jobs, hand.row
        if watch.unknown >= UNKNOWN_STATUSES:
            message = row.details.waiting or "the provider says what is not in its table of statuses"
            return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, raw=watch.raw)
        age = self._bench.clock() - watch.submitted
        if watch.missing and watch.cancelled and traits.cancel == "deletes":
            return Cancelled(raw="deleted")
        if watch.missing >= GONE and age > traits.missing_grace:
            return Gone(f"{row.provider} does not know the job any more")
        return self._overdue(hand, target, watch)

    def _overdue(self, hand: Hand, target: Target, watch: Watch) -> Gone | None:
        """Whether it takes longer than it may."""
        why = self._too_old(watch, target.provider.manifest.jobs)
        return None if why is None else Gone(f"{hand.row.provider} {why}")

    def _too_old(self, watch: Watch, traits: JobTraits | None) -> str | None:
        """How a job takes longer than it may, None when it does not. The time in the provider's queue does not count."""
        now = self._bench.clock()
        allowed = 3_600.0 if traits is None else traits.deadline
        if watch.started is not None and now - watch.started > allowed:
            return f"has worked on it for more than {allowed:g} s"
        lifetime = None if traits is None else traits.record_lifetime
        longest = max(allowed, self._bench.settings.queue_seconds) if lifetime is None else lifetime
        return None if now - watch.submitted <= longest else f"has had it for more than {longest:g} s"

    async def _note(self, hand: Hand, state: Pending | Processing, watch: Watch) -> None:
        """Write down that it has begun; how far it is only now and then."""
        bench, row, now = self._bench, hand.row, self._bench.clock()
        values: dict[str, Any] = {}
        if isinstance(state, Processing) and row.started_at is None:
            values["started_at"] = NOW
            watch.started = now
        progress = getattr(state, "progress", None)
        position = getattr(state, "queue_position", None)
        moved = progress != row.progress or position != row.queue_position
        if moved and (values or now - watch.told_at >= PROGRESS_EVERY):
            values |= {"progress": progress, "queue_position": position}
        if not values:
            return
        watch.told_at = now
        await save(bench, hand, values, also=lambda tx, moved: tell_progress(bench.outbox, tx, moved))
        bench.outbox.nudge()

    async def _is_due(self, hand: Hand, watch: Watch, cancel_at: int) -> bool:
        """Whether it is to be cancelled by now: how long that takes is measured once, so that no jump of the clock puts it off."""
        if watch.cancel_due is None or watch.cancel_due[0] != cancel_at:
            left = max(0, cancel_at - await moment(self._bench, hand)) / SECOND
            watch.cancel_due = cancel_at, self._bench.clock() + left
        return self._bench.clock() >= watch.cancel_due[1]

    async def _cancel(self, hand: Hand, target: Target, watch: Watch) -> None:
        """Ask the provider to cancel it; what became of it is told by the polls."""
        traits, wire = target.provider.manifest.jobs, target.wire
        watch.cancelled, watch.polls, watch.cancels = True, 0, watch.cancels + 1
        if not isinstance(wire, Cancels) or traits.cancel == "no":
            return
        if traits.cancel == "before_start" and hand.row.started_at is not None:
            return
        try:
            await self._bench.engine.walk(
                target.provider,
                target.credential,
                wire.cancel(hand.row.ticket or {}),
                base_url=target.base_url,
                timeouts=_TIMEOUTS,
            )
        except ProviderError as error:
            hand.row.details = msgspec.structs.replace(hand.row.details, waiting=error.message)
            watch.cancelled = error.retry is Retry.NEVER or watch.cancels >= CANCELS
            await hand.wait(backoff(watch.cancels, self._bench.random()) / 2)
        hand.ring()

    async def _watch(self, target: Target | None, hand: Hand) -> Watch:
        """Begin to watch a job, as old as it is."""
        row = hand.row
        submitted = await since(self._bench, hand, row.submitted_at or row.created_at)
        started = None if row.started_at is None else await since(self._bench, hand, row.started_at)
        cadence = Cadence(30.0, 30.0) if target is None else self._cadence(target, hand)
        return Watch(cadence, submitted=submitted, started=started)

    def _cadence(self, target: Target, hand: Hand) -> Cadence:
        traits = target.provider.manifest.jobs
        longest = self._bench.settings.of(target.model.provider).poll_every
        if longest is not None:
            traits = msgspec.structs.replace(traits, poll_every=longest)
        kind = OUTPUTS.get(operation_named(hand.row.operation), "image")
        return cadence_of(traits, target.model.spec.typical_seconds, kind)
