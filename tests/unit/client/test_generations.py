"""Generations from the library: their estimates, and their prices as tables."""

from decimal import Decimal
from typing import Any

import pytest

import genmux
from genmux import Client
from genmux.services.estimates import evaluate
from genmux.types.errors import ConfigurationError, InvalidRequestError, NotFoundError
from genmux.types.generation import Input

VEO = "google/veo-3.1-generate-001"


def test_a_generation_is_estimated_and_a_form_comes_to_the_same() -> None:
    with Client() as client:
        made = client.estimate_generation("text_to_video", model=VEO, prompt="A cat", duration=8, resolution="1080p")
        form = client.price_expression("text_to_video", model=VEO)

    assert made.high
    assert made.low == made.high
    assert evaluate(form, {"duration": 8, "resolution": "1080p"}).high == made.high


def test_inputs_may_be_plain_dicts() -> None:
    with Client() as client:
        for sound in (Input(kind="audio", seconds=60), {"kind": "audio", "seconds": 60}):
            made = client.estimate_generation("transcribe", model="openai/whisper-1", inputs=[sound], language=None)
            assert made.high == Decimal("0.006")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"inputs": "cat.png"}, "`inputs` is 'cat.png'; it must be a list"),
        ({"inputs": [{"kind": "audio", "length": 3}]}, r"inputs\[0\] has no field `length`"),
        ({"inputs": [{"kind": "audio", "seconds": "x"}]}, r"inputs\[0\] is wrong: Expected"),
        ({"inputs": [5]}, r"inputs\[0\] is wrong"),
        ({"prompt": 5}, "`prompt` is 5; it must be a text"),
        ({"duration": -1}, "`duration` is -1; the range is 0 to 86400"),
    ],
)
def test_what_is_wrong_is_refused_by_name(said: dict[str, Any], words: str) -> None:
    with Client() as client, pytest.raises(InvalidRequestError, match=words):
        client.estimate_generation("text_to_video", model=VEO, **said)


async def test_a_bound_provider_names_its_own_models() -> None:
    async with genmux.get_provider("openai", api_key="x") as openai:
        assert openai.estimate_generation("transcribe", model="whisper-1", duration=60).high == Decimal("0.006")
        with pytest.raises(NotFoundError, match="no-such-thing"):
            Client().estimate_generation("transcribe", model="no-such-thing")
    with pytest.raises(ConfigurationError, match="closed"):
        openai.estimate_generation("transcribe", model="whisper-1", duration=60)
