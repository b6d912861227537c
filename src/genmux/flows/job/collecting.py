"""Copies what was made into our storage, before its addresses die. Safe to repeat."""

from typing import Any

import msgspec

from genmux.contract.http import HttpRequest
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.cadence import backoff
from genmux.flows.job.ending import end_unmade, end_with, error_of
from genmux.flows.job.polling import Gone
from genmux.flows.job.reaching import reach
from genmux.flows.job.saving import save
from genmux.types.assets import Output
from genmux.types.assets_stored import Stored
from genmux.types.errors import ErrorKind, NotFoundError, ProviderError, Retry, StoreError
from genmux.types.jobs import Completed, Ended, Failed, Filtered, JobError, JobStatus
from genmux.types.periods import SECOND, from_moment

FRESH = 2
"""So often a provider is asked for fresh addresses when those it gave are dead."""

FORGOTTEN = 7 * 86_400.0
"""Seconds after which what cannot be collected counts as gone, where its provider does not say how long it keeps it."""

OURS = frozenset({ErrorKind.OVERLOADED, ErrorKind.CONFIGURATION})
"""What is wrong on our side, where no host answered with it: a full disk, an account that is gone."""


class Collector:
    """Collects what jobs made."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def finish(self, hand: Hand, outcome: Ended) -> None:
        """End a job as its provider said, with what it made in our storage. Raises LostError."""
        outcome = _honest(outcome)
        if not isinstance(outcome, Completed):
            reach(self._bench, hand)
            await end_with(self._bench, hand, outcome)
            return
        if all(one.url is not None for one in outcome.outputs):  # what came with the answer is kept at once instead
            await save(self._bench, hand, {"status": JobStatus.DOWNLOADING, "outcome": outcome})
        await self.collect(hand, outcome)

    async def collect(self, hand: Hand, outcome: Completed) -> None:
        """Copy every output, however long our side takes, as long as there is something to copy. Raises LostError."""
        bench, failures, fresh = self._bench, 0, 0
        while True:
            try:
                target = reach(bench, hand)
                stored = [await self._copy(target, one, hand.row.tenant) for one in outcome.outputs]
            except ProviderError as error:
                if isinstance(error, StoreError) or not (self._is_dead(hand, error) or self._is_over(outcome, error)):
                    failures += 1
                    hand.row.details = msgspec.structs.replace(hand.row.details, waiting=error.message)
                    await hand.wait(backoff(failures, bench.random()))
                    continue
                renewed = await self._renewed(hand, error) if fresh < FRESH else None
                fresh += 1
                if renewed is None:
                    await self._lost(hand, error, expired=self._is_over(outcome, error))
                    return
                outcome = renewed
            else:
                await end_with(bench, hand, outcome, stored)
                return

    async def _copy(self, target: Target, output: Output, tenant: str) -> Stored:
        """One output; its credential goes only to the provider's own hosts."""
        headers: dict[str, str] = {}
        hosts = (target.base_url, *target.provider.manifest.api_hosts)
        if output.signed and output.url is not None:
            asked = HttpRequest(method="GET", url=output.url)
            signed = self._bench.engine.signed(target.provider, target.credential, asked, base_url=target.base_url)
            output = msgspec.structs.replace(output, url=signed.url)
            headers = dict(signed.headers)
        return await self._bench.files.collect(output, tenant=tenant, headers=headers, trusted_hosts=hosts)

    def _is_dead(self, hand: Hand, error: ProviderError) -> bool:
        """Whether trying again would not help: it is gone, refused, or its time is over."""
        if _is_ours(error):
            return False
        if error.retry is Retry.NEVER:
            return True
        lifetime = None if hand.target is None else hand.target.provider.manifest.jobs.result_lifetime
        age = (self._bench.rows.moment() - hand.row.updated_at) / SECOND
        return age > (FORGOTTEN if lifetime is None else lifetime)

    def _is_over(self, outcome: Completed, error: ProviderError) -> bool:
        """Whether one of the addresses has died by what its provider said of it."""
        now = from_moment(self._bench.rows.moment())
        over = any(one.expires_at is not None and one.expires_at < now for one in outcome.outputs)
        return over and not _is_ours(error)

    async def _renewed(self, hand: Hand, error: ProviderError) -> Completed | None:
        """The outputs with fresh addresses, where the provider gives any."""
        bench, target, ticket = self._bench, hand.target, hand.row.ticket
        if (
            target is None
            or ticket is None
            or (not isinstance(error, NotFoundError) and error.status not in (401, 403, 410))
        ):
            return None
        try:
            state: Any = await bench.engine.walk(
                target.provider, target.credential, target.wire.poll(ticket), base_url=target.base_url
            )
        except ProviderError:
            return None
        return state if isinstance(state, Completed) else None

    async def _lost(self, hand: Hand, error: ProviderError, *, expired: bool) -> None:
        """It was made, and billed, but there is nothing to collect any more."""
        told = error_of(error)
        message = f"it was made, but cannot be collected: {told.message}"
        gone = expired or error.kind is ErrorKind.NOT_FOUND or error.status in (403, 410)
        status = JobStatus.EXPIRED if gone else JobStatus.FAILED
        told = JobError(kind=told.kind, message=message, code=told.code)
        await end_unmade(self._bench, hand, status, told, billed=True)


async def end_gone(bench: Bench, hand: Hand, gone: Gone) -> None:
    """Nothing more is to be expected of a job: it may have been billed all the same. Raises LostError."""
    error = JobError(kind=ErrorKind.TIMEOUT, message=gone.message)
    await end_unmade(bench, hand, JobStatus.EXPIRED, error, billed=True)


def _is_ours(error: ProviderError) -> bool:
    """Whether it is our side that fails, which says nothing of what is to be collected."""
    return error.kind in OURS and error.status is None


def _honest(outcome: Ended) -> Ended:
    """A success without anything made is none."""
    if isinstance(outcome, Completed) and not outcome.outputs and outcome.filtered:
        reason = "the provider's content policy kept back everything that was made"
        return Filtered(reason=reason, usage=outcome.usage, raw=outcome.raw)
    if isinstance(outcome, Completed) and not outcome.outputs and outcome.text is None:
        message = "the provider says that it is done, and gave nothing"
        return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, usage=outcome.usage, raw=outcome.raw)
    return outcome
