"""Copies what was made into our storage, before its addresses die. Safe to repeat."""

import contextlib
from typing import Any

import msgspec

from genmux.contract.http import HttpRequest
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.cadence import backoff
from genmux.flows.job.ending import end_uncollected, end_unmade, end_with, error_of
from genmux.flows.job.polling import Gone
from genmux.flows.job.reaching import reach
from genmux.flows.job.saving import moment, save
from genmux.types.assets import Output
from genmux.types.assets_stored import Stored
from genmux.types.errors import ErrorKind, NotFoundError, ProviderError, Retry, StoreError
from genmux.types.jobs import Completed, Ended, Failed, Filtered, JobError, JobStatus
from genmux.types.periods import SECOND, to_moment

FRESH = 2
"""So often a provider is asked for fresh addresses when those it gave are dead."""

FORGOTTEN = 7 * 86_400.0
"""Seconds after which what cannot be collected counts as gone, where its provider does not say how long it keeps it."""

AT_LEAST = 60.0
"""So many seconds it is tried again, whatever the clock says."""

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
        lives = await self._lives(hand, outcome)
        while True:
            try:
                target = reach(bench, hand)
                stored = [await self._copy(target, one, hand.row.tenant) for one in outcome.outputs]
            except ProviderError as error:
                if not self._is_dead(error, lives):
                    if await self._given_up(hand, outcome):
                        return
                    failures += 1
                    await self._say(hand, error)
                    await hand.wait(backoff(failures, bench.random()))
                    continue
                renewed = await self._renewed(hand, error) if fresh < FRESH else None
                fresh += 1
                if renewed is None:
                    await self._lost(hand, outcome, error, expired=bench.clock() > lives)
                    return
                if not isinstance(renewed, Completed):
                    await end_with(bench, hand, renewed)
                    return
                outcome, lives = renewed, await self._lives(hand, renewed)
            else:
                await end_with(bench, hand, outcome, stored)
                return

    async def _lives(self, hand: Hand, outcome: Completed) -> float:
        """Until when the addresses live by what is said of them, in the seconds of `Bench.clock`; no less than a little while from now on.

        A clock that is put forward must not make us give up what was told just now.
        """
        bench, row = self._bench, hand.row
        now, at = bench.clock(), await moment(bench, hand)
        ends = [
            now + (to_moment(one.expires_at) - at) / SECOND for one in outcome.outputs if one.expires_at is not None
        ]
        with contextlib.suppress(ProviderError):  # an account that is gone may come back
            reach(bench, hand)
        lifetime = None if hand.target is None else hand.target.provider.manifest.jobs.result_lifetime
        ends.append(now - max(0, at - row.updated_at) / SECOND + (FORGOTTEN if lifetime is None else lifetime))
        return max(min(ends), now + AT_LEAST)

    async def _say(self, hand: Hand, error: ProviderError) -> None:
        """Let everybody see why it cannot be collected now; said once."""
        details = hand.row.details
        if details.waiting != error.message:
            await save(self._bench, hand, {"details": msgspec.structs.replace(details, waiting=error.message)})

    async def _given_up(self, hand: Hand, outcome: Completed) -> bool:
        """Whether nobody wants it any more, now that it cannot be collected: it is billed all the same."""
        if hand.cancel_at is None or hand.cancel_at > await moment(self._bench, hand):
            return False
        await end_uncollected(self._bench, hand, outcome, JobStatus.CANCELLED, None)
        return True

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

    def _is_dead(self, error: ProviderError, lives: float) -> bool:
        """Whether trying again would not help: it is gone, refused, or its time is over."""
        if isinstance(error, StoreError) or _is_ours(error):
            return False
        return error.retry is Retry.NEVER or self._bench.clock() > lives

    async def _renewed(self, hand: Hand, error: ProviderError) -> Ended | None:
        """The outputs with fresh addresses, where the provider gives any, or what it says of the job now: a success may be moderated afterwards."""
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
        return _honest(state) if isinstance(state, Ended) else None

    async def _lost(self, hand: Hand, outcome: Completed, error: ProviderError, *, expired: bool) -> None:
        """It was made, and billed, but there is nothing to collect any more."""
        told = error_of(error)
        message = f"it was made, but cannot be collected: {told.message}"
        gone = expired or error.kind is ErrorKind.NOT_FOUND or error.status in (403, 410)
        status = JobStatus.EXPIRED if gone else JobStatus.FAILED
        told = JobError(kind=told.kind, message=message, code=told.code)
        await end_uncollected(self._bench, hand, outcome, status, told)


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
