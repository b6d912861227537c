"""Why a job that somebody waited for gave nothing, as an error."""

from http import HTTPStatus

from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.jobs import Job, JobStatus

JOB = "x-genmux-job"
"""The header that names the job."""

KINDS: dict[JobStatus, ErrorKind] = {
    JobStatus.FILTERED: ErrorKind.CONTENT_FILTERED,
    JobStatus.CANCELLED: ErrorKind.CANCELLED,
    JobStatus.EXPIRED: ErrorKind.TIMEOUT,
    JobStatus.OUTCOME_UNKNOWN: ErrorKind.UNKNOWN,
}
"""What these ends are called, whatever the provider said; the others are called what it said."""

UNSURE = frozenset({JobStatus.FAILED, JobStatus.OUTCOME_UNKNOWN})
"""After these the provider may have been paid: nobody should ask again unseen."""


class JobFaultError(ProviderError):
    """A job gave nothing, or not yet. `headers` name it; with `status` the answer has that HTTP status."""

    headers: tuple[tuple[str, str], ...] = ()


def fault_of(job: Job) -> JobFaultError | None:
    """What is wrong with a job; None for one that was completed."""
    if job.status is JobStatus.COMPLETED:
        return None
    if not job.ended and not job.resolvable:
        return _still(job)
    told = job.error
    said = f": {told.message}" if told is not None and told.message else ""
    message = f"the job {job.id} is {job.status}{said}"
    code = told.code if told is not None else None
    status: int | None = None
    if job.resolvable:
        message = f"{message}. It is kept; POST /api/v1/jobs/{job.id}/resolve decides it"
        code, status = "outcome_unknown", int(HTTPStatus.BAD_GATEWAY)
    kind = KINDS.get(job.status) or (told.kind if told is not None else ErrorKind.SERVER)
    return _named(
        JobFaultError(
            message,
            kind=kind,
            provider=job.provider,
            model=job.model,
            code=code,
            status=status,
            retry=Retry.UNSURE if job.status in UNSURE else Retry.NEVER,
        ),
        job,
    )


def _still(job: Job) -> JobFaultError:
    message = (
        f"the job {job.id} is {job.status} and not done in the time that was given; it goes on,"
        f" and GET /api/v1/jobs/{job.id} tells of it"
    )
    error = JobFaultError(message, kind=ErrorKind.TIMEOUT, provider=job.provider, model=job.model, retry=Retry.UNSURE)
    return _named(error, job)


def _named(error: JobFaultError, job: Job) -> JobFaultError:
    error.headers = ((JOB, job.id),)
    return error
