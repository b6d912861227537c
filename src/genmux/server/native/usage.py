"""The part of the native API that tells what was used: sums, rows, sheets; and that forgets end users."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Schema
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Stream

from genmux.server.callers import caller_of, require_admin, require_root, tenant_asked
from genmux.server.http import Receive, Send
from genmux.services.audit import AuditLog
from genmux.services.usage import Asked, Corrected, RecordPage, Said, UsageReport, UsageReports, seen_by
from genmux.types.errors import InvalidRequestError
from genmux.types.usage_report import COLUMNS, MOST_GROUPS, TAG, TIMES, Forgotten

FILTERS: dict[str, str] = {
    "from": "The beginning: a date, a date and time, or how long ago (`90m`, `12h`, `30d`, `4w`). By default 30 days ago.",
    "to": "The end, which is not included; like `from`. By default now.",
    "tenant": "Only this organisation. Repeatable, like all that follow. Callers see their own only; root sees all.",
    "team": "Only this team.",
    "key": "Only this key, by its id. Members see their own only.",
    "end_user": "Only this end user.",
    "provider": "Only this provider.",
    "model": "Only this model, by the provider's name for it.",
    "operation": "Only this operation, such as `chat`.",
    "account": "Only this account, by its name.",
    "route": "Only what came by this named route.",
    "status": "Only `completed`, `failed`, `cancelled` or `refused` requests.",
    "cost_source": "Only requests whose cost is `reported`, `computed`, `estimated` or `unknown`.",
    "tag": "Only requests with this tag, as `name=value`.",
    "time_zone": "In which days and months begin, such as `Europe/Berlin`. By default UTC.",
    "limit": f"So many at most on one page, 1 to {MOST_GROUPS}.",
    "cursor": "`next` of the page before.",
    "format": "`json` or `csv`; CSV has all pages.",
}
"""What can be said in the query of every question."""

GROUPS = {"group_by": f"Names of {', '.join(f'`{name}`' for name in (*TIMES, *COLUMNS))} and `{TAG}NAME`, with commas."}
_SINGLE = frozenset({"from", "to", "time_zone", "limit", "cursor", "format"})
_CSV = {"content-disposition": 'attachment; filename="usage.csv"', "cache-control": "no-store"}


class Corrections(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a provider reports for single requests: `costs` in `currency`, by the provider's own ids of requests.

    Only rows from `since` until before `until` are looked at, whose cost is unknown or estimated.
    """

    provider: str
    costs: dict[str, Decimal]
    since: str
    until: str
    tenant: str | None = None


@dataclass
class QuestionOperation(Operation):
    """Describes the query of a question about usage."""

    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or ()), *map(_parameter, FILTERS.items())]


@dataclass
class GroupingOperation(Operation):
    """Describes the query of a question about sums."""

    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or ()), *map(_parameter, (GROUPS | FILTERS).items())]


def _parameter(told: tuple[str, str]) -> Parameter:
    name, words = told
    text = Schema(type=OpenAPIType.INTEGER if name == "limit" else OpenAPIType.STRING)
    schema = text if name in _SINGLE else Schema(type=OpenAPIType.ARRAY, items=text)
    return Parameter(name=name, param_in="query", description=words, schema=schema, required=False)


