"""What is wrong with a request is told with its name and range; what is right is counted."""

import math
from typing import Any

import pytest

from genmux.contract.params import Param
from genmux.services.estimates import generation_of
from genmux.services.estimates.measures import measured
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input
from tests.unit.services.shop import model


def counted(
    operation: str = "text_to_video", prompt: str = "", inputs: tuple[Input, ...] = (), **params: Any
) -> dict[str, Any]:
    request = GenerationRequest(operation=operation, model="m", prompt=prompt, inputs=inputs, params=params)
    return measured(request, model(params={"mood": Param(type="string", choices=("dark", "bright"))}))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"duration": -1}, "`duration` is -1; the range is 0 to 86400"),
        ({"duration": math.nan}, "`duration` is nan; the range is 0 to 86400"),
        ({"duration": math.inf}, "`duration` is inf; the range is"),
        ({"seconds": 1e300}, "`seconds` is 1e+300; the range is"),
        ({"duration": "long"}, "`duration` is 'long'; it must be of type number"),
        ({"duration": True}, "`duration` is True; it must be of type number"),
        ({"n": 0}, "`n` is 0; the range is 1 to 1000"),
        ({"n": 1.5}, "`n` is 1.5; it must be of type integer"),
        ({"n": 10**30}, "the range is 1 to 1000"),
        ({"size": 5}, "`size` is 5; it must be of type string"),
        ({"audio": "yes"}, "`audio` is 'yes'; it must be of type boolean"),
        ({"mood": "gloomy"}, "`mood` is 'gloomy'; it must be one of 'dark', 'bright'"),
        ({"durration": 3}, "there is no parameter 'durration'; did you mean duration"),
        ({"qqqq": 3}, "there is no parameter 'qqqq'; there are"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(params: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        counted(**params)

    assert said in caught.value.message
    assert caught.value.param in params


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Input(kind="audio", seconds=-3), "`inputs[0].seconds` is -3; the range is 0 to 86400"),
        (Input(kind="audio", seconds=math.nan), "`inputs[0].seconds` is nan"),
        (Input(kind="document", pages=-1), "`inputs[0].pages` is -1"),
        (Input(kind="image", width=0, height=5), "`inputs[0].width` is 0; the range is 1 to 65536"),
        (Input(kind="smell"), "there is no inputs[0].kind 'smell'; there are audio"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_input_is_refused_by_its_place(one: Input, said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        counted(inputs=(one,))

    assert said in caught.value.message


def test_an_operation_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="there is no operation 'text_to_vidoe'; did you mean text_to_video"):
        counted("text_to_vidoe")


def test_a_model_s_own_range_comes_before_the_general_one() -> None:
    request = GenerationRequest(operation="text_to_video", model="m", params={"seconds": 11})
    short = model(params={"duration": Param(type="integer", max=10)})

    with pytest.raises(InvalidRequestError, match="`seconds` is 11; the range is no lower limit to 10"):
        measured(request, short)


def test_texts_and_inputs_are_counted_and_what_is_not_known_is_none() -> None:
    found = counted(
        prompt="hé",
        inputs=(
            Input(kind="text", source="abc"),
            Input(kind="text", characters=10),
            Input(kind="image", width=10, height=20),
            Input(kind="image", width=1, height=1),
            Input(kind="audio", seconds=1.5),
            Input(kind="audio", seconds=2),
            Input(kind="video"),
            Input(kind="document", pages=3),
        ),
        num_images=2,
        quality=None,
    )

    assert found == {
        "prompt_bytes": 3,
        "characters": 2 + 3 + 10,
        "text_bytes": (3 + 16) + (3 + 16) + (40 + 16),
        "documents": 3,
        "pages": 3,
        "input_images": 2,
        "input_pixels": 201,
        "audio_seconds": 3.5,
        "video_seconds": None,
        "n": 2,
    }
    assert counted(inputs=(Input(kind="text", bytes=7),))["characters"] == 7
    assert counted(inputs=(Input(kind="text"),))["text_bytes"] is None
    assert counted(inputs=(Input(kind="image"),))["input_pixels"] is None


@pytest.mark.parametrize(
    ("document", "said", "param"),
    [
        ({"operation": "text_to_image", "model": "m", "colour": 1}, "there is no field 'colour'", "colour"),
        ({"operation": "text_to_image", "model": 5}, "Expected `str`, got `int`", "model"),
        ({"operation": "text_to_image", "model": "m", "inputs": [{"kind": "x"}]}, "Invalid enum value 'x'", "inputs"),
        ({"operation": "text_to_image", "model": "m", "inputs": [{"seconds": "a"}]}, "Expected", "inputs"),
        ({"operation": "text_to_image"}, "missing required field `model`", None),
    ],
)
def test_a_document_that_is_no_generation_is_refused(document: dict[str, Any], said: str, param: str | None) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        generation_of(document)

    assert said in caught.value.message
    assert caught.value.param == param


def test_a_document_becomes_a_request() -> None:
    request = generation_of(
        {
            "operation": "transcribe",
            "model": "m",
            "inputs": [{"kind": "audio", "seconds": 3}],
            "params": {"language": "en"},
        }
    )

    assert request.inputs == (Input(kind="audio", seconds=3),)
    assert request.params == {"language": "en"}
