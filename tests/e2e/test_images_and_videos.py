"""Pictures and videos with the official SDK: from models of this machine, through a real gateway with a store."""

import base64
import io
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import openai
import pytest
from PIL import Image

from genmux.services.settings import GatewaySettings, Settings, StoreSettings
from genmux.types.money import Price
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.native import Api

ROOT = "the-root-key-of-this-test"

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")  # the shape lives on


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("media")
    settings = Settings(
        gateway=GatewaySettings(keys=(ROOT,)),
        store=StoreSettings(url=str(folder / "genmux.db")),
        prices={"mock/image": (Price(meter="images.output", amount=Decimal("0.04")),)},
    )
    with running(settings, {"XDG_DATA_HOME": str(folder)}) as serving:
        yield serving


@pytest.fixture(scope="module")
def client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with sdk(gateway, ROOT) as one:
        yield one


def sdk(gateway: RunningGateway, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)


def key_in(root: Api, organisation: str) -> str:
    root.good("POST", "/organisations", {"id": organisation, "name": organisation})
    return root.good("POST", "/keys", {"name": organisation, "tenant": organisation})["text"]


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def picture(size: tuple[int, int] = (48, 32), color: str = "teal") -> tuple[str, bytes, str]:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return "picture.png", file.getvalue(), "image/png"


@pytest.fixture(scope="module")
def key_of_another(gateway: RunningGateway) -> str:
    root = Api(gateway.url, ROOT)
    return key_in(root, "another")


