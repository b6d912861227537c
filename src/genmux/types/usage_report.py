"""Questions about usage and the sums that answer them."""

import datetime
from collections.abc import Mapping
from typing import Self

import msgspec

SUMMED: dict[str, str] = {
    "input_tokens": "tokens.input",
    "cached_tokens": "tokens.input.cached",
    "cache_write_tokens": "tokens.input.cache_write",
    "output_tokens": "tokens.output",
    "reasoning_tokens": "tokens.output.reasoning",
    "seconds": "seconds",
    "images": "images",
    "characters": "characters",
    "pages": "pages",
    "calls": "calls",
}
"""The meters that are added up, by the names of their columns."""

LATENCIES = (
    *(0.01, 0.02, 0.03, 0.05, 0.07),
    *(0.1, 0.2, 0.3, 0.5, 0.7),
    *(1.0, 2.0, 3.0, 5.0, 7.0),
    *(10.0, 20.0, 30.0, 50.0, 70.0),
    *(100.0, 200.0, 300.0, 600.0),
)
"""Upper bounds in seconds of the classes in which latencies are counted; one more class has all that took longer."""

TIMES = ("hour", "day", "month")
COLUMNS = (
    *("tenant", "team", "key", "end_user", "provider", "model", "operation"),
    *("account", "route", "status", "cost_source"),
)
"""What can be filtered and grouped by, beside times and tags."""

TAG = "tag:"
"""Before the name of a tag by which is grouped."""

MOST_GROUPS = 1_000
MOST_DIMENSIONS = 6


class UsageQuestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which requests are meant, from `since` until before `until`, and by what they are grouped.

    `where` has the values that are let through, by column, `tags` those that a request must have. Days and months begin
    at midnight in `time_zone`. At most `limit` groups are given, those behind the group `after`.
    """

    since: datetime.datetime
    until: datetime.datetime
    where: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    group_by: tuple[str, ...] = ()
    time_zone: str = "UTC"
    limit: int = MOST_GROUPS
    after: tuple[str | int, ...] | None = None


class UsageSums(msgspec.Struct, frozen=True, gc=False):
    """What requests add up to. Amounts are whole micro-units, times seconds.

    `failed` are those that did not complete, whatever the reason. `cost` is all that is known; `reported`, `computed` and
    `estimated` are its parts by source, and `unknown` the number of requests whose cost is not known. `meters` are in the
    order of `SUMMED`, `latencies` are counts by class.
    """

    requests: int = 0
    failed: int = 0
    attempts: int = 0
    unknown: int = 0
    cost: int = 0
    reported: int = 0
    computed: int = 0
    estimated: int = 0
    latency: float = 0.0
    latency_count: int = 0
    first_token: float = 0.0
    first_token_count: int = 0
    meters: tuple[int | float, ...] = (0,) * len(SUMMED)
    latencies: tuple[int, ...] = (0,) * (len(LATENCIES) + 1)

    def __add__(self, other: Self) -> Self:
        """Both together."""
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        plain = (one + two for one, two in zip(mine[:-2], theirs[:-2], strict=True))
        listed = (tuple(map(sum, zip(*pair, strict=True))) for pair in zip(mine[-2:], theirs[-2:], strict=True))
        return type(self)(*plain, *listed)


class UsageGroup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The sums of one group: its `keys` in the order asked for. Amounts of different currencies are never added up."""

    keys: tuple[str | int, ...]
    currency: str
    sums: UsageSums


class UsageGroups(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Groups in the order of their keys, at most as many as were asked for; `more` says that others follow.

    `totals` are of all groups, by currency, and only told with the first of them. `since` is set when part of what was asked
    for is no longer kept: from then on it is complete.
    """

    groups: tuple[UsageGroup, ...]
    totals: tuple[UsageGroup, ...] = ()
    more: bool = False
    since: datetime.datetime | None = None


class KeptContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A prompt and its answer, as JSON, kept until `expires_at`."""

    record: str
    tenant: str
    at: datetime.datetime
    expires_at: datetime.datetime
    request: bytes
    answer: bytes
    end_user: str | None = None

    def __repr__(self) -> str:
        """Nothing of what was said."""
        return f"KeptContent(record={self.record!r}, tenant={self.tenant!r}, <{len(self.request) + len(self.answer)} bytes>)"


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an end user was removed: kept prompts and answers, and rows that no longer have the name."""

    contents: int
    records: int
