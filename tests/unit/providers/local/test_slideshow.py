"""Slideshows are decoded again, by FFmpeg, to see what is in them."""

import math
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from genmux.contract.inputs import MediaInput
from genmux.contract.local import Progress
from genmux.providers.local.slideshow import video_size
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.jobs import Completed
from tests.unit.providers.local.media import BLUE, RED, given, load, picture, ran, request, spec_of

SMALL = {"size": "160x90", "fps": 10}


class Seen:
    """A video file as a player sees it."""

    def __init__(self, ended: Completed) -> None:
        self.path = Path(ended.outputs[0].file or "")
        with av.open(str(self.path)) as container:
            self.format = container.format.name
            video = container.streams.video[0]
            self.codec, self.fps = video.codec_context.name, float(video.average_rate or 0)
            self.pixels = video.codec_context.pix_fmt
            self.frames = [frame.to_image() for frame in container.decode(video)]
            self.size = self.frames[0].size
        self.codec_of_sound: str | None = None
        self.sound = np.zeros(0)
        with av.open(str(self.path)) as container:
            if container.streams.audio:
                audio = container.streams.audio[0]
                self.codec_of_sound = audio.codec_context.name
                resampler = av.AudioResampler(format="flt", layout="mono", rate=8_000)
                parts = [
                    part.to_ndarray()[0]
                    for frame in [*container.decode(audio), None]
                    for part in resampler.resample(frame)
                ]
                self.sound = np.concatenate(parts)

    @property
    def seconds_of_sound(self) -> float:
        return len(self.sound) / 8_000

    def loudness(self, begin: float, end: float) -> float:
        return float(np.sqrt(np.mean(self.sound[round(begin * 8_000) : round(end * 8_000)] ** 2)))


def shown(folder: Path, *inputs: MediaInput, prompt: str = "", **params: Any) -> tuple[list[float], Completed, Seen]:
    operation = "image_to_video" if any(one.role == "image" for one in inputs) else "text_to_video"
    steps, ended = ran(load("slideshow"), request(folder, operation, *inputs, prompt=prompt, **{**SMALL, **params}))
    return steps, ended, Seen(ended)


