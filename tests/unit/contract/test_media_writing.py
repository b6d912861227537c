"""Requests are written by tables of names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.http import FileBody, HttpRequest
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Steps
from genmux.contract.media_writing import Fields, Spelling, addresses_of, write_fields
from genmux.types.errors import InvalidRequestError
from tests.unit.providers.documented import replied, walked

PNG = FileBody(path="/cat.png", size=3, media_type="image/png", name="cat.png")


def asked(*inputs: MediaInput, prompt: str = "", **params: Any) -> MediaRequest:
    return MediaRequest(operation="image_to_image", prompt=prompt, inputs=inputs, params=params)


def image(url: str, role: Any = "image") -> MediaInput:
    return MediaInput(kind="image", role=role, url=url)


def written(request: MediaRequest, fields: Fields, **more: Any) -> dict[str, Any]:
    return write_fields(request, fields, [one.url or "" for one in request.inputs], **more)


def spelled(spelling: Spelling, value: Any) -> dict[str, Any]:
    return written(asked(size=value), Fields(spellings={"size": spelling}))


def test_what_is_in_no_table_keeps_its_name() -> None:
    assert written(asked(image("u"), prompt="a cat", steps=4), Fields()) == {
        "prompt": "a cat",
        "steps": 4,
        "image": "u",
    }


def test_names_of_parameters_inputs_and_the_prompt_are_told_by_the_table() -> None:
    fields = Fields(names={"prompt": "text", "steps": "num_steps"}, inputs={"image": "image_url"})
    assert written(asked(image("u"), prompt="a cat", steps=4, seed=None), fields) == {
        "text": "a cat",
        "num_steps": 4,
        "image_url": "u",
    }


def test_several_inputs_of_a_role_are_a_list_where_the_table_says_so() -> None:
    request = asked(image("u"), image("v"), image("m", "mask"))
    assert written(request, Fields(inputs={"image": "images[]"})) == {"images": ["u", "v"], "mask": "m"}


def test_what_goes_elsewhere_is_left_out() -> None:
    assert written(asked(wait=5, steps=4), Fields(), without={"wait": "prefer"}) == {"steps": 4}


@pytest.mark.parametrize(
    ("spelling", "value", "fields"),
    [
        ("text", 5, {"size": "5"}),
        ("text", 5.0, {"size": "5"}),
        ("text", "auto", {"size": "auto"}),
        ("seconds", 8, {"size": "8s"}),
        ("seconds", "auto", {"size": "auto"}),
        ("milliseconds", 1.5, {"size": 1500}),
        ("sides", "1024x768", {"size": {"width": 1024, "height": 768}}),
        ("sides", "square_hd", {"size": "square_hd"}),
        ("width_height", "1024x768", {"width": 1024, "height": 768}),
    ],
)
def test_values_are_spelled_as_the_provider_wants_them(spelling: Spelling, value: Any, fields: dict[str, Any]) -> None:
    assert spelled(spelling, value) == fields


def test_a_size_that_is_none_is_refused_where_it_must_be_two_numbers() -> None:
    with pytest.raises(InvalidRequestError, match="width and height in pixels"):
        spelled("width_height", "square")


def test_a_table_is_changed_without_changing_the_first() -> None:
    first = Fields(names={"n": "num"}, inputs={"image": "image_url"})
    second = first.but({"n": "count"}, {"mask": "mask_url"}, {"n": "text"})
    assert (first.names, first.inputs, first.spellings) == ({"n": "num"}, {"image": "image_url"}, {})
    assert (second.names, second.inputs) == ({"n": "count"}, {"image": "image_url", "mask": "mask_url"})
    assert second.spellings == {"n": "text"}


def uploaded(file: FileBody) -> Steps[str]:
    reply = yield HttpRequest(method="PUT", url=f"/{file.name}", free=True)
    return reply.body.decode().strip('"')


def test_files_are_uploaded_in_their_order_and_addresses_stay() -> None:
    file = MediaInput(kind="image", role="mask", file=PNG, bytes=3)
    steps, addresses = walked(addresses_of(asked(image("u"), file, file), uploaded), "first", "second")
    assert [one.url for one in steps] == ["/cat.png", "/cat.png"]
    assert addresses == ["u", "first", "second"]
    assert replied("first").body == b'"first"'


NAMES = st.sampled_from(["steps", "seed", "guidance", "strength", "style"])


@given(st.dictionaries(NAMES, st.integers() | st.none()), st.dictionaries(NAMES, st.text(min_size=1), max_size=5))
def test_every_value_is_written_once_under_its_own_or_their_name(params: dict[str, Any], names: dict[str, str]) -> None:
    told = [names.get(name, name) for name, value in params.items() if value is not None]
    found = written(asked(**params), Fields(names=names))
    assert set(found) == set(told)
