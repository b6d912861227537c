"""Videos as jobs are shown."""

from types import SimpleNamespace
from typing import Any

from genmux.dialects.openai_videos import OpenAIVideosServer
from genmux.server.media.videos import VideosEndpoint
from genmux.types.assets import Asset
from genmux.types.generation import GenerationRequest, Input
from genmux.types.jobs import Job
from tests.ledgers import NOON
from tests.unit.dialects.openai_videos.jobs import job


class Shelf:
    """Knows one video of each of two organisations, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def known(self, tenant: str | None, ids: list[str]) -> dict[str, Asset]:
        self.asked += 1
        assert tenant is None
        assert sorted(ids) == ["asset_ours", "asset_theirs", "https://cdn.test/a.mp4"]
        return {
            f"asset_{whose}": Asset(
                id=f"asset_{whose}",
                tenant=tenant,
                media_type="video/mp4",
                bytes=1,
                sha256="0",
                created_at=NOON,
                origin="generated",
                job=f"job_{whose}",
            )
            for whose, tenant in (("ours", "t"), ("theirs", "other"))
        }


def remix(source: str) -> Job:
    request = GenerationRequest(
        operation="video_to_video", model="acme/x", inputs=(Input(kind="video", source=source),)
    )
    return job(request=request)


async def test_a_page_of_videos_asks_once_for_what_they_were_made_of() -> None:
    shelf = Shelf()
    app = SimpleNamespace(kept=lambda: SimpleNamespace(assets=SimpleNamespace(shelf=shelf)))
    desk: Any = SimpleNamespace(app=app)
    endpoint = VideosEndpoint(OpenAIVideosServer(), desk)
    jobs = [remix(one) for one in ("asset_ours", "asset_theirs", "https://cdn.test/a.mp4", "asset_ours")]
    shown = await endpoint._shown(*jobs)  # noqa: SLF001 — what each answer is written from

    assert [one.request.inputs[0].source for one in shown] == [
        "job_ours",
        "asset_theirs",
        "https://cdn.test/a.mp4",
        "job_ours",
    ]
    assert shelf.asked == 1
