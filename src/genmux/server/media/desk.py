"""What pictures and videos have in common: a request becomes a job, and a job an answer."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from genmux.app import App
from genmux.contract.dialect import Answer
from genmux.contract.forms import FormPart
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.flows.call.options import CallOptions
from genmux.flows.job.jobs import Jobs
from genmux.flows.job.options import JobOptions
from genmux.flows.job.reaching import operation_named
from genmux.server.http import CallerGoneError, Headers, Request, RequestError
from genmux.server.media.failures import JOB, JobFaultError
from genmux.server.media.fitting import Warnings, fitted
from genmux.server.media.forms import FormReader
from genmux.server.said import identified, said_back, went
from genmux.server.terms import Terms
from genmux.services.accounts.configured import IMPLICIT
from genmux.types.errors import InvalidRequestError, ProviderError, StoreError, UnsupportedError
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job

ALIKE: dict[str, tuple[Operation, ...]] = {"image_to_image": ("edit_image",), "edit_image": ("image_to_image",)}
"""What may be done instead where a model cannot do the one: some call every edit the one, some the other."""

_OWN = frozenset({HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""Statuses that say more than that the request is wrong."""


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was taken in, how it was asked for, and what was changed before."""

    job: Job
    options: CallOptions
    warnings: Warnings = ()


class MediaDesk:
    """Takes requests for pictures and videos in."""

    def __init__(self, app: App, terms: Terms) -> None:
        self.app = app
        self._terms = terms

    @property
    def jobs(self) -> Jobs:
        """The jobs. Raises ConfigurationError where there is no store, as then there can be none."""
        return self.app.kept().jobs

    async def body(self, request: Request) -> bytes:
        """The body of a request that is no form."""
        return await self._terms.body(request)

    async def form(self, request: Request) -> tuple[list[FormPart], FormReader]:
        """The parts of a form, and who forgets its files when the request is refused."""
        once = request.header(b"idempotency-key")
        reader = FormReader(self.app.kept().assets, self._terms, request.principal, once=once)
        return await reader.read(request), reader

    async def submit(
        self, request: Request, asked: GenerationRequest, *, extra: Mapping[str, Any], user: str | None
    ) -> Submitted:
        """Keep a job for a request. Raises ProviderError."""
        options, model, operation = self._reach(request, asked)
        jobs = self.jobs
        asked, warnings = fitted(msgspec.structs.replace(asked, operation=operation), extra, model, clamp=options.clamp)
        asked = msgspec.structs.replace(
            asked,
            budget_limit=options.budget_limit,
            tags=dict(options.tags),
            idempotency_key=request.header(b"idempotency-key"),
        )
        async with self.app.calls.door.aside(options.principal):
            job = await jobs.submit(asked, options.principal, JobOptions(end_user=user))
        return Submitted(job=job, options=options, warnings=warnings)

    async def ended(self, request: Request, submitted: Submitted) -> Job:
        """The job once it has ended, or as it is after the caller's time. It goes on without a caller who goes away."""
        with request.watch:
            return await self.jobs.wait(submitted.job.id, submitted.options.principal, submitted.options.timeout)
        raise CallerGoneError

    def _reach(self, request: Request, asked: GenerationRequest) -> tuple[CallOptions, Model, Operation]:
        """How, with which model and as which operation. Raises ProviderError that says what the model lacks."""
        operation = operation_named(asked.operation)
        name = asked.model or None
        try:
            return self._reached(request, name, operation)
        except UnsupportedError:
            for other in ALIKE.get(operation, ()):
                try:
                    return self._reached(request, name, other)
                except UnsupportedError:
                    continue
            raise

    def _reached(
        self, request: Request, name: str | None, operation: Operation
    ) -> tuple[CallOptions, Model, Operation]:
        options = self._terms.options(request, name, operation)
        return options, self.app.targets.model(name, operation), operation


def told_of(job: Job, warnings: Warnings = ()) -> Headers:
    """What is said of a job in headers."""
    model = f"{job.provider}/{job.model}"
    account = None if job.account == IMPLICIT else job.account
    kept_back = f"{job.filtered} of the results were kept back by the provider's content policy"
    filtered = (("x-genmux-warning", kept_back),) if job.filtered else ()
    return (
        (JOB, job.id),
        *said_back((*warnings, *job.warnings), job.cost),
        *filtered,
        *went(route=None, account=account, attempts=job.attempts, model=model),
    )


def refusal(write: Callable[[ProviderError], Answer]) -> Callable[[Request, ProviderError], Any]:
    """Answers with errors as `write` writes them, with the status that says the most."""

    async def refuse(request: Request, error: ProviderError) -> None:
        """Answer with an error."""
        answer = write(error)
        headers: Iterable[tuple[str, str]] = (*identified(error.request_id), *getattr(error, "headers", ()))
        own = isinstance(error, RequestError | StoreError | JobFaultError)
        own = own or (isinstance(error, InvalidRequestError) and error.status in _OWN)
        if own and error.status:
            answer = msgspec.structs.replace(answer, status=error.status)
        await request.answer(answer, headers)

    return refuse