class TestImages:
    @pytest.mark.parametrize("model", ["local/card", "mock/image"])
    def test_pictures_come_as_bytes_and_tell_how_they_are(self, client: openai.OpenAI, model: str):
        reply = client.images.generate(model=model, prompt="a boat", size="96x64", n=2)
        assert [size_of(base64.b64decode(one.b64_json or "")) for one in reply.data or []] == [(96, 64)] * 2
        assert (reply.size, reply.output_format) == ("96x64", "png")

    def test_pictures_come_as_links_that_need_no_key(self, client: openai.OpenAI):
        reply = client.images.generate(model="mock/image", prompt="a boat", size="96x64", response_format="url")
        (one,) = reply.data or []
        assert one.b64_json is None
        assert size_of(httpx2.get(one.url or "").content) == (96, 64)

    def test_the_job_its_cost_and_what_was_left_out_are_told_in_headers(self, client: openai.OpenAI):
        told = client.images.with_raw_response.generate(model="mock/image", prompt="a boat", style="vivid")
        assert told.headers["x-genmux-job"].startswith("job_")
        assert told.headers["x-genmux-cost"] == "0.04"
        assert "`style`" in told.headers["x-genmux-warning"]

    def test_parameters_of_the_model_may_stand_beside_those_of_the_shape(self, client: openai.OpenAI):
        ask: Any = {"model": "mock/image", "prompt": "a boat"}
        one, other, again = (client.images.generate(**ask, extra_body={"seed": seed}) for seed in (1, 2, 1))
        assert one.data == again.data != other.data

    def test_a_stream_ends_with_the_picture(self, client: openai.OpenAI):
        events = [*client.images.generate(model="mock/image", prompt="a boat", stream=True, partial_images=2)]
        assert [event.type for event in events] == ["image_generation.completed"]
        assert min(size_of(base64.b64decode(events[0].b64_json))) > 0

    def test_pictures_are_edited_under_a_mask(self, client: openai.OpenAI):
        mask = picture(color="white")
        reply = client.images.edit(
            model="local/edit", prompt="negative", image=picture(), mask=mask, extra_body={"invert": True}
        )
        (one,) = reply.data or []
        pixel = Image.open(io.BytesIO(base64.b64decode(one.b64_json or ""))).convert("RGB").getpixel((5, 5))
        assert pixel == (255, 127, 127)

    def test_several_pictures_go_into_one(self, client: openai.OpenAI):
        reply = client.images.edit(model="mock/image", prompt="together", image=[picture(), picture(color="red")])
        assert len(reply.data or []) == 1

    def test_files_of_a_form_are_assets_of_the_caller_unless_it_was_refused(
        self, client: openai.OpenAI, gateway: RunningGateway
    ):
        file = picture(color="#010203")
        with pytest.raises(openai.BadRequestError, match="no parameter `n`"):
            client.images.edit(model="local/edit", prompt="x", image=file, n=3)
        client.images.edit(model="mock/image", prompt="x", image=file)
        jobs = Api(gateway.url, ROOT).good("GET", "/jobs?limit=1")["data"]
        assert jobs[0]["request"]["inputs"][0]["source"].startswith("asset_")

    def test_the_same_key_is_the_same_job_also_with_a_file_and_another_request_is_a_conflict(
        self, client: openai.OpenAI
    ):
        def edit(prompt: str) -> Any:
            headers = {"Idempotency-Key": "edit-1"}
            return client.images.with_raw_response.edit(
                model="mock/image", prompt=prompt, image=picture(color="navy"), extra_headers=headers
            )

        assert edit("once").headers["x-genmux-job"] == edit("once").headers["x-genmux-job"]
        with pytest.raises(openai.ConflictError, match="used for another request"):
            edit("something else")

    @pytest.mark.parametrize(
        ("fault", "error", "code"),
        [
            ("filtered", openai.BadRequestError, "content_policy_violation"),
            ("invalid_request", openai.BadRequestError, "invalid_request_error"),
            ("overloaded", openai.InternalServerError, "overloaded"),
            ("server", openai.InternalServerError, "upstream_error"),
        ],
    )
    def test_what_became_of_the_job_is_the_error(
        self, client: openai.OpenAI, fault: str, error: type[openai.APIStatusError], code: str | None
    ):
        with pytest.raises(error, match="job_") as caught:
            client.images.generate(model="mock/image", prompt=f"[mock fault={fault}]")
        assert caught.value.code == code
        assert caught.value.response.headers["x-genmux-job"].startswith("job_")
        assert caught.value.response.headers["x-should-retry"] == "false"

    def test_what_does_not_fit_the_model_is_told_at_once(self, client: openai.OpenAI):
        with pytest.raises(openai.BadRequestError, match=r"`n` is 99; the range is 1 to 10"):
            client.images.generate(model="mock/image", prompt="x", n=99)
        with pytest.raises(openai.BadRequestError, match="text_to_image"):
            client.images.generate(model="mock/echo", prompt="x")

    def test_the_callers_time_ends_the_waiting_and_not_the_job(self, client: openai.OpenAI, gateway: RunningGateway):
        headers = {"x-genmux-timeout": "0.1"}
        with pytest.raises(openai.InternalServerError, match="goes on") as caught:
            client.images.generate(model="mock/image", prompt="[mock latency=0.6]", extra_headers=headers)
        assert caught.value.status_code == 504
        job = caught.value.response.headers["x-genmux-job"]
        assert Api(gateway.url, ROOT).good("GET", f"/jobs/{job}?wait=20")["status"] == "completed"

    def test_a_caller_who_goes_away_leaves_the_job_running(self, gateway: RunningGateway):
        headers = {"authorization": f"Bearer {ROOT}", "idempotency-key": "left-1"}
        body = {"model": "mock/image", "prompt": "[mock latency=0.8]"}
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(f"{gateway.url}/v1/images/generations", json=body, headers=headers, timeout=0.4)
        reply = httpx2.post(f"{gateway.url}/v1/images/generations", json=body, headers=headers, timeout=20)
        assert reply.status_code == 200
        job = Api(gateway.url, ROOT).good("GET", f"/jobs/{reply.headers['x-genmux-job']}")
        assert job["status"] == "completed"
        assert job["attempts"] == 1

    def test_a_spent_budget_refuses(self, gateway: RunningGateway):
        root = Api(gateway.url, ROOT)
        issued = root.good("POST", "/keys", {"name": "poor"})
        scope = {"kind": "key", "id": issued["key"]["id"]}
        root.good("POST", "/budgets", {"scope": scope, "limit": "0.05", "period": "total"})
        with sdk(gateway, issued["text"]) as poor:
            assert poor.images.generate(model="mock/image", prompt="one").data
            with pytest.raises(openai.APIStatusError, match="budget") as caught:
                poor.images.generate(model="mock/image", prompt="two")
        assert caught.value.status_code == 402
        assert caught.value.code == "budget_exceeded"

    def test_the_most_that_a_picture_may_cost_can_be_said(self, client: openai.OpenAI):
        with pytest.raises(openai.APIStatusError, match="may cost") as caught:
            client.images.generate(model="mock/image", prompt="x", extra_headers={"x-genmux-budget-limit": "0.01"})
        assert caught.value.status_code == 402

    @pytest.mark.parametrize(
        ("headers", "body", "message"),
        [
            ("multipart/form-data", b"", "no `boundary`"),
            ("multipart/form-data; boundary=x", b"nonsense", "cannot be read"),
            ("multipart/form-data; boundary=x", b"--x--\r\n", "`prompt` is missing"),
            ("application/json", b"[", "not a JSON object"),
        ],
    )
    def test_what_is_no_form_is_refused(self, gateway: RunningGateway, headers: str, body: bytes, message: str):
        told = {"authorization": f"Bearer {ROOT}", "content-type": headers}
        reply = httpx2.post(f"{gateway.url}/v1/images/edits", content=body, headers=told)
        assert reply.status_code == 400
        assert message in reply.json()["error"]["message"]


@pytest.fixture(scope="module")
def made(client: openai.OpenAI) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask: Any = {"seconds": "4", "size": "64x64", "input_reference": picture()}
        return client.videos.create_and_poll(model="mock/video", prompt="a fish", **ask)


