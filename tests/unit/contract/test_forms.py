"""Forms, after their files were put away."""

import pytest

from genmux.contract.forms import FormPart, split_form
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import Input


def test_texts_are_told_by_name_and_files_in_their_order() -> None:
    first, second = FormPart(name="image[]", source="asset_1"), FormPart(name="mask", source="asset_2")
    texts, files = split_form((FormPart(name="prompt", value="a cat"), first, FormPart(name="n", value="2"), second))
    assert texts == {"prompt": "a cat", "n": "2"}
    assert files == (first, second)


def test_brackets_make_lists_and_objects() -> None:
    parts = (
        FormPart(name="tags[]", value="a"),
        FormPart(name="tags[]", value="b"),
        FormPart(name="svg[model]", value="x"),
    )
    assert split_form(parts)[0] == {"tags": ["a", "b"], "svg": {"model": "x"}}


def test_a_name_that_is_given_twice_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="`n` is given twice"):
        split_form((FormPart(name="n", value="1"), FormPart(name="n", value="2")))


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "image"),
        ("video/mp4", "video"),
        ("audio/mpeg", "audio"),
        ("application/pdf", "document"),
        (None, "image"),
    ],
)
def test_what_a_file_is_follows_from_its_media_type(media_type: str | None, kind: str) -> None:
    part = FormPart(name="file", source="asset_1", media_type=media_type)
    assert part.input("reference") == Input(kind=kind, source="asset_1", role="reference")  # pyright: ignore[reportArgumentType] — any of the kinds
    assert part.input("image", "image").kind == "image"
