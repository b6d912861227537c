"""The part of the native API that submits jobs, looks at them, and decides what becomes of them."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from genmux.flows.job.jobs import Jobs
from genmux.flows.job.options import JobOptions
from genmux.server.callers import caller_of, require_admin, require_root
from genmux.server.native.cursors import cursor_of, read_cursor
from genmux.types.errors import InvalidRequestError, ProviderError
from genmux.types.generation import GenerationRequest, Input
from genmux.types.jobs import Job, JobFilter, JobStatus, Resolution
from genmux.types.periods import from_moment, to_moment
from genmux.types.principal import Principal

Faults = dict[int, ResponseSpec] | None
Asked = Request[Any, Any, Any]
Check = Callable[[Principal, GenerationRequest], None]
Aside = Callable[[Principal], AbstractAsyncContextManager[None]]

Id = Annotated[str, PathParameter(description="The job's id")]
Wait = Annotated[float | None, QueryParameter(description="Wait so many seconds for it to end, 600 at most")]

LONGEST_WAIT = 600.0
MOST_ON_A_PAGE = 500


class NewJob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A generation to be done; see `GenerationRequest`. `priority` is -100 to 100, `end_user` is for whom it is."""

    operation: str
    model: str = ""
    prompt: str = ""
    inputs: tuple[Input, ...] = ()
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    budget_limit: Decimal | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    idempotency_key: str | None = None
    priority: int = 0
    end_user: str | None = None

    def request(self, header: str | None) -> GenerationRequest:
        """What is to be done; the key may also stand in the header `Idempotency-Key`."""
        return GenerationRequest(
            operation=self.operation,
            model=self.model,
            prompt=self.prompt,
            inputs=self.inputs,
            params=self.params,
            budget_limit=self.budget_limit,
            tags=self.tags,
            idempotency_key=self.idempotency_key or header,
        )

    @property
    def options(self) -> JobOptions:
        """How it is to be done."""
        return JobOptions(priority=self.priority, end_user=self.end_user)


class NewBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several generations at once, 1,000 at most."""

    jobs: tuple[NewJob, ...]


class Refused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why one of several jobs was not taken."""

    kind: str
    message: str
    param: str | None = None


class BatchItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one of several: the job, or the error."""

    job: Job | None = None
    error: Refused | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What became of several jobs, in their order."""

    data: list[BatchItem]


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, the newest first; `next` is the cursor of the next page."""

    data: list[Job]
    next: str | None = None


class Cancellation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a job is cancelled: after `grace` seconds, for work that is nearly done."""

    grace: Annotated[float, msgspec.Meta(ge=0, le=86_400)] | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a job whose outcome is unknown; `adopt` needs the provider's `ticket`, `billed` takes its `cost` in US dollars."""

    resolution: Resolution
    ticket: dict[str, Any] | None = None
    cost: Decimal | None = None


class Pausing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nothing more is submitted to a provider."""

    reason: str = ""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A provider to which nothing is submitted."""

    provider: str
    since: datetime.datetime
    reason: str


