import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.providers.mock import provider
from genmux.providers.mock.vectors import DIMENSIONS, vector
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import InvalidRequestError
from tests.unit.providers.mock.asking import load


def embed(*inputs: str | tuple[int, ...], dimensions: int | None = None) -> EmbedResult:
    (result,) = load("embed").run(EmbedRequest(model="embed", inputs=inputs, dimensions=dimensions))
    return result


def likeness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


@given(st.text(max_size=80), st.integers(1, 300))
def test_every_vector_has_length_one_and_the_demanded_dimensions(text: str, dimensions: int) -> None:
    made = vector(text, dimensions)
    assert len(made) == dimensions
    assert math.isclose(math.hypot(*made), 1)
    assert made == vector(text, dimensions)


def test_texts_that_share_words_are_nearer_than_others() -> None:
    cat, kitten, car = embed("the cat sleeps on the sofa", "a cat on a sofa", "engine oil is expensive").vectors
    assert likeness(cat, kitten) > likeness(cat, car) + 0.2


def test_the_order_of_words_makes_a_difference() -> None:
    one, other = embed("dog bites man", "man bites dog").vectors
    assert one != other


def test_token_ids_are_embedded_too() -> None:
    result = embed((1, 2, 3), "hello you")
    assert len(result.vectors) == 2
    assert result.usage.input == 3 + 3


def test_dimensions_are_those_of_the_manifest_unless_wished_otherwise() -> None:
    assert len(embed("x").vectors[0]) == DIMENSIONS == provider.manifest.models["embed"].limits.dimensions
    assert len(embed("x", dimensions=7).vectors[0]) == 7


@pytest.mark.parametrize("dimensions", [0, 100_000])
def test_dimensions_have_limits(dimensions: int) -> None:
    with pytest.raises(InvalidRequestError, match="`dimensions` is"):
        embed("x", dimensions=dimensions)
