"""Whether a generation fits its model."""

import pytest

from genmux.contract.constraints import Constraint
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.params import InputParam, Param
from genmux.services.checks import checked
from genmux.types.errors import ValidationError
from genmux.types.generation import GenerationRequest, Input

SPEC = ModelSpec(
    operations={"text_to_video": "wire", "image_to_video": "wire"},
    params={
        "prompt": Param(type="string", max=100, required=True),
        "duration": Param(type="integer", choices=(5, 10), default=5),
        "resolution": Param(type="string", choices=("720p", "1080p"), default="720p"),
        "loop": Param(type="boolean", operations=("text_to_video",)),
    },
    inputs={
        "image": InputParam(kind="image", required=True, operations=("image_to_video",)),
        "last_image": InputParam(kind="image", operations=("image_to_video",)),
    },
    constraints=(
        Constraint(when={"resolution": "1080p"}, param="duration", choices=(5,), reason="1080p is short"),
        Constraint(when={"last_image": True}, param="resolution", choices=("720p",)),
    ),
)
MODEL = Model(provider="acme", id="film", wire_id="film", spec=SPEC)


def ask(operation: str = "text_to_video", prompt: str = "a fish", **fields: object) -> GenerationRequest:
    return GenerationRequest(operation=operation, model="acme/film", prompt=prompt, **fields)


def faults_of(request: GenerationRequest) -> tuple[str, ...]:
    with pytest.raises(ValidationError) as caught:
        checked(request, MODEL)
    return caught.value.faults


def test_what_is_left_out_has_its_default() -> None:
    assert checked(ask(), MODEL).params == {"duration": 5, "resolution": "720p"}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ask(prompt=""), "`prompt` is empty"),
        (ask(prompt="x" * 101), "`prompt` has length 101"),
        (ask(params={"duration": 7}), "must be one of 5, 10"),
        (ask(params={"duratoin": 5}), "did you mean duration?"),
        (ask(params={"resolution": "1080p", "duration": 10}), "1080p is short"),
        (ask("image_to_video"), "needs 1 input with the role 'image'"),
        (
            ask(
                "image_to_video",
                params={"loop": True},
                inputs=(Input(kind="image", source="https://x.example/a.png"),),
            ),
            "no parameter `loop`",
        ),
        (ask(inputs=(Input(kind="image", source="https://x.example/a.png"),)), "takes no input with the role 'image'"),
    ],
)
def test_a_fault_says_what_is_allowed(request_: GenerationRequest, words: str) -> None:
    (fault,) = faults_of(request_)
    assert words in fault


def test_a_constraint_knows_which_inputs_are_given() -> None:
    image = Input(kind="image", source="https://x.example/a.png")
    last = Input(kind="image", role="last_image", source="https://x.example/b.png")
    (fault,) = faults_of(ask("image_to_video", inputs=(image, last), params={"resolution": "1080p"}))
    assert "'720p'" in fault
    assert [one.role for one in checked(ask("image_to_video", inputs=(image, last)), MODEL).inputs] == [
        "image",
        "last_image",
    ]


def test_all_faults_are_told_at_once() -> None:
    assert len(faults_of(ask(prompt="", params={"duration": 7, "resolution": "8k"}))) == 3