class Pauses(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    data: list[Pause]


def job_routes(jobs: Callable[[], Jobs], check: Check, aside: Aside, faults: Faults = None) -> list[HTTPRouteHandler]:
    """The handlers. `jobs` gives the service, or raises ProviderError where there is none.

    `check` says what callers may name, `aside` gives them a place under their rate limits.
    """
    return [
        *_submitting(jobs, check, aside, faults),
        *_looking(jobs, faults),
        *_deciding(jobs, faults),
        *_pausing(jobs, faults),
    ]


def _submitting(jobs: Callable[[], Jobs], check: Check, aside: Aside, faults: Faults) -> list[HTTPRouteHandler]:
    @post("/api/v1/jobs", summary="Submit a job", tags=["jobs"], responses=faults)
    async def submit(request: Asked, data: JSONBody[NewJob], wait: Wait = None) -> Job:
        """Kept before it is sent, and done whatever happens. The same key and body give the job that is there."""
        caller, asked = caller_of(request), data.request(request.headers.get("idempotency-key"))
        seconds = _seconds(wait) if wait else None
        check(caller, asked)
        service = jobs()
        async with aside(caller):
            job = await service.submit(asked, caller, data.options)
        return job if seconds is None else await service.wait(job.id, caller, seconds)

    @post("/api/v1/jobs/batch", summary="Submit several jobs", tags=["jobs"], responses=faults)
    async def batch(request: Asked, data: JSONBody[NewBatch]) -> Batch:
        """What is wrong with one leaves the others alone."""
        caller = caller_of(request)
        asked = [one.request(None) for one in data.jobs]
        for one in asked:
            check(caller, one)
        async with aside(caller):
            found = await jobs().submit_many(asked, caller, [one.options for one in data.jobs])
        return Batch(data=[*map(_item, found)])

    @post("/api/v1/jobs/{job:str}/retry", summary="Try a job again", tags=["jobs"], responses=faults)
    async def retry(request: Asked, job: Id) -> Job:
        """One that ended without a result, as a new job that names it."""
        caller = caller_of(request)
        async with aside(caller):
            return await jobs().retry(job, caller)

    return [submit, batch, retry]


def _looking(jobs: Callable[[], Jobs], faults: Faults) -> list[HTTPRouteHandler]:
    @get("/api/v1/jobs", summary="All jobs", tags=["jobs"], responses=faults)
    async def listing(  # noqa: PLR0913, PLR0917 — one filter each
        request: Asked,
        status: Annotated[list[JobStatus] | None, QueryParameter(description="Only these; repeatable")] = None,
        provider: Annotated[str | None, QueryParameter(description="Only those of this provider")] = None,
        model: Annotated[
            str | None, QueryParameter(description="Only those of this model, without its provider")
        ] = None,
        operation: Annotated[
            list[str] | None, QueryParameter(description="Only these, such as `text_to_video`; repeatable")
        ] = None,
        key: Annotated[str | None, QueryParameter(description="Only those of this gateway key")] = None,
        team: Annotated[str | None, QueryParameter(description="Only those of this team")] = None,
        end_user: Annotated[str | None, QueryParameter(description="Only those for this end user")] = None,
        batch: Annotated[str | None, QueryParameter(description="Only what was submitted together")] = None,
        tag: Annotated[list[str] | None, QueryParameter(description="As `name:value`; repeatable")] = None,
        since: Annotated[datetime.datetime | None, QueryParameter(description="Made then or later")] = None,
        before: Annotated[datetime.datetime | None, QueryParameter(description="Made before then")] = None,
        limit: Annotated[int, QueryParameter(description="So many at most on one page, 1 to 500")] = 50,
        cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
    ) -> JobPage:
        """The newest first, of the caller's organisation; filters are put together by `and`."""
        wanted = JobFilter(
            status=tuple(status or ()),
            provider=provider,
            model=model,
            operations=tuple(operation or ()),
            key=key,
            team=team,
            end_user=end_user,
            batch=batch,
            tags=_tags(tag or ()),
            since=since,
            before=before,
        )
        if not 1 <= limit <= MOST_ON_A_PAGE:
            message = f"`limit` is {limit}; it must be 1 to {MOST_ON_A_PAGE}"
            raise InvalidRequestError(message, param="limit")
        place = read_cursor(cursor)
        after = None if place is None else (to_moment(place[0]), place[1])
        found = await jobs().list(caller_of(request), wanted, after=after, limit=limit)
        more = cursor_of(found[-1].created_at, found[-1].id) if len(found) == limit else None
        return JobPage(data=found, next=more)

    @get("/api/v1/jobs/{job:str}", summary="One job", tags=["jobs"], responses=faults)
    async def one(request: Asked, job: Id, wait: Wait = None) -> Job:
        """With what it made; with `wait`, once it has ended, needs a decision, or the time is over."""
        service, caller = jobs(), caller_of(request)
        return await service.wait(job, caller, _seconds(wait)) if wait else await service.get(job, caller)

    return [listing, one]


def _deciding(jobs: Callable[[], Jobs], faults: Faults) -> list[HTTPRouteHandler]:
    @post("/api/v1/jobs/{job:str}/cancel", summary="Cancel a job", status_code=200, tags=["jobs"], responses=faults)
    async def cancel(request: Asked, job: Id, data: JSONBody[Cancellation | None] = None) -> Job:
        """What has not begun ends at once; all else ends as its provider says, and is billed as it says."""
        grace = None if data is None else data.grace
        return await jobs().cancel(job, caller_of(request), grace=grace)

    @post(
        "/api/v1/jobs/{job:str}/resolve",
        summary="Decide an unknown outcome",
        status_code=200,
        tags=["jobs"],
        responses=faults,
    )
    async def resolve(request: Asked, job: Id, data: JSONBody[Decision]) -> Job:
        """Nobody knows whether the provider took the job: say what you found there."""
        return await jobs().resolve(job, caller_of(request), data.resolution, ticket=data.ticket, cost=data.cost)

    return [cancel, resolve]


def _pausing(jobs: Callable[[], Jobs], faults: Faults) -> list[HTTPRouteHandler]:
    @get("/api/v1/jobs/pauses", summary="Providers that pause", tags=["jobs"], responses=faults)
    async def pauses(request: Asked) -> Pauses:
        """Nothing is submitted to these; what is under way goes on. For admins."""
        require_admin(request)
        return await _all_pauses(jobs())

    @post(
        "/api/v1/jobs/pauses/{provider:str}",
        summary="Pause a provider",
        status_code=200,
        tags=["jobs"],
        responses=faults,
    )
    async def pause(
        request: Asked, provider: Annotated[str, PathParameter(description="Its id")], data: JSONBody[Pausing]
    ) -> Pauses:
        """Submit nothing more to it. For root."""
        require_root(request)
        await jobs().pause(provider, data.reason)
        return await _all_pauses(jobs())

    @post(
        "/api/v1/jobs/pauses/{provider:str}/resume",
        summary="Resume a provider",
        status_code=200,
        tags=["jobs"],
        responses=faults,
    )
    async def resume(request: Asked, provider: Annotated[str, PathParameter(description="Its id")]) -> Pauses:
        """Submit to it again. For root."""
        require_root(request)
        await jobs().resume(provider)
        return await _all_pauses(jobs())

    return [pauses, pause, resume]


async def _all_pauses(service: Jobs) -> Pauses:
    found = await service.pauses()
    return Pauses(data=[Pause(provider=name, since=from_moment(since), reason=reason) for name, since, reason in found])


def _item(found: Job | ProviderError) -> BatchItem:
    if isinstance(found, Job):
        return BatchItem(job=found)
    return BatchItem(error=Refused(kind=str(found.kind), message=found.message, param=found.param))


def _seconds(wait: float) -> float:
    if not 0 < wait <= LONGEST_WAIT:
        raise InvalidRequestError(f"`wait` is {wait:g}; it must be up to {LONGEST_WAIT:g} seconds", param="wait")
    return wait


def _tags(told: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for one in told:
        name, colon, value = one.partition(":")
        if not colon or not name:
            raise InvalidRequestError(f"`tag` is {one!r}; it must be `name:value`", param="tag")
        found[name] = value
    return found
