"""The media engines where they live: in child processes of a host."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from genmux.contract.inputs import MediaRequest
from genmux.engine.child import LocalHost
from genmux.engine.permit import Permit
from genmux.providers.local import provider
from genmux.types.errors import ConfigurationError, InvalidRequestError, ServerError
from genmux.types.jobs import Completed
from tests.unit.engine.callers import until
from tests.unit.providers.local.media import MEDIA, model_of, picture, request


@pytest.fixture
async def host() -> AsyncIterator[LocalHost]:
    one = LocalHost()
    yield one
    await one.aclose()


def run(host: LocalHost, name: str, wanted: MediaRequest, **options: str) -> Any:
    model = model_of(name)
    engine = provider.wires[model.spec.operations[wanted.operation]]
    return host.run(provider, engine, model, wanted, options=options, permit=Permit())


async def ended(host: LocalHost, name: str, wanted: MediaRequest, **options: str) -> Completed:
    *_, last = [output async for output in run(host, name, wanted, **options)]
    assert isinstance(last, Completed)
    return last


def slideshow(folder: Path, seconds: float) -> MediaRequest:
    return request(folder, "text_to_video", prompt="A fox. An owl.", duration=seconds, resolution="360p")


async def test_a_picture_goes_from_card_to_edit(host: LocalHost, tmp_path: Path) -> None:
    card = await ended(host, "card", request(tmp_path, "text_to_image", prompt="a fox", size="64x64"))
    with Image.open(card.outputs[0].file or "") as image:
        assert image.size == (64, 64)
        given = picture(tmp_path, image=image.copy())
    edited = await ended(host, "edit", request(tmp_path, "image_to_image", given, rotate=90, format="webp"))
    assert edited.outputs[0].media_type == "image/webp"
    assert len(host.pids()) == 2


async def test_a_bad_request_keeps_the_process(host: LocalHost, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="`size` is 'x'"):
        await ended(host, "card", request(tmp_path, "text_to_image", size="x"))
    pids = host.pids()
    await ended(host, "card", request(tmp_path, "text_to_image", size="64x64"))
    assert host.pids() == pids


async def test_a_render_that_is_no_longer_wanted_stops_and_leaves_no_file(host: LocalHost, tmp_path: Path) -> None:
    async with aclosing(run(host, "slideshow", slideshow(tmp_path, 120))) as outputs:
        async for output in outputs:
            if output.part > 0.06:
                break
    assert (tmp_path / "slideshow.mp4").exists()
    pids = host.pids()
    await until(lambda: not (tmp_path / "slideshow.mp4").exists())
    await ended(host, "slideshow", slideshow(tmp_path, 1))
    assert host.pids() == pids


async def test_a_render_whose_process_is_killed_says_so_and_the_next_one_starts_anew(
    host: LocalHost, tmp_path: Path
) -> None:
    async with aclosing(run(host, "slideshow", slideshow(tmp_path, 120))) as outputs:
        async for output in outputs:
            if output.part > 0.06:
                break
        os.kill(host.pids()[0], signal.SIGKILL)
        with pytest.raises(ServerError, match="local/slideshow died: its process was killed by SIGKILL"):
            [output async for output in outputs]
    assert (await ended(host, "slideshow", slideshow(tmp_path, 1))).outputs


async def test_missing_weights_are_told_and_leave_no_process(host: LocalHost, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run `genmux local install upscale`"):
        await ended(host, "upscale", request(tmp_path, "upscale", picture(tmp_path)), data_dir=str(tmp_path))
    assert host.pids() == ()


def test_all_of_them_cost_nothing_and_say_how_long_they_take() -> None:
    for name in MEDIA:
        spec = model_of(name).spec
        assert [price.amount for price in spec.prices] == [0]
        assert (spec.typical_seconds or 0) > 0
        assert all(param.label and param.group for param in spec.params.values())


def test_only_what_stands_in_for_a_model_is_marked_as_simulated() -> None:
    assert [name for name in MEDIA if model_of(name).spec.simulated] == ["card", "slideshow"]


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = ["PIL", "av", "ncnn", "numpy", "onnxruntime", "tokenizers", "xllamacpp"]
    program = f"import sys; from genmux.providers import local; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
