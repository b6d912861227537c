"""What became of a job, as an error and as an answer in the form of OpenAI."""

from typing import Any

import msgspec
import pytest

from genmux.dialects import load_dialect
from genmux.engine.deadlines import AlarmClocks
from genmux.server.media.desk import refusal
from genmux.server.media.failures import fault_of
from genmux.types.errors import ErrorKind, InvalidRequestError, ProviderError, Retry
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobError, JobStatus
from tests.ledgers import NOON
from tests.unit.server.asgi import Line, asking

refuse = refusal(load_dialect("openai_images").server.refuse)


def job(status: JobStatus, kind: ErrorKind | None = None, code: str | None = None) -> Job:
    return Job(
        id="job_1",
        tenant="default",
        status=status,
        request=GenerationRequest(operation="text_to_image", model="acme/x"),
        provider="acme",
        model="x",
        created_at=NOON,
        updated_at=NOON,
        error=None if kind is None else JobError(kind=kind, message="words of the provider", code=code),
    )


async def answer(error: ProviderError) -> tuple[int, dict[str, Any], dict[str, str]]:
    line = Line()
    await refuse(asking(line, AlarmClocks().here()), error)
    return line.sent[0]["status"], msgspec.json.decode(line.body)["error"], line.head


def test_a_completed_job_is_no_error():
    assert fault_of(job(JobStatus.COMPLETED)) is None


@pytest.mark.parametrize(
    ("status", "kind", "expected", "code"),
    [
        (JobStatus.FILTERED, ErrorKind.CONTENT_FILTERED, 400, "content_policy_violation"),
        (JobStatus.FILTERED, None, 400, "content_policy_violation"),
        (JobStatus.REJECTED, ErrorKind.INVALID_REQUEST, 400, "provider_code"),
        (JobStatus.REJECTED, ErrorKind.CONTENT_FILTERED, 400, "content_policy_violation"),
        (JobStatus.REJECTED, ErrorKind.BUDGET_EXCEEDED, 402, "budget_exceeded"),
        (JobStatus.REJECTED, ErrorKind.QUOTA_EXCEEDED, 429, "insufficient_quota"),
        (JobStatus.FAILED, ErrorKind.SERVER, 502, "upstream_error"),
        (JobStatus.FAILED, ErrorKind.MALFORMED_REPLY, 502, "malformed_reply"),
        (JobStatus.FAILED, None, 502, "upstream_error"),
        (JobStatus.EXPIRED, ErrorKind.TIMEOUT, 504, "timeout"),
        (JobStatus.CANCELLED, None, 499, "cancelled"),
        (JobStatus.OUTCOME_UNKNOWN, ErrorKind.NETWORK, 502, "outcome_unknown"),
        (JobStatus.RUNNING, None, 504, "timeout"),
    ],
)
async def test_every_end_has_its_status_and_code_and_names_the_job(
    status: JobStatus, kind: ErrorKind | None, expected: int, code: str
):
    error = fault_of(job(status, kind, "provider_code"))
    assert error is not None
    told, document, headers = await answer(error)
    assert (told, document["code"]) == (expected, code)
    assert "job_1" in document["message"]
    assert headers["x-genmux-job"] == "job_1"
    assert headers["x-should-retry"] == "false"


def test_the_words_of_the_provider_are_told():
    assert "words of the provider" in str(fault_of(job(JobStatus.FAILED, ErrorKind.SERVER)))


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.OUTCOME_UNKNOWN, JobStatus.RUNNING])
def test_what_may_have_been_paid_is_not_to_be_repeated_unseen(status: JobStatus):
    error = fault_of(job(status))
    assert error is not None
    assert error.retry is Retry.UNSURE


async def test_a_key_that_was_used_for_something_else_is_a_conflict():
    told, _, _ = await answer(InvalidRequestError("it was used", status=409))
    assert told == 409


async def test_the_status_of_a_provider_is_not_handed_on():
    told, _, _ = await answer(InvalidRequestError("it says so", status=422))
    assert told == 400
