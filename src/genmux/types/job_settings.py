"""How jobs are run: `[jobs]` of `genmux.toml`."""

from typing import Annotated

import msgspec

from genmux.types.jobs import UnknownPolicy

Positive = Annotated[float, msgspec.Meta(gt=0)]


class JobProviderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How jobs of one provider are treated (`[jobs.providers.X]`).

    `max_concurrency` is how many may be under way at once with all accounts together. `unknown` is what becomes of a job of
    which nobody knows whether the provider took it. `poll_every` is the longest wait between two polls, in seconds.
    """

    max_concurrency: Annotated[int, msgspec.Meta(ge=1)] | None = None
    unknown: UnknownPolicy | None = None
    poll_every: Positive | None = None


USUAL = JobProviderSettings()
"""Where nothing is said of a provider."""


class JobSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How jobs are run (`[jobs]`). Spans are in seconds.

    `concurrency` is how many one worker has under way at most, `sends` how many it submits at the same time. `unknown` is
    what becomes of a job of which nobody knows whether the provider took it: `hold` keeps its money and waits for
    somebody to decide. A job that could not begin for `queue_seconds` expires. `grace` is how long a cancellation waits
    for work that is nearly done. `keep_days` is how long ended jobs are kept. `lease` is how long a worker may be silent
    before others take over its jobs. `work = false` lets `genmux serve` only take jobs in, and `genmux worker` do them.
    """

    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    sends: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 64
    unknown: UnknownPolicy = "hold"
    queue_seconds: Positive = 86_400.0
    submit_seconds: Positive = 120.0
    grace: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 400
    lease: Annotated[float, msgspec.Meta(ge=1, le=300)] = 9.0
    work: bool = True
    providers: dict[str, JobProviderSettings] = msgspec.field(default_factory=dict)

    def of(self, provider: str) -> JobProviderSettings:
        """What is said of one provider."""
        return self.providers.get(provider, USUAL)