class TestVideos:
    def test_a_video_is_a_job(self, made: Any, gateway: RunningGateway):
        assert (made.status, made.progress, made.seconds, made.size) == ("completed", 100, "4", "64x64")
        job = Api(gateway.url, ROOT).good("GET", f"/jobs/{made.id}")
        assert job["request"]["operation"] == "image_to_video"

    def test_its_file_and_its_thumbnail_can_be_downloaded(self, client: openai.OpenAI, made: Any):
        video = client.videos.download_content(made.id)
        assert video.response.headers["content-type"] == "video/mp4"
        assert video.read()[4:8] == b"ftyp"
        thumbnail = client.videos.download_content(made.id, variant="thumbnail").read()
        assert min(size_of(thumbnail)) > 0
        with pytest.raises(openai.NotFoundError, match="no spritesheet"):
            client.videos.download_content(made.id, variant="spritesheet")

    def test_a_part_of_its_file_can_be_downloaded(self, gateway: RunningGateway, made: Any):
        headers = {"authorization": f"Bearer {ROOT}", "range": "bytes=4-7"}
        reply = httpx2.get(f"{gateway.url}/v1/videos/{made.id}/content", headers=headers)
        assert (reply.status_code, reply.content) == (206, b"ftyp")

    def test_another_video_can_be_made_of_it(self, client: openai.OpenAI, made: Any):
        remixed = client.videos.remix(made.id, prompt="slower")
        assert remixed.remixed_from_video_id == made.id
        assert client.videos.poll(remixed.id).status == "completed"

    def test_others_do_not_see_it(self, gateway: RunningGateway, key_of_another: str, made: Any):
        with sdk(gateway, key_of_another) as other:
            assert [*other.videos.list()] == []
            for ask in (other.videos.retrieve, other.videos.download_content, other.videos.delete):
                with pytest.raises(openai.NotFoundError) as caught:
                    ask(made.id)
                assert caught.value.code == "not_found"

    def test_the_list_has_pages_in_both_orders_and_no_pictures(self, gateway: RunningGateway):
        root = Api(gateway.url, ROOT)
        with sdk(gateway, key_in(root, "lister")) as lister:
            lister.images.generate(model="mock/image", prompt="no video")
            made = [lister.videos.create_and_poll(model="mock/video", prompt=str(n)).id for n in range(5)]
            assert [one.id for one in lister.videos.list(limit=2)] == made[::-1]
            assert [one.id for one in lister.videos.list(limit=2, order="asc")] == made
            lister.videos.delete(made[1])
            page = lister.videos.list(limit=2, order="asc")
            assert [one.id for one in page.data] == [made[0], made[2]]
            assert page.has_more

    def test_a_deleted_one_is_gone_with_its_files_and_its_record_stays(
        self, client: openai.OpenAI, gateway: RunningGateway
    ):
        made = client.videos.create_and_poll(model="mock/video", prompt="soon gone")
        assert client.videos.delete(made.id).deleted
        for ask in (client.videos.retrieve, client.videos.download_content, client.videos.delete):
            with pytest.raises(openai.NotFoundError):
                ask(made.id)
        job = Api(gateway.url, ROOT).good("GET", f"/jobs/{made.id}")
        assert (job["status"], job.get("assets", []), job["hidden"]) == ("completed", [], True)

    def test_one_that_is_being_made_is_cancelled_when_it_is_deleted(
        self, client: openai.OpenAI, gateway: RunningGateway
    ):
        made = client.videos.create(model="mock/video", prompt="[mock fault=stuck]")
        assert client.videos.delete(made.id).deleted
        assert Api(gateway.url, ROOT).good("GET", f"/jobs/{made.id}")["status"] == "cancelled"

    def test_one_that_failed_says_why(self, client: openai.OpenAI):
        made = client.videos.create_and_poll(model="mock/video", prompt="[mock fault=filtered]")
        assert made.status == "failed"
        assert made.error is not None
        assert made.error.code == "moderation_blocked"
        with pytest.raises(openai.NotFoundError, match="nothing to download"):
            client.videos.download_content(made.id)
        with pytest.raises(openai.BadRequestError, match="only a completed one"):
            client.videos.remix(made.id, prompt="again")


def test_without_a_store_that_is_said():
    with running(Settings(store=StoreSettings(url="none"))) as serving, sdk(serving, "none") as client:
        for ask in (
            lambda: client.images.generate(model="mock/image", prompt="x"),
            lambda: client.images.edit(model="mock/image", prompt="x", image=picture()),
            lambda: client.videos.create(model="mock/video", prompt="x"),
            client.videos.list,
        ):
            with pytest.raises(openai.InternalServerError, match="there is no store") as caught:
                ask()
            assert caught.value.code == "configuration"


def test_the_paths_of_an_id_are_served_with_their_methods_only(gateway: RunningGateway):
    headers = {"authorization": f"Bearer {ROOT}"}
    reply = httpx2.post(f"{gateway.url}/v1/videos/job_1", headers=headers)
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD, DELETE, OPTIONS")
    assert httpx2.get(f"{gateway.url}/v1/videos/job_1/more", headers=headers).status_code == 404
    assert httpx2.get(f"{gateway.url}/v1/videos/job_1").status_code == 401
    assert msgspec.json.decode(httpx2.get(f"{gateway.url}/assets/asset_1").content)["kind"] == "not_found"
