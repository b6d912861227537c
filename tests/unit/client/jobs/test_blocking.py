"""Media for programs without an event loop, on the simulated models."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from genmux.client.client import Client
from genmux.client.jobs.files import BlockingAssetFile, without_files
from genmux.types.errors import ConfigurationError, RequestTimeoutError, UnsupportedError, ValidationError
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobStatus


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(model="mock/image", store=tmp_path / "media.db") as made:
        yield made


def wanted(prompt: str, **params: object) -> GenerationRequest:
    return GenerationRequest(operation="text_to_image", model="mock/image", prompt=prompt, params=params)


def test_a_picture_is_made_and_its_file_is_read_and_saved(client: Client, tmp_path: Path) -> None:
    result = client.image("a fish", idempotency_key="one")

    assert (result.success, result.state, result.provider) == (True, JobStatus.COMPLETED, "mock")
    [asset] = result.assets
    assert isinstance(asset, BlockingAssetFile)
    content = asset.read()
    assert content.startswith(b"\x89PNG")
    assert asset.path is not None
    assert asset.url == asset.path.as_uri()
    assert asset.save(tmp_path).read_bytes() == asset.save(tmp_path / "fish.png").read_bytes() == content
    assert client.image("a fish", idempotency_key="one").job == result.job


def test_who_waits_is_told_in_the_own_thread_how_it_goes(client: Client) -> None:
    seen: list[Job] = []

    def show(job: Job) -> None:
        """In the thread of the caller, so that the client can be asked."""
        seen.append(client.jobs.get(job))

    assert client.video("a fish", model="mock/video", on_progress=show).success
    assert seen[-1].status is JobStatus.COMPLETED


def test_events_of_jobs_are_heard_in_a_plain_script(tmp_path: Path) -> None:
    heard: list[str] = []
    with Client(model="mock/image") as client:
        client.on_event(lambda event: heard.append(event.type), "generation.completed", "asset.generated")
        client.image("a fish")

    assert heard == ["asset.generated", "generation.completed"]
    assert [*tmp_path.glob("*.db")] == []


def test_one_result_is_the_input_of_another(client: Client) -> None:
    first = client.image("a fish")
    second = client.image("in colour", image=first)

    assert second.success
    assert client.upscale(first.assets[0]).success
    assert second.assets[0].parents == (first.assets[0].id,)


def test_several_keep_their_order_and_one_that_is_wrong_leaves_the_others_alone(client: Client) -> None:
    found = client.jobs.submit_many([wanted("one"), wanted("two", nothing=1), wanted("three")])

    assert [type(one) for one in found] == [Job, ValidationError, Job]
    first, _, third = found
    assert isinstance(first, Job)
    assert isinstance(third, Job)
    assert first.batch == third.batch
    assert [client.jobs.wait(one).request.prompt for one in (first, third)] == ["one", "three"]
    assert [one.id for one in client.jobs.list(batch=first.batch)] == [third.id, first.id]
    assert [one.id for one in client.jobs.list(limit=1)] == [third.id]


def test_what_did_not_end_well_is_told_and_what_is_not_taken_is_raised(client: Client) -> None:
    result = client.image("x [mock fault=filtered]")

    assert (result.success, result.state) == (False, JobStatus.FILTERED)
    assert result.error is not None
    fresh = client.jobs.retry(result.job or "")
    assert fresh.retry_of == result.job
    with pytest.raises(UnsupportedError, match="cannot text_to_music"):
        client.music("la la")


def test_a_job_that_takes_too_long_goes_on_and_can_be_cancelled(client: Client) -> None:
    job = client.jobs.submit(wanted("x [mock fault=stuck]"))

    with pytest.raises(RequestTimeoutError, match=job.id):
        client.jobs.wait(job, timeout=0.05)
    with pytest.raises(RequestTimeoutError, match="goes on"):
        for _ in client.jobs.watch(job, timeout=0.05):
            pass
    for _ in client.jobs.watch(job):
        break  # left early
    client.jobs.cancel(job)
    assert client.jobs.wait(job).status is JobStatus.CANCELLED


def test_a_job_without_its_files_is_plain_data(client: Client) -> None:
    job = client.jobs.get(client.image("a fish").job or "")

    assert msgspec.json.decode(msgspec.json.encode(without_files(job)), type=Job) == without_files(job)


def test_a_closed_client_has_no_jobs() -> None:
    client = Client()
    client.close()

    with pytest.raises(ConfigurationError, match="closed"):
        client.image("a fish", model="mock/image")
