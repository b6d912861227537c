"""Media for programs with an event loop, here and through a gateway."""

from pathlib import Path

import pytest

from genmux.client.async_client import AsyncClient
from genmux.client.jobs.files import AssetFile
from genmux.types.errors import NotFoundError
from genmux.types.jobs import JobStatus


async def test_a_sound_is_made_and_its_file_is_read_and_saved(tmp_path: Path) -> None:
    async with AsyncClient() as client:
        states: list[JobStatus] = []
        result = await client.sound("rain", on_progress=lambda job: states.append(job.status))
        [asset] = result.assets
        assert isinstance(asset, AssetFile)
        saved = await asset.save(tmp_path)

        assert (await asset.read()) == saved.read_bytes()
        assert saved.suffix == ".wav"
        assert states[-1] is JobStatus.COMPLETED
        assert [one.id async for one in client.jobs.list(status="completed")] == [result.job]
        assert (await client.speech_job("hello")).success
        with pytest.raises(NotFoundError):
            await client.jobs.get("job_nothing")


async def test_without_a_store_everything_goes_with_the_client() -> None:
    async with AsyncClient(model="mock/image") as client:
        path = (await client.image("a fish")).assets[0].path  # pyright: ignore[reportAttributeAccessIssue]
        assert path.exists()

    assert not path.exists()
