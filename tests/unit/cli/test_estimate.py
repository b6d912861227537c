"""`genmux estimate`: of chats, and of anything else with `--operation`."""

import json

import pytest

from tests.unit.cli.conftest import Run

VEO = "google/veo-3.1-generate-001"


def test_a_video_is_estimated_by_its_length_and_resolution(run: Run) -> None:
    ended = run("estimate", "-o", "video", "-m", VEO, "--duration", "8", "--resolution", "4k", "A cat", "--json")
    short = run("estimate", "-o", "text_to_video", "-m", VEO, "--duration", "4", "-p", "resolution=4k", "--json")

    made, half = json.loads(ended.out), json.loads(short.out)
    assert made["lines"][0]["meter"] == "seconds.output.video"
    assert made["lines"][0]["quantity"] == 8
    assert float(made["high"]) == 2 * float(half["high"]) > 0


def test_people_see_the_span_the_lines_and_what_was_assumed(run: Run) -> None:
    told = run("estimate", "-o", "image", "-m", "openai/gpt-image-1.5", "--quality", "high", "A cat").out

    assert "confidence" in told.splitlines()[0]
    assert "tokens.output.image" in told
    assert "assumed: " in told


def test_what_goes_in_is_said_with_its_kind_and_extent(run: Run) -> None:
    ended = run("estimate", "-o", "transcribe", "-m", "openai/whisper-1", "--input", "audio:seconds=90", "--json")

    assert json.loads(ended.out)["lines"][0] == {"meter": "seconds.input.audio", "quantity": 90, "amount": "0.009"}


def test_what_is_missing_is_told(run: Run) -> None:
    ended = run("estimate", "-o", "video", "-m", VEO)

    assert "unknown: how many seconds it will be: give `duration`" in ended.err


@pytest.mark.parametrize(
    ("images", "operation"), [((), "text_to_image"), (("--image", "https://x.example/a.png"), "image_to_image")]
)
def test_a_short_name_means_what_goes_in(run: Run, images: tuple[str, ...], operation: str) -> None:
    ended = run("estimate", "-o", "image", "-m", "openai/gpt-image-1.5", *images, "--expression")

    assert json.loads(ended.out)["operation"] == operation


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "smell"), "there is no operation 'smell'"),
        (("-o", "video", "-m", VEO, "--duration", "-3"), "`duration` is -3; the range is 0 to 86400"),
        (("-o", "video", "-m", VEO, "-p", "speed"), "--param 'speed' is no name=value"),
        (("-o", "video", "-m", VEO, "-p", "speed=3"), "there is no parameter 'speed'"),
        (("-o", "transcribe", "-m", "openai/whisper-1", "--input", "audio:length=3"), "there is no `length`"),
        (("-o", "transcribe", "-m", "openai/whisper-1", "--input", "smell"), "Invalid enum value 'smell'"),
        (("-m", "mock/echo", "hi", "--duration", "5"), "a chat has no `duration`"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    ended = run("estimate", *arguments)

    assert ended.code == 2
    assert said in " ".join(ended.err.split())


def test_a_chat_may_have_inputs_too(run: Run) -> None:
    heard = run("estimate", "-m", "mock/priced", "hi", "--max-tokens", "5", "--input", "audio:seconds=3", "--json")
    plain = run("estimate", "-m", "mock/priced", "hi", "--max-tokens", "5", "--json")

    assert float(json.loads(heard.out)["high"]) > float(json.loads(plain.out)["high"]) > 0
