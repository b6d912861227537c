"""Submits a job: prepare, write the intent down, send once and in time, write down what became of it."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import msgspec

from genmux.contract.http import HttpRequest
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Prepared
from genmux.engine.deadlines import Timeouts
from genmux.engine.retry import ONCE
from genmux.flows.call.target import Target, place
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.ending import end_unmade, error_of
from genmux.flows.job.holding import ask_for
from genmux.flows.job.permit import SEND_WINDOW, JobPermit
from genmux.flows.job.reaching import operation_named, reach
from genmux.flows.job.saving import NOW, moment, save
from genmux.flows.job.streaming import send_streamed, streams
from genmux.flows.job.telling import tell
from genmux.flows.job.verdicts import verdict_of
from genmux.types.errors import BudgetExceededError, ErrorKind, ProviderError, Retry, StoreError
from genmux.types.jobs import Accepted, Ended, JobError, JobStatus
from genmux.types.jobs_stored import ACCOUNT_PART, JobRow
from genmux.types.ledger import HoldAsk
from genmux.types.periods import SECOND

SLOWEST = 300.0
"""The longest wait, in seconds, before something that was turned away is tried again."""


class Submitter:
    """Submits jobs. `gate` lets fewer through at the same time than the connections take, so that none waits after its intent."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._gate = asyncio.Semaphore(bench.settings.sends)
        self._timeouts = Timeouts(
            connect=SEND_WINDOW, first_byte=bench.settings.submit_seconds, total=bench.settings.submit_seconds
        )

    async def submit(self, hand: Hand) -> Ended | None:
        """Submit a job that has no intent yet. Gives what became of it where it is done already, None otherwise.

        Afterwards the row says where it stands. Raises LostError, and StoreError before there is an intent.
        """
        bench = self._bench
        try:
            target = reach(bench, hand)
            async with self.prepared(hand, target) as prepared:
                return await self._send(hand, target, prepared)
        except StoreError:  # it is ours that fails, and says nothing of the job
            raise
        except ProviderError as error:
            await self._turned_away(hand, error)
            return None

    @asynccontextmanager
    async def prepared(self, hand: Hand, target: Target) -> AsyncGenerator[Prepared]:
        """Everything that a submission needs; temporary files are there until the end. Raises ProviderError."""
        bench, row = self._bench, hand.row
        with scratch(row) as folder:
            media = await media_request(bench, row, target, folder)
            yield await bench.engine.walk(
                target.provider,
                target.credential,
                target.wire.prepare(media, target.model),
                base_url=target.base_url,
                model=target.model.id,
            )

    def turn(self) -> asyncio.Semaphore:
        """A turn to send, to be had before the intent is written down."""
        return self._gate

    async def _send(self, hand: Hand, target: Target, prepared: Prepared) -> Ended | None:
        bench = self._bench
        permit = JobPermit(bench.clock)
        async with self._gate:
            permit.begin()
            if not await self._intend(hand, target):
                return None
            return await self.send(hand, target, prepared, permit)

    async def _intend(self, hand: Hand, target: Target) -> bool:
        """Write down that it is about to be sent; False when it is to be cancelled instead."""
        row, bench = hand.row, self._bench
        ask = await self._account_ask(row, hand, target)
        held = ask is not None or row.details.account_held
        values: dict[str, Any] = {"intent_at": NOW, "submitted_at": NOW, "fence": row.fence + 1}
        values |= {"attempts": row.attempts + 1, "details": msgspec.structs.replace(row.details, account_held=held)}

        def also(tx: Any, _moved: JobRow) -> None:
            if ask is not None:
                bench.books.hold_in(tx, ask)

        hand.first_sent = hand.last_sent = bench.clock()
        return await save(bench, hand, values, also=also, unless_cancelled=True)

    async def _account_ask(self, row: JobRow, hand: Hand, target: Target) -> HoldAsk | None:
        """What is to be held in the budgets of the account, which was not known when the job came in."""
        lease, purse = hand.lease, self._bench.purse
        if lease is None or row.details.account_held:
            return None
        name = f"{row.provider}/{lease.account.name}"
        own = {one.id for one in purse.budgets_for(row.principal)}
        found = purse.budgets_for(row.principal, name, account_tenant=lease.account.tenant)
        further = tuple(one for one in found if one.id not in own)
        ask, _ = await ask_for(purse, row.id + ACCOUNT_PART, further, target.model, row.details.estimate)
        return ask

    async def send(
        self, hand: Hand, target: Target, prepared: Prepared, permit: JobPermit, *, doubtful: bool = False
    ) -> Ended | None:
        """Send what was intended. Gives what became of it where it is done already, None otherwise. Raises LostError.

        `doubtful` says that an earlier submission with the same key may have arrived.
        """
        bench, row = self._bench, hand.row
        try:
            taken = await self._taken(hand, target, prepared, permit)
        except ProviderError as error:
            place(error, target)
            await self._failed(hand, error, doubtful=doubtful)
            return None
        warnings = prepared.warnings
        if not isinstance(taken, Accepted):
            hand.row.details = msgspec.structs.replace(row.details, warnings=(*row.details.warnings, *warnings))
            return taken
        await adopt(bench, hand, taken, warnings=warnings)
        return None

    async def _taken(self, hand: Hand, target: Target, prepared: Prepared, permit: JobPermit) -> Accepted | Ended:
        """Send the one request that costs, and understand its answer. Raises ProviderError."""
        bench, row, wire = self._bench, hand.row, target.wire
        if streams(hand, target):
            http = _sent_once(wire.submit_stream(prepared, row.key_sent))
            return await send_streamed(bench, hand, target, prepared, http, self._timeouts, permit)
        called = await bench.engine.call(
            target.provider,
            target.credential,
            _sent_once(wire.submit(prepared, row.key_sent, row.details.callback)),
            base_url=target.base_url,
            model=target.model.id,
            timeouts=self._timeouts,
            policy=ONCE,
            permit=permit,
        )
        try:
            taken: Accepted | Ended = wire.submitted(called.reply, prepared)
        except ProviderError as error:
            raise called.explain(error) from error
        return taken

    async def _failed(self, hand: Hand, error: ProviderError, *, doubtful: bool) -> None:
        """What was sent failed, or was not sent."""
        match verdict_of(error, doubtful=doubtful):
            case "unsure":  # the row says so already: it has an intent, and no ticket
                hand.row.details = msgspec.structs.replace(hand.row.details, error=error_of(error))
                if error.retry_after:
                    await hand.wait(min(SLOWEST, error.retry_after))
            case "refused":
                await end_unmade(self._bench, hand, JobStatus.REJECTED, error_of(error))
                _give_back(hand, error)
            case "again":
                await self._turned_away(hand, error)

    async def _turned_away(self, hand: Hand, error: ProviderError) -> None:
        """Nothing was started: it waits for another turn, or is refused where that would not help."""
        bench, row = self._bench, hand.row
        place_known = hand.target
        if place_known is not None:
            place(error, place_known)
        hopeless = error.retry is Retry.NEVER or isinstance(error, BudgetExceededError)
        if hopeless:
            await end_unmade(bench, hand, JobStatus.REJECTED, error_of(error))
        else:
            wait = min(SLOWEST, error.retry_after or 2.0 ** min(row.attempts, 8)) * (1 + bench.random() / 4)
            details, now = msgspec.structs.replace(row.details, waiting=error.message), await moment(bench, hand)
            values: dict[str, Any] = {
                "status": JobStatus.QUEUED,
                "owner": None,
                "intent_at": None,
                "account": None,
                "ticket": None,
                "fence": row.fence + 1,
                "next_at": now + int(wait * SECOND),
                "details": details,
            }
            if not await save(bench, hand, values, unless_cancelled=True):  # that needs no turn
                await end_unmade(bench, hand, JobStatus.CANCELLED, None)
        _give_back(hand, error)