def narration(folder: Path, seconds: float, *, name: str = "n.wav") -> MediaInput:
    """A tone."""
    path = folder / name
    samples = (round(12_000 * math.sin(2 * math.pi * 440 * place / 16_000)) for place in range(round(16_000 * seconds)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return given(path, role="audio", media_type="audio/wav")


def plain(folder: Path, color: tuple[int, int, int], name: str, **kind: Any) -> MediaInput:
    return picture(folder, image=Image.new("RGB", (160, 90), color), name=name, **kind)


def near(image: Image.Image, color: tuple[int, int, int]) -> bool:
    """Whether the middle has nearly this color; video codecs do not keep it exactly."""
    pixel: Any = image.getpixel((image.width // 2, image.height // 3))
    return all(abs(one - other) < 40 for one, other in zip(pixel, color, strict=True))


def test_the_sentences_of_a_prompt_become_a_video_of_cards(tmp_path: Path) -> None:
    steps, ended, seen = shown(tmp_path, prompt="A fox wakes. It walks through the snow! And then?")
    assert (seen.codec, seen.pixels, seen.size, seen.fps) == ("h264", "yuv420p", (160, 90), 10)
    assert len(seen.frames) == 90
    assert seen.codec_of_sound is None
    assert "mp4" in seen.format
    (output,) = ended.outputs
    assert (output.media_type, output.name) == ("video/mp4", "slideshow.mp4")
    assert output.metadata == {"renderer": "slideshow", "slides": 3, "seed": 0}
    assert ended.usage.meters == {"videos.output": 1, "seconds.output.video": 9.0}
    assert steps == sorted(steps)
    assert (steps[0], steps[-1], len(steps)) == (0.0, 1.0, 1 + 3 + 90)


def test_pictures_are_shown_in_their_order_and_fade_into_each_other(tmp_path: Path) -> None:
    _, _, seen = shown(
        tmp_path,
        plain(tmp_path, (255, 255, 255), "c.png", role="last_image"),
        plain(tmp_path, BLUE, "b.png", role="reference"),
        plain(tmp_path, RED, "a.png"),
        duration=6,
    )
    assert len(seen.frames) == 60
    assert [near(seen.frames[place], color) for place, color in ((2, RED), (30, BLUE), (57, (255,) * 3))] == [True] * 3
    assert near(seen.frames[20], (127, 0, 127))


def test_a_cut_is_no_fade(tmp_path: Path) -> None:
    pictures = plain(tmp_path, RED, "a.png"), plain(tmp_path, BLUE, "b.png", role="reference")
    _, _, seen = shown(tmp_path, *pictures, duration=2, transition="cut")
    assert near(seen.frames[9], RED)
    assert near(seen.frames[10], BLUE)


def test_the_camera_moves(tmp_path: Path) -> None:
    _, _, seen = shown(tmp_path, picture(tmp_path, (160, 90)), duration=3)
    assert np.abs(np.asarray(seen.frames[0], int) - np.asarray(seen.frames[-1], int)).mean() > 3


def test_captions_are_written_over_pictures_unless_they_are_switched_off(tmp_path: Path) -> None:
    def below(prompt: str, **params: Any) -> float:
        _, _, seen = shown(tmp_path, plain(tmp_path, (0, 90, 0), "a.png"), prompt=prompt, duration=1, **params)
        return float(np.asarray(seen.frames[5].crop((0, 60, 160, 90)), int).max())

    assert below("Hello there.") > 150
    assert below("Hello there.", captions=False) < 130
    assert below("") < 130


class TestNarration:
    def test_a_video_lasts_as_long_as_its_narration(self, tmp_path: Path) -> None:
        _, ended, seen = shown(tmp_path, narration(tmp_path, 2.6), prompt="One. Two.")
        assert seen.codec_of_sound == "aac"
        assert len(seen.frames) == 30
        assert seen.seconds_of_sound == pytest.approx(3.0, abs=0.1)
        assert seen.loudness(0.2, 2.4) > 0.1
        assert seen.loudness(2.8, 3.0) < 0.02
        assert ended.text is None

    def test_a_longer_video_ends_in_silence(self, tmp_path: Path) -> None:
        _, ended, seen = shown(tmp_path, narration(tmp_path, 1.0), prompt="One.", duration=3)
        assert len(seen.frames) == 30
        assert seen.seconds_of_sound == pytest.approx(3.0, abs=0.1)
        assert seen.loudness(1.3, 2.9) < 0.01
        assert ended.text is None

    def test_a_longer_narration_fades_out_and_that_is_told(self, tmp_path: Path) -> None:
        _, ended, seen = shown(tmp_path, narration(tmp_path, 4.0), prompt="One.", duration=2)
        assert len(seen.frames) == 20
        assert seen.seconds_of_sound == pytest.approx(2.0, abs=0.1)
        assert seen.loudness(0.2, 1.6) > 0.1
        assert seen.loudness(1.9, 2.0) < seen.loudness(1.0, 1.1) / 2
        assert ended.text == "the narration is 4.0 s long and was cut off at 2.0 s, the `duration`"

    def test_the_sound_of_a_video_can_be_one(self, tmp_path: Path) -> None:
        _, first, _ = shown(tmp_path, narration(tmp_path, 1.5), prompt="One.")
        other = tmp_path / "other"
        other.mkdir()
        sound = given(Path(first.outputs[0].file or ""), role="audio", media_type="video/mp4")
        _, _, seen = shown(other, sound, prompt="One.")
        assert seen.loudness(0.2, 1.2) > 0.1

    def test_webm_has_vp9_and_opus(self, tmp_path: Path) -> None:
        _, ended, seen = shown(tmp_path, narration(tmp_path, 1.0), prompt="One.", format="webm", quality="low")
        assert (seen.codec, seen.codec_of_sound) == ("vp9", "opus")
        assert len(seen.frames) == 14
        assert ended.outputs[0].media_type == "video/webm"
        assert seen.seconds_of_sound == pytest.approx(1.4, abs=0.1)

    def test_what_has_no_sound_is_refused(self, tmp_path: Path) -> None:
        _, silent, _ = shown(tmp_path, prompt="One.", duration=1)
        path = Path(silent.outputs[0].file or "")
        with pytest.raises(InvalidRequestError, match="`audio` is a file without sound"):
            shown(tmp_path, given(path, role="audio", media_type="video/mp4"), prompt="x")

    @pytest.mark.parametrize("content", [b"", b"RIFF", b"nothing to hear" * 100])
    def test_what_is_no_sound_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "n.wav"
        path.write_bytes(content)
        with pytest.raises(InvalidRequestError, match="`audio` is"):
            shown(tmp_path, given(path, role="audio"), prompt="x")

    def test_a_play_list_opens_no_other_file(self, tmp_path: Path) -> None:
        narration(tmp_path, 1.0, name="secret.wav")
        path = tmp_path / "n.ffconcat"
        path.write_text("ffconcat version 1.0\nfile secret.wav\n")
        with pytest.raises(InvalidRequestError, match="`audio` is"):
            shown(tmp_path, given(path, role="audio"), prompt="x")


def test_the_same_request_gives_the_same_pictures(tmp_path: Path) -> None:
    def last(seed: int) -> bytes:
        _, _, seen = shown(tmp_path, picture(tmp_path, (160, 90)), duration=1, seed=seed)
        return seen.frames[-1].tobytes()

    assert last(3) == last(3)
    assert last(3) != last(4)


class TestStopping:
    @pytest.fixture
    def under_way(self, tmp_path: Path) -> Iterator[Any]:
        outputs = load("slideshow").run(request(tmp_path, "text_to_video", prompt="One. Two.", duration=60, **SMALL))
        while next(outputs).part < 0.1:
            pass
        yield outputs
        outputs.close()

    def test_what_is_closed_early_leaves_no_file(self, under_way: Any, tmp_path: Path) -> None:
        assert (tmp_path / "slideshow.mp4").exists()
        under_way.close()
        assert not (tmp_path / "slideshow.mp4").exists()

    def test_it_can_be_stopped_after_each_picture(self, under_way: Any) -> None:
        parts = [next(under_way).part for _ in range(10)]
        assert parts == sorted(set(parts))


@pytest.mark.parametrize(
    ("params", "own", "size"),
    [
        ({}, None, (1280, 720)),
        ({"resolution": "360p"}, None, (640, 360)),
        ({"resolution": "1080p", "aspect_ratio": "9:16"}, None, (1080, 1920)),
        ({"aspect_ratio": "1:1"}, 2.0, (720, 720)),
        ({"aspect_ratio": "auto"}, 0.75, (720, 960)),
        ({}, 1.5, (1080, 720)),
        ({}, 100.0, (1680, 720)),
        ({"resolution": "1080p", "aspect_ratio": "21:9"}, None, (1920, 1080)),
        ({"size": "640x480", "resolution": "1080p"}, None, (640, 480)),
        ({"size": "auto"}, None, (1280, 720)),
    ],
)
def test_the_size_follows_from_what_is_said(params: dict[str, Any], own: float | None, size: tuple[int, int]) -> None:
    assert video_size(params, own) == size


@pytest.mark.parametrize(
    ("inputs", "params", "words"),
    [
        (0, {}, "there is nothing to show: give a prompt, or pictures"),
        (25, {}, "there are 25 pictures; a slideshow has 1 to 24 slides"),
        (1, {"size": "161x90"}, "both sides of a video must be even numbers"),
        (1, {"size": "100x50"}, "each side must be 64 to 1920"),
    ],
)
def test_what_cannot_be_shown_is_told(tmp_path: Path, inputs: int, params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        shown(tmp_path, *[picture(tmp_path)] * inputs, **params)
    assert not [*tmp_path.glob("slideshow*")]


def test_a_broken_picture_is_told_before_anything_is_rendered(tmp_path: Path) -> None:
    broken = tmp_path / "b.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    model = load("slideshow")
    outputs = model.run(request(tmp_path, "image_to_video", picture(tmp_path), given(broken), **SMALL))
    assert next(outputs) == Progress(0.0)
    with pytest.raises(InvalidRequestError, match="`image` is"):
        list(outputs)
    assert not [*tmp_path.glob("slideshow*")]


def test_the_manifest_says_that_it_is_a_renderer() -> None:
    spec = spec_of("slideshow")
    assert spec.simulated
    assert "not generative video" in (spec.description or "")


@pytest.mark.parametrize("package", ["av", "PIL.Image"])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ConfigurationError, match=rf"{package}.*pip install 'genmux\[local\]'"):
        load("slideshow")
