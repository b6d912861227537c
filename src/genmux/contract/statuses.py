"""The provider's own words for where a job stands, and what they mean: one table a provider, in its manifest."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from genmux.types.errors import MalformedReplyError, Retry

StateName = Literal["pending", "processing", "completed", "filtered", "failed", "cancelled"]


class RawStatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row: the provider's word `raw` means `state`. `note` says when, `source` where it was read, `as_of` on which day.

    `verified` is false for what no document says and no recording shows.
    """

    raw: str
    state: StateName
    note: str | None = None
    source: str | None = None
    as_of: str | None = None
    verified: bool = True


class UnknownStatusError(MalformedReplyError):
    """A word that is not in the table. It does not mean that the job failed: it is asked for again, up to a bound."""

    def __init__(self, raw: str) -> None:
        super().__init__(
            f"the provider says {raw!r} of the job, which is not in its table of statuses",
            code=raw[:100],
            retry=Retry.UNSURE,
        )
        self.raw = raw


class StatusTable:
    """Looks words up as they are spelt."""

    def __init__(self, rows: Iterable[RawStatus]) -> None:
        self.rows = tuple(rows)
        self._states: dict[str, StateName] = {row.raw: row.state for row in self.rows}

    def __call__(self, raw: object) -> StateName:
        """What a word means. Raises UnknownStatusError."""
        state = self._states.get(str(raw))
        if state is None:
            raise UnknownStatusError(str(raw))
        return state
