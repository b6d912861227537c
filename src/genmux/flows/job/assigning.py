"""Which account a queued job is to use, asked in the transaction in which it is claimed."""

from decimal import Decimal

from genmux.flows.call.ports import Lease
from genmux.flows.job.bench import Bench
from genmux.store.jobs.claiming import Assigned, Waits
from genmux.types.errors import ProviderError, QuotaExceededError, RateLimitError
from genmux.types.jobs_stored import JobRow

SOON = 2.0
LATER = 30.0
"""Seconds after which a job is looked at again that found no account: where that may pass soon, and where somebody must act."""

LOCAL = "local"


class Assigner:
    """Chooses accounts for one round of claiming. May be asked from another thread, and all over again when the round is repeated."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._leases: dict[str, Lease] = {}

    def __call__(self, row: JobRow, full: frozenset[str]) -> Assigned | Waits | None:
        """An account that is none of the `full` ones; None when there is no other."""
        before = self._leases.pop(row.id, None)
        if before is not None:
            before.done(None, {})
        try:
            lease = self._bench.accounts.choose(row.provider, principal=row.principal, needs=_needs(row), excluded=full)
        except ProviderError as error:
            if full:
                return None
            soon = isinstance(error, RateLimitError)
            wait = error.retry_after or (SOON if soon else LATER)
            reason = (
                error.message if not isinstance(error, QuotaExceededError) else f"waits for credits: {error.message}"
            )
            return Waits(reason, wait)
        self._leases[row.id] = lease
        account = lease.account
        return Assigned(account.id, account.name, account.max_concurrency or self._usual(row.provider))

    def lease(self, job: str) -> Lease | None:
        """The account that was chosen for a job which was claimed."""
        return self._leases.pop(job, None)

    def close(self) -> None:
        """Give back what was chosen for jobs that were not claimed in the end."""
        while self._leases:
            self._leases.popitem()[1].done(None, {})

    def _usual(self, provider: str) -> int | None:
        """How many jobs an account of a provider may have at once, where the account says nothing."""
        return self._bench.caps(provider)


def _needs(row: JobRow) -> dict[str, Decimal] | None:
    """The credits that a job may take, by type."""
    estimate = row.details.estimate
    if estimate is None or not estimate.credits:
        return None
    return {kind: span.high for kind, span in estimate.credits.items() if span.high is not None}
