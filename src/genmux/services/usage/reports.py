"""Answers what is asked about usage, and removes what must no longer be known."""

import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from decimal import Decimal

import msgspec

from genmux.services.ports import Now
from genmux.services.usage.asking import Asked, as_cursor, read_cursor, read_question
from genmux.services.usage.ports import ContentStore, UsageStore
from genmux.services.usage.sheets import group_heading, group_lines, record_heading, record_lines
from genmux.services.usage.shown import RecordPage, Said, UsageReport, line_of
from genmux.types.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from genmux.types.money import micros
from genmux.types.principal import Principal
from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import Forgotten, UsageQuestion

SHEET_PAGE = 10_000
"""So many lines of a sheet are made at once."""

Correct = Callable[[UsageRecord, int, str | None], Awaitable[object]]
"""Has the ledger book what a request did cost, in micro-units, in place of what was presumed; twice the same is once.

In the budgets of one organisation, for None in those of all."""


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows got the cost that the provider reported, and how much that was."""

    records: int
    amount: Decimal


def seen_by(principal: Principal) -> dict[str, tuple[str, ...]]:
    """What somebody may see, by column: root all, admins their organisation, members what their own key did.

    Raises PermissionDeniedError for a member without a key, who has done nothing that could be told apart.
    """
    if principal.role == "root":
        return {}
    own: dict[str, tuple[str, ...]] = {"tenant": (principal.organisation,)}
    if principal.role == "admin":
        return own
    if principal.key is None:
        message = "usage is told to admins, and to a key what it did itself; this caller is neither"
        raise PermissionDeniedError(message, status=403)
    return {**own, "key": (principal.key,)}


class UsageReports:
    """Reads what was booked. `flush` has what still waits written first, where somebody must be forgotten."""

    def __init__(
        self,
        store: UsageStore,
        contents: ContentStore,
        now: Now,
        *,
        flush: Callable[[], Awaitable[object]] | None = None,
        correct: Correct | None = None,
    ) -> None:
        self._store = store
        self._contents = contents
        self._now = now
        self._flush = flush
        self._correct = correct

    def understood(self, asked: Asked) -> UsageQuestion:
        """What is asked, as it is understood now. Raises InvalidRequestError."""
        return read_question(asked, self._now())

    async def report(self, asked: Asked) -> UsageReport:
        """Groups and their sums, a page of them. Raises InvalidRequestError."""
        return await self._report(self.understood(asked))

    async def _report(self, question: UsageQuestion) -> UsageReport:
        found = await self._store.groups(question)
        last = found.groups[-1] if found.more and found.groups else None
        return UsageReport(
            data=tuple(line_of(group, question) for group in found.groups),
            totals=tuple(line_of(msgspec.structs.replace(group, keys=()), question) for group in found.totals),
            since=question.since,
            until=question.until,
            time_zone=question.time_zone,
            next=as_cursor((*last.keys, last.currency)) if last is not None else None,
            complete_since=found.since,
        )

    async def sheet(self, asked: Asked) -> AsyncIterator[bytes]:
        """All groups as CSV, piece by piece. Raises InvalidRequestError before the first."""
        return self._sheet(msgspec.structs.replace(self.understood(asked), limit=SHEET_PAGE))

    async def _sheet(self, question: UsageQuestion) -> AsyncIterator[bytes]:
        yield group_heading(question.group_by)
        while True:
            found = await self._store.groups(question)
            yield group_lines((line_of(group, question) for group in found.groups), question.group_by)
            if not found.more:
                return
            last = found.groups[-1]
            question = msgspec.structs.replace(question, after=(*last.keys, last.currency))

    async def records(self, asked: Asked) -> RecordPage:
        """Rows, the newest first, a page of them. Raises InvalidRequestError."""
        question, before = self._rows(asked)
        rows = await self._store.records(msgspec.structs.replace(question, limit=question.limit + 1), before=before)
        shown = rows[: question.limit]
        return RecordPage(data=shown, next=_behind(shown[-1]) if len(rows) > len(shown) else None)

    async def record_sheet(self, asked: Asked) -> AsyncIterator[bytes]:
        """All rows as CSV, piece by piece, the newest first. Raises InvalidRequestError before the first."""
        question, before = self._rows(asked)
        return self._record_sheet(msgspec.structs.replace(question, limit=SHEET_PAGE), before)

    async def _record_sheet(self, question: UsageQuestion, before: tuple[int, str] | None) -> AsyncIterator[bytes]:
        yield record_heading()
        while rows := await self._store.records(question, before=before):
            yield record_lines(rows)
            before = _place(_behind(rows[-1]))

    def _rows(self, asked: Asked) -> tuple[UsageQuestion, tuple[int, str] | None]:
        if asked.group_by:
            message = "rows are not grouped; leave `group_by` out, or ask for /api/v1/usage"
            raise InvalidRequestError(message, param="group_by")
        question = self.understood(msgspec.structs.replace(asked, cursor=None))
        return question, None if asked.cursor is None else _place(asked.cursor)

    async def said(self, record: str, *, tenant: str | None) -> Said:
        """What was said in one request. Raises NotFoundError when that is not kept."""
        found = await self._contents.find(record, tenant=tenant)
        if found is None or found.expires_at <= self._now():
            message = f"nothing is kept of what was said in {record!r}; `[usage] content` says whether anything is"
            raise NotFoundError(message, status=404)
        return Said(
            record=found.record,
            at=found.at,
            expires_at=found.expires_at,
            request=msgspec.Raw(found.request),
            answer=msgspec.Raw(found.answer),
            end_user=found.end_user,
        )

    async def forget(self, end_user: str, *, tenant: str) -> Forgotten:
        """Remove what an end user said, and the name from all rows; sums stay. Raises InvalidRequestError for no name."""
        if not end_user or "\0" in end_user:
            message = "`end_user` must be the name of the user who is to be forgotten"
            raise InvalidRequestError(message, param="end_user")
        if self._flush is not None:
            await self._flush()
        return await self._store.forget(tenant, end_user)

    async def correct(self, asked: Asked, costs: Mapping[str, Decimal]) -> Corrected:
        """Book what a provider reports for single requests, by its own ids, where the cost was unknown or estimated.

        The ledger is told first: should this break off, it can be done again. Raises InvalidRequestError for an amount
        that is none.
        """
        question = self.understood(asked)
        amounts = {id_: micros(cost) for id_, cost in costs.items()}
        open_ = await self._open(question, amounts)
        whose = next(iter(asked.seen.get("tenant", ())), None)
        if self._correct is not None:
            for record in open_:
                await self._correct(record, amounts[record.request_id or ""], whose)
        priced = await self._store.price(question, amounts)
        total = sum((costs[record.request_id or ""] for record in open_), Decimal(0))
        return Corrected(records=priced, amount=total)

    async def _open(self, question: UsageQuestion, ids: Collection[str]) -> tuple[UsageRecord, ...]:
        return await self._store.open_costs(question, ids)


def _behind(record: UsageRecord) -> str:
    """The cursor of what comes after a row."""
    return as_cursor((record.at.isoformat(), record.id))


def _place(cursor: str) -> tuple[int, str]:
    match read_cursor(cursor):
        case [str() as at, str() as id_]:
            try:
                since = datetime.datetime.fromisoformat(at) - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
                return since // datetime.timedelta(microseconds=1), id_
            except (ValueError, TypeError):  # no time, or one without an offset
                pass
        case _:
            pass
    message = "`cursor` belongs to another list; leave it out to begin at the beginning"
    raise InvalidRequestError(message, param="cursor")
