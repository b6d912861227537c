"""What the core must know of a provider's jobs to be safe."""

from typing import Literal

import msgspec

SubmitSafety = Literal["idempotent", "lookup", "none"]
Cancelling = Literal["any", "before_start", "deletes", "no"]
Told = Literal["yes", "no", "unknown"]


class JobTraits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a provider treats jobs. Spans are in seconds.

    - `submit_safety`: what can be done when nobody knows whether a submission arrived. `idempotent`: the same key may be
      sent again within `key_ttl`. `lookup`: the job can be found by our key in a listing, once `lookup_after` has passed.
      `none`: nothing; somebody must decide.
    - `cancel`: `any` time, only `before_start`, it `deletes` the record, or there is `no` such thing. `billed_on_cancel`
      and `billed_on_filter`: whether the provider bills it all the same.
    - `result_lifetime`: how long an address of a result lives; `record_lifetime`: how long the job can be asked for.
    - `webhook`: `job` where an address is given with each job, `account` where it is set up once for an account.
      `pollable = false` says that there is nothing but the webhook, which is then the truth and must be signed.
    - `progress`: it tells a number. `poll_first`, `poll_every`: how long to wait before the first poll, and between two,
      where that is not to follow from how long a model typically takes. `polls_per_second`: the most for one account.
    - `deadline`: how long a job may be worked on, without the time in the provider's queue.
    - `max_concurrency`: how many jobs one account may have at once, where the account says nothing.
    - `missing_grace`: how long after the submission a job may be unknown to the provider that took it.
    """

    submit_safety: SubmitSafety = "none"
    key_ttl: float = 86_400.0
    lookup_after: float = 10.0
    cancel: Cancelling = "no"
    billed_on_cancel: Told = "unknown"
    billed_on_filter: Told = "unknown"
    result_lifetime: float | None = None
    record_lifetime: float | None = None
    webhook: Literal["none", "job", "account"] = "none"
    pollable: bool = True
    progress: bool = False
    poll_first: float | None = None
    poll_every: float | None = None
    polls_per_second: float | None = None
    deadline: float = 3_600.0
    max_concurrency: int | None = None
    missing_grace: float = 10.0
