"""Jobs at a gateway, over its native API."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from genmux.contract.http import FileBody, HttpReply
from genmux.engine.gateway_line import GatewayLine
from genmux.flows.job.options import JobOptions
from genmux.types.assets import Asset
from genmux.types.errors import MalformedReplyError, ProviderError, Retry
from genmux.types.generation import GenerationRequest, Input
from genmux.types.jobs import Job, JobFilter, JobStatus, Resolution, Ticket

T = TypeVar("T")

API = "/api/v1"
PATIENCE = 300.0
"""Seconds for which the gateway is asked to wait at a time."""

CHANGES = 1.0
"""Seconds between two looks at a job that is watched."""


class _Refusal(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    message: str
    param: str | None = None
    provider: str | None = None
    model: str | None = None
    retry: Retry = Retry.NEVER


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    job: Job | None = None
    error: _Refusal | None = None


class _Items(msgspec.Struct, frozen=True, kw_only=True):
    data: list[_Item]


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    data: list[Job]
    next: str | None = None


class There:
    """Jobs of whoever has the key. Files of this machine are uploaded first."""

    def __init__(self, line: GatewayLine) -> None:
        self._line = line

    async def submit(self, request: GenerationRequest, options: JobOptions) -> Job:
        """Have a job kept."""
        return await self._send("POST", "/jobs", await self._document(request, options), Job)

    async def submit_many(
        self, requests: Sequence[GenerationRequest], options: JobOptions
    ) -> list[Job | ProviderError]:
        """Have several kept."""
        documents = [await self._document(one, options) for one in requests]
        found = await self._send("POST", "/jobs/batch", {"jobs": documents}, _Items)
        return [one.job if one.job is not None else _error(one.error) for one in found.data]

    async def get(self, job: str) -> Job:
        """One job."""
        return await self._send("GET", f"/jobs/{quote(job, safe='')}", None, Job)

    async def asset(self, asset: str) -> Asset:
        """One kept file."""
        return await self._send("GET", f"/assets/{quote(asset, safe='')}", None, Asset)

    async def wait(self, job: str, seconds: float) -> Job:
        """The job once it rests, or after so many seconds."""
        return await self._send("GET", f"/jobs/{quote(job, safe='')}?wait={min(seconds, PATIENCE):g}", None, Job)

    async def watch(self, job: str) -> AsyncGenerator[Job]:
        """The job each time that something changed."""
        told: Job | None = None
        while True:
            seen = await self.wait(job, CHANGES) if told is not None else await self.get(job)
            if seen != told:
                yield seen
                told = seen
            if seen.ended or seen.status is JobStatus.OUTCOME_UNKNOWN:
                return

    async def page(self, wanted: JobFilter, cursor: str | None, limit: int) -> tuple[list[Job], str | None]:
        """A page of jobs, and where the next one begins."""
        told = msgspec.to_builtins(wanted)
        asked: dict[str, Any] = {name: value for name, value in told.items() if name not in ("tags", "operations")}
        if wanted.operation is None and wanted.operations:
            asked["operation"] = wanted.operations
        asked |= {"tag": [f"{name}:{value}" for name, value in wanted.tags.items()], "limit": limit, "cursor": cursor}
        query = urlencode({name: value for name, value in asked.items() if value is not None}, doseq=True)
        found = await self._send("GET", f"/jobs?{query}", None, _Page)
        return found.data, found.next

    async def cancel(self, job: str, grace: float | None) -> Job:
        """Ask for a cancellation."""
        return await self._send("POST", f"/jobs/{quote(job, safe='')}/cancel", {"grace": grace}, Job)

    async def retry(self, job: str) -> Job:
        """Try again."""
        return await self._send("POST", f"/jobs/{quote(job, safe='')}/retry", {}, Job)

    async def resolve(self, job: str, resolution: Resolution, ticket: Ticket | None, cost: Decimal | None) -> Job:
        """Decide an unknown outcome."""
        body = {"resolution": resolution, "ticket": ticket, "cost": cost}
        return await self._send("POST", f"/jobs/{quote(job, safe='')}/resolve", body, Job)

    async def open(self, asset: Asset) -> AsyncIterator[bytes]:
        """Its content, piece by piece."""
        async for piece in self._line.download(f"{API}/assets/{quote(asset.id, safe='')}/content"):
            yield piece

    async def place(self, asset: Asset) -> Path | None:
        """It lies at the gateway."""
        del asset
        return None

    async def aclose(self) -> None:
        """Close the connection."""
        await self._line.aclose()

    async def _document(self, request: GenerationRequest, options: JobOptions) -> dict[str, Any]:
        inputs = tuple([await self._uploaded(one) for one in request.inputs])
        document: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(request, inputs=inputs))
        document |= {"priority": options.priority, "end_user": options.end_user}
        return document

    async def _uploaded(self, one: Input) -> Input:
        """The input as the gateway can see it: a file of this machine becomes an asset of the gateway."""
        source = one.source or ""
        if one.kind == "text" or source.startswith(("http://", "https://", "data:", "asset_", "job_")):
            return one
        body = await asyncio.to_thread(_file_at, source)
        if body is None:
            return one  # the gateway says what is wrong with it
        reply = await self._line.upload(f"{API}/assets?{urlencode({'name': body.name})}", body)
        return msgspec.structs.replace(one, source=_read(reply, Asset).id)

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None, kind: type[T]) -> T:
        reply = await self._line.ask(
            method,
            API + path.partition("?")[0],
            query=path.partition("?")[2],
            headers=() if body is None else (("content-type", "application/json"),),
            body=b"" if body is None else msgspec.json.encode(body),
        )
        return _read(reply, kind)


def _file_at(source: str) -> FileBody | None:
    file = Path(source).expanduser()
    return FileBody(path=str(file), size=file.stat().st_size, name=file.name) if file.is_file() else None


def _read(reply: HttpReply, kind: type[T]) -> T:
    if reply.status >= 300:
        try:
            raise _error(msgspec.json.decode(reply.body, type=_Refusal), status=reply.status)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            message = f"the gateway answered HTTP {reply.status}; is this address a genmux gateway?"
            raise MalformedReplyError(message, status=reply.status) from None
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedReplyError(f"the gateway's answer cannot be read: {error}", status=reply.status) from error


def _error(told: _Refusal | None, *, status: int | None = None) -> ProviderError:
    if told is None:
        return MalformedReplyError("the gateway told neither a job nor an error")
    return ProviderError(
        told.message,
        kind=told.kind,
        status=status,
        param=told.param,
        provider=told.provider,
        model=told.model,
        retry=told.retry,
    )