def usage_routes(
    reports: Callable[[], UsageReports],
    faults: dict[int, ResponseSpec] | None = None,
    *,
    log: Callable[[], AuditLog] | None = None,
) -> list[HTTPRouteHandler]:
    """The handlers.

    `reports` gives the service, or raises ProviderError where nothing is kept; `log` gives the audit log; `faults`
    describe what every route may refuse with.
    """

    @get(
        ["/api/v1/usage", "/api/v1/usage.csv"],
        summary="What was used, in groups",
        tags=["usage"],
        responses=faults,
        operation_class=GroupingOperation,
    )
    async def usage(request: Request[Any, Any, Any]) -> UsageReport:
        """Requests, meters, costs and latencies by day, month, model, provider, key, tag and more; as JSON or CSV."""
        asked = _asked(request, (GROUPS | FILTERS).keys())
        if _is_sheet(request):
            return _sheet(await reports().sheet(asked))
        return await reports().report(asked)

    @get(
        "/api/v1/usage/records",
        summary="One row for each request",
        tags=["usage"],
        responses=faults,
        operation_class=QuestionOperation,
    )
    async def records(request: Request[Any, Any, Any]) -> RecordPage:
        """The newest first; as JSON or CSV."""
        asked = _asked(request, FILTERS.keys())
        if _is_sheet(request):
            return _sheet(await reports().record_sheet(asked))
        return await reports().records(asked)

    @get("/api/v1/usage/content/{record:str}", summary="What was said in a request", tags=["usage"], responses=faults)
    async def content(
        request: Request[Any, Any, Any], record: Annotated[str, PathParameter(description="The id of a request")]
    ) -> Said:
        """The request and the answer, where they are kept (`[usage] content = true`). For admins."""
        caller = require_admin(request)
        return await reports().said(record, tenant=tenant_asked(caller, None))

    @delete(
        "/api/v1/usage/content",
        summary="Forget an end user",
        status_code=200,
        tags=["usage"],
        responses=faults,
    )
    async def forget(
        request: Request[Any, Any, Any],
        end_user: Annotated[str, QueryParameter(description="Who is to be forgotten")],
        tenant: Annotated[str | None, QueryParameter(description="Of which organisation; one's own by default")] = None,
    ) -> Forgotten:
        """Removes what the end user said, and the name from all rows. Sums stay. For admins."""
        caller = require_admin(request, tenant)
        own = tenant or caller.organisation
        forgotten = await reports().forget(end_user, tenant=own)
        if log is not None:
            await log().note(caller, action="forget", kind="usage", subject="an end user", tenant=own, after=forgotten)
        return forgotten

    @post(
        "/api/v1/usage/corrections",
        summary="Book what a provider reports",
        status_code=200,
        tags=["usage"],
        responses=faults,
    )
    async def correct(request: Request[Any, Any, Any], data: JSONBody[Corrections]) -> Corrected:
        """Gives requests whose cost is unknown or estimated the cost that the provider reported. For root, who gets the invoices."""
        caller = require_root(request)
        own = tenant_asked(caller, data.tenant)
        asked = Asked(
            since=data.since,
            until=data.until,
            where={"provider": (data.provider,)},
            seen={} if own is None else {"tenant": (own,)},
        )
        corrected = await reports().correct(asked, data.costs)
        if log is not None:
            await log().note(caller, action="correct", kind="usage", subject=data.provider, tenant=own, after=corrected)
        return corrected

    return [usage, records, content, forget, correct]


def _asked(request: Request[Any, Any, Any], known: Any) -> Asked:
    """The question in a query. Raises InvalidRequestError for names that mean nothing."""
    told = request.query_params
    if unknown := sorted({*told.keys()} - {*known}):
        message = f"there is no parameter {unknown[0]!r}; there are {', '.join(known)}"
        raise InvalidRequestError(message, param=unknown[0])
    single = {name: told.getall(name, []) for name in _SINGLE}
    if twice := next((name for name, values in single.items() if len(values) > 1), None):
        message = f"`{twice}` is given more than once"
        raise InvalidRequestError(message, param=twice)
    one = {name: values[0] for name, values in single.items() if values}
    caller = caller_of(request)
    for tenant in told.getall("tenant", []):
        tenant_asked(caller, tenant)
    return Asked(
        since=one.get("from"),
        until=one.get("to"),
        group_by=told.getall("group_by", []),
        where={name: told.getall(name) for name in COLUMNS if name in told},
        tags=told.getall("tag", []),
        time_zone=one.get("time_zone", "UTC"),
        limit=_whole(one.get("limit", "100")),
        cursor=one.get("cursor"),
        seen=seen_by(caller),
    )


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        message = f"`limit` is {text!r}; it must be 1 to {MOST_GROUPS}"
        raise InvalidRequestError(message, param="limit")
    return int(text)


def _is_sheet(request: Request[Any, Any, Any]) -> bool:
    """Whether CSV is wanted."""
    wanted = request.query_params.get("format", "csv" if request.url.path.endswith(".csv") else "json")
    if wanted not in ("json", "csv"):
        message = f"`format` is {wanted!r}; it must be json or csv"
        raise InvalidRequestError(message, param="format")
    return wanted == "csv"


def _sheet(pieces: AsyncIterator[bytes]) -> Any:
    """A CSV file that is sent as it is made."""
    return Sheet(pieces, media_type="text/csv; charset=utf-8", headers=_CSV)


class Sheet(Stream):
    """A stream that ends when all is sent, whether or not whoever called goes away then."""

    def to_asgi_response(self, *request: Any, **how: Any) -> Any:
        """As an ASGI application."""
        sending: Any = super().to_asgi_response(*request, **{**how, "media_type": self.media_type})  # not the route's

        async def send_all(scope: Any, receive: Receive, send: Send) -> None:
            """Send, and let whoever listens for the caller's going hear of it when all is sent."""
            ended = asyncio.Event()

            async def told(message: MutableMapping[str, Any]) -> None:
                """Pass on; notice the end."""
                await send(message)
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    ended.set()

            async def heard() -> MutableMapping[str, Any]:
                """What comes from the caller, until the end."""
                hearing, ending = asyncio.ensure_future(receive()), asyncio.ensure_future(ended.wait())
                try:
                    await asyncio.wait((hearing, ending), return_when=asyncio.FIRST_COMPLETED)
                    return {"type": "http.disconnect"} if ended.is_set() else await hearing
                finally:
                    hearing.cancel()
                    ending.cancel()

            await sending(scope, heard, told)

        return send_all
