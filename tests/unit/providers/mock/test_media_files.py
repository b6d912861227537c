"""What the simulator makes is read by programs that know nothing of it: Pillow and FFmpeg."""

import io
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.operations import Operation
from genmux.providers.mock.media_files import LONGEST, files_of, size_of
from genmux.providers.mock.picture import png
from genmux.providers.mock.sound import wav
from genmux.providers.mock.video import mp4
from genmux.types.errors import InvalidRequestError

SIDES = st.integers(1, 300)
HALVES = st.integers(1, 150)


def wanted(operation: Operation, **params: Any) -> MediaRequest:
    return MediaRequest(operation=operation, params=params)


@given(width=SIDES, height=SIDES, key=st.text())
@settings(max_examples=50, deadline=None)
def test_a_picture_is_a_png_of_its_size(width: int, height: int, key: str) -> None:
    with Image.open(io.BytesIO(png(width, height, key)), formats=["PNG"]) as image:
        image.load()
        assert (image.size, image.mode) == ((width, height), "RGB")


@given(width=HALVES, height=HALVES, fps=st.integers(1, 60), count=st.integers(1, 40), key=st.integers())
@settings(max_examples=50, deadline=None)
def test_a_video_is_an_mp4_with_all_its_frames_of_its_size(
    width: int, height: int, fps: int, count: int, key: int
) -> None:
    size = (2 * width, 2 * height)
    with av.open(io.BytesIO(mp4(count / fps, fps, size, key)), format="mp4") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.average_rate, stream.frames) == ("h264", fps, count)
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(stream)]
    assert {frame.shape for frame in frames} == {(size[1], size[0])}
    assert len(frames) == count
    assert all((frame == frames[0]).all() for frame in frames)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (2048, 2048)])
def test_large_videos_name_a_level_that_has_room_for_them(size: tuple[int, int]) -> None:
    with av.open(io.BytesIO(mp4(0.2, 10, size, "x")), format="mp4") as container:
        frames = [(frame.width, frame.height) for frame in container.decode(video=0)]
    assert frames == [size, size]


@given(seconds=st.floats(0.1, 5), key=st.text())
@settings(max_examples=20, deadline=None)
def test_a_sound_is_a_wav_of_its_length(seconds: float, key: str) -> None:
    with av.open(io.BytesIO(wav(seconds, key)), format="wav") as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples == round(seconds * 16_000)


@given(
    operation=st.sampled_from(["text_to_image", "text_to_video", "text_to_music"]), text=st.text(), seed=st.integers()
)
@settings(max_examples=30, deadline=None)
def test_the_same_request_makes_the_same_files_and_another_one_others(
    operation: Operation, text: str, seed: int
) -> None:
    request = wanted(operation, n=2)
    files = [file.data for file in files_of(request, text=text, seed=seed)]
    assert files == [file.data for file in files_of(request, text=text, seed=seed)]
    assert operation == "text_to_music" or len(set(files)) == 2


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (64, 64)),
        ({"aspect_ratio": "16:9"}, (114, 64)),
        ({"aspect_ratio": "9:16"}, (64, 114)),
        ({"size": "100x51"}, (100, 52)),
        ({"size": "auto"}, (64, 64)),
    ],
)
def test_the_size_is_the_one_that_is_asked_for(params: dict[str, Any], size: tuple[int, int]) -> None:
    assert size_of(wanted("text_to_image", **params)) == size


def test_what_is_enlarged_is_larger_than_it_was() -> None:
    given = MediaInput(kind="image", role="image", width=20, height=30)
    request = MediaRequest(operation="upscale", params={"scale": 4}, inputs=(given,))
    assert size_of(request) == (80, 120)


@pytest.mark.parametrize("size", ["0x10", f"10x{LONGEST + 1}", "999999x999999"])
def test_a_size_without_reason_is_refused(size: str) -> None:
    with pytest.raises(InvalidRequestError, match="`size` would be"):
        size_of(wanted("text_to_image", size=size))


def test_speech_lasts_as_long_as_its_text() -> None:
    (short,) = files_of(wanted("text_to_speech"), text="a" * 15, seed=0)
    (long,) = files_of(wanted("text_to_speech"), text="a" * 150, seed=0)
    assert short.meters == {"seconds.output.audio": 1.0, "characters.input": 15}
    assert long.meters == {"seconds.output.audio": 10.0, "characters.input": 150}
