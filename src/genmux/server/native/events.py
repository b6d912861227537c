"""The part of the native API that shows events: page by page, or as they happen."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, PathParameter, QueryParameter
from litestar.response import Stream

from genmux.server.callers import caller_of, tenant_asked
from genmux.services.outbox import Following, Stories, cloud_event, sse_frame
from genmux.services.outbox.names import checked_types
from genmux.services.outbox.stories import read_place
from genmux.types.errors import PermissionDeniedError, ProviderError
from genmux.types.events import ALL_TENANTS, BEGINNING, EventFilter
from genmux.types.principal import Principal

BEGUN = b"retry: 2000\n: genmux tells what happens from now on\n\n"
BEAT = b": still here\n\n"
AWAY = b": the store is away; this goes on when it is back\n\n"

PAUSE = 2.0
"""Seconds before the store is asked again after it failed."""

LONGEST = 3_600.0
"""Seconds of a stream: whoever comes back, with the place where it was left, is looked at anew."""

STREAM = "text/event-stream"
_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}

Asked = Request[Any, Any, Any]

Cursor = Annotated[
    str | None, QueryParameter(description="Behind this place: `next`, or the `id` of an event in the stream")
]
Limit = Annotated[int, QueryParameter(description="So many at most on one page, 1 to 500")]
LastEventId = Annotated[
    str | None,
    HeaderParameter(name="last-event-id", description="Where the stream was left; 0: all that is kept"),
]


class EventListing(msgspec.Struct, frozen=True, kw_only=True):
    """Events as CloudEvents 1.0 has them, the oldest first; `next` is the cursor that goes on behind the last."""

    data: list[dict[str, Any]]
    next: str


def event_routes(
    stories: Callable[[], Stories], faults: dict[int, ResponseSpec] | None = None
) -> list[HTTPRouteHandler]:
    """The handlers. `stories` gives the service, or raises ProviderError where nothing is kept."""

    @get(
        "/api/v1/events",
        summary="What happens",
        tags=["events"],
        responses=faults,
    )
    async def events(  # noqa: PLR0913 — each is one thing that can be asked for
        request: Asked,
        *,
        types: Annotated[
            list[str] | None,
            QueryParameter(name="type", description="Names, or beginnings as `generation.*`; repeatable"),
        ] = None,
        subject: Annotated[str | None, QueryParameter(description="Only of this job, account …")] = None,
        tenant: Annotated[str | None, QueryParameter(description="Of which organisation; for root all")] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
        last_event_id: LastEventId = None,
    ) -> EventListing:
        """With `accept: text/event-stream` a stream of server-sent events, from now on or behind `Last-Event-ID`; else a page.

        Callers see what happens in their organisation, members what their own key did. While somebody follows a stream,
        calls are told in it too.
        """
        named = checked_types(tuple(types or ()), param="type")
        which = _which(caller_of(request), named, subject, tenant)
        return await _told(request, stories(), which, last_event_id or cursor, limit)

    @get("/api/v1/jobs/{job:str}/events", summary="What happened to a job", tags=["jobs"], responses=faults)
    async def of_job(
        request: Asked,
        job: Annotated[str, PathParameter(description="Its id")],
        *,
        cursor: Cursor = None,
        limit: Limit = 100,
        last_event_id: LastEventId = None,
    ) -> EventListing:
        """The same for one job: a page, or a stream from its beginning on. Whether there is such a job is not told."""
        which = _which(caller_of(request), (), job, None)
        return await _told(request, stories(), which, last_event_id or cursor or "0", limit)

    return [events, of_job]


async def _told(request: Asked, stories: Stories, which: EventFilter, left: str | None, limit: int) -> Any:
    """As a stream where that is wanted, else as a page."""
    place = None if left is None else read_place(left)
    if STREAM in request.headers.get("accept", ""):
        return _streamed(await stories.follow(which, place))
    page = await stories.page(which, place or BEGINNING, limit=limit)
    return EventListing(data=[cloud_event(one.event) for one in page.told], next=str(page.place))


def _streamed(following: Following) -> Any:
    """A stream that is sent as things happen."""
    return Events(_frames(following), media_type=f"{STREAM}; charset=utf-8", headers=_HEADERS)


class Events(Stream):
    """A stream of server-sent events."""

    def to_asgi_response(self, *request: Any, **how: Any) -> Any:
        """As an ASGI application; its media type is not that of the route's pages."""
        return super().to_asgi_response(*request, **{**how, "media_type": self.media_type})


async def _frames(following: Following) -> AsyncGenerator[bytes]:
    """What is sent, until whoever follows goes away, the gateway ends, or it was long enough."""
    ends = time.monotonic() + LONGEST
    try:
        yield BEGUN
        while not following.closed and time.monotonic() < ends:
            try:
                told = await following.read()
            except ProviderError:
                yield AWAY
                await asyncio.sleep(PAUSE)
                continue
            if not following.closed:
                yield b"".join(map(sse_frame, told)) or BEAT
    finally:
        following.close()


def _which(caller: Principal, types: tuple[str, ...], subject: str | None, tenant: str | None) -> EventFilter:
    """What a caller may see of what it asks for: root all, admins their organisation, members what their key did."""
    own = tenant_asked(caller, tenant)
    key = None
    if caller.role == "member":
        if caller.key is None:
            message = "events are told to admins, and to a key what it did itself; this caller is neither"
            raise PermissionDeniedError(message, status=403)
        key = caller.key
    return EventFilter(tenant=own or ALL_TENANTS, types=types, subject=subject, key=key)