async def adopt(bench: Bench, hand: Hand, taken: Accepted, *, warnings: tuple[Any, ...] = ()) -> None:
    """The provider has the job: from now on it is asked for. Raises LostError."""
    row = hand.row
    details = msgspec.structs.replace(row.details, warnings=(*row.details.warnings, *warnings), error=None)
    values: dict[str, Any] = {
        "status": JobStatus.RUNNING,
        "fence": row.fence + 1,  # so that it is known to have been written, should the connection break meanwhile
        "ticket": taken.ticket,
        "details": details,
        "queue_position": getattr(taken.state, "queue_position", None),
        "progress": getattr(taken.state, "progress", None),
    }
    await save(bench, hand, values, also=lambda tx, moved: tell(bench.outbox, tx, moved))
    bench.outbox.nudge()


def scratch(row: JobRow) -> AbstractContextManager[str]:
    """A folder for the inputs of a job, which is removed in the end; none where there are no inputs."""
    return tempfile.TemporaryDirectory(prefix="genmux-job-") if row.request.inputs else nullcontext("")


async def media_request(bench: Bench, row: JobRow, target: Target, folder: str) -> MediaRequest:
    """The request of a job as a wire sees it. Raises ProviderError."""
    request = row.request
    inputs = ()
    if request.inputs:
        inputs = await bench.files.ready(request, model=target.model, principal=row.principal, folder=Path(folder))
    return MediaRequest(
        operation=operation_named(row.operation),
        prompt=request.prompt,
        params=request.params,
        inputs=inputs,
        folder=folder,
        user=row.end_user,
    )


def unsure_error(row: JobRow) -> JobError:
    """Why nobody knows what became of a job."""
    known = row.details.error
    reason = f" ({known.message})" if known is not None else ""
    message = (
        f"nobody knows whether {row.provider} took the job{reason}; look there, then resolve it: adopt it with its ticket,"
        " count it as billed or as not billed, or submit it again"
    )
    return JobError(kind=ErrorKind.UNKNOWN if known is None else known.kind, message=message)


def _sent_once(http: HttpRequest) -> HttpRequest:
    """A submission is never free, whatever its wire says."""
    return msgspec.structs.replace(http, free=False, read_only=False)


def _give_back(hand: Hand, error: ProviderError) -> None:
    if hand.lease is not None:
        hand.lease.done(error)
        hand.lease = None
    hand.target = None
