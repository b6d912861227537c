"""What callers ask for."""

from typing import Any

import msgspec
import pytest

from genmux.contract.forms import FormPart
from genmux.dialects.openai_images import AcceptedImages
from genmux.dialects.openai_images.accept import Way
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input
from tests.unit.dialects.openai_images.speaking import DATA_URI, SERVER


def accepted(way: Way = "generations", **fields: Any) -> AcceptedImages:
    return SERVER.accept(msgspec.json.encode({"model": "m", "prompt": "a cat", **fields}), way)


def form(*parts: FormPart, way: Way = "edits") -> AcceptedImages:
    texts = (FormPart(name="model", value="m"), FormPart(name="prompt", value="a cat"))
    return SERVER.accept_form((*texts, *parts), way)


PICTURE = FormPart(name="image", source="asset_1", media_type="image/png")


def test_a_request_is_understood() -> None:
    asked = accepted(n=2, size="1024x1024", quality="low", output_format="webp", output_compression=50, background=None)
    assert asked.request == GenerationRequest(
        operation="text_to_image",
        model="m",
        prompt="a cat",
        params={"n": 2, "size": "1024x1024", "quality": "low", "format": "webp", "output_compression": 50},
    )
    assert not asked.stream
    assert asked.response_format is None
    assert asked.event == "image_generation"


def test_how_the_answer_is_wanted_is_no_parameter_of_the_model() -> None:
    asked = accepted(stream=True, partial_images=2, response_format="url", user="u1")
    assert asked.stream
    assert asked.response_format == "url"
    assert asked.user == "u1"
    assert asked.request.params == {"partial_images": 2}
    assert accepted(user="u1", safety_identifier="s1").user == "s1"


def test_fields_that_nobody_knows_are_kept_apart() -> None:
    assert accepted(svg={"model": "x"}).extra == {"svg": {"model": "x"}}


@pytest.mark.parametrize(
    ("fields", "sources"),
    [
        (
            {"images": [{"image_url": DATA_URI}, {"image_url": "https://a.example/1.png"}]},
            (DATA_URI, "https://a.example/1.png"),
        ),
        ({"image": {"url": "https://a.example/1.png", "type": "image_url"}}, ("https://a.example/1.png",)),
        ({"image": "https://a.example/1.png"}, ("https://a.example/1.png",)),
        ({"images": [{"file_id": "asset_1"}]}, ("asset_1",)),
        ({"images": [{"image_url": {"url": DATA_URI}}]}, (DATA_URI,)),
    ],
)
def test_pictures_are_named_in_several_ways(fields: dict[str, Any], sources: tuple[str, ...]) -> None:
    asked = accepted("edits", **fields)
    assert asked.request.operation == "image_to_image"
    assert tuple(one.source for one in asked.request.inputs) == sources
    assert {one.role for one in asked.request.inputs} == {"image"}


def test_with_a_mask_it_is_an_edit() -> None:
    asked = accepted("edits", images=[{"image_url": DATA_URI}], mask={"image_url": DATA_URI})
    assert asked.request.operation == "edit_image"
    assert [one.role for one in asked.request.inputs] == ["image", "mask"]
    assert asked.event == "image_edit"


def test_a_form_says_the_same_as_json() -> None:
    asked = form(
        FormPart(name="image[]", source="asset_1", media_type="image/png"),
        FormPart(name="image[]", source="asset_2", media_type="image/webp"),
        FormPart(name="mask", source="asset_3", media_type="image/png"),
        FormPart(name="n", value="2"),
        FormPart(name="stream", value="true"),
        FormPart(name="size", value="1024x1024"),
        FormPart(name="svg[model]", value="x"),
    )
    assert asked.request == GenerationRequest(
        operation="edit_image",
        model="m",
        prompt="a cat",
        inputs=(
            Input(kind="image", source="asset_1", role="image"),
            Input(kind="image", source="asset_2", role="image"),
            Input(kind="image", source="asset_3", role="mask"),
        ),
        params={"n": 2, "size": "1024x1024"},
    )
    assert asked.stream
    assert asked.extra == {"svg": {"model": "x"}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": None}, "`prompt` is missing"),
        ({"prompt": 3}, "`prompt` must be a text, not 3"),
        ({"n": "two"}, "`n` must be a whole number, not 'two'"),
        ({"n": True}, "`n` must be a whole number, not True"),
        ({"stream": 1}, "`stream` must be true or false"),
        ({"response_format": "gif"}, "must be 'b64_json' or 'url'"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        accepted(**fields)
    assert caught.value.param == next(iter(fields))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), "`image` is missing"),
        ((PICTURE, FormPart(name="n", value="two")), "`n` must be a whole number, not 'two'"),
        ((PICTURE, FormPart(name="size", value="a"), FormPart(name="size", value="b")), "`size` is given twice"),
        ((PICTURE, FormPart(name="prompt[]", source="asset_9")), "no file belongs there"),
        ((FormPart(name="mask", source="asset_9"),), "`image` is missing"),
    ],
)
def test_what_is_wrong_in_a_form_is_told_by_its_field(parts: tuple[FormPart, ...], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        form(*parts)


def test_pictures_out_of_words_take_no_files() -> None:
    with pytest.raises(InvalidRequestError, match="no file belongs there"):
        form(PICTURE, way="generations")


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"prompt"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="not a JSON object"):
        SERVER.accept(body)


def test_a_picture_that_is_none_is_told() -> None:
    with pytest.raises(InvalidRequestError, match=r"`images\[0\]` must name a picture"):
        accepted("edits", images=[{"url": ""}])
