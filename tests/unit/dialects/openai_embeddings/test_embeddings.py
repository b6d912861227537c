"""Embeddings, both halves."""

import sys
from decimal import Decimal
from typing import Any

import msgspec
import openai.types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Sent
from genmux.dialects.openai_embeddings import client, dialect
from genmux.dialects.openai_embeddings.equivalence import EQUIVALENCES, normalize
from genmux.dialects.openai_embeddings.vectors import pack, read_vector
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ConfigurationError, InvalidRequestError, MalformedReplyError, RateLimitError
from genmux.types.usage import Usage

SERVER = dialect.server
MODEL = Model(provider="p", id="e", wire_id="their-e", spec=ModelSpec())
HALF = "AAAAPwAAgL8="
"""0.5 and -1 as 32-bit floats in base64."""


def asking(*inputs: Any, **fields: Any) -> EmbedRequest:
    return EmbedRequest(model="e", inputs=inputs or ("x",), **fields)


def encoded(request: EmbedRequest, **options: Any) -> dict[str, Any]:
    return msgspec.json.decode(client(options).encode(request, MODEL).http.body or b"")


def decoded(document: Any, request: EmbedRequest | None = None, **options: Any) -> EmbedResult:
    reply = HttpReply(status=200, headers={}, body=msgspec.json.encode(document))
    sent = Sent(request or asking(), MODEL, HttpRequest(method="POST", url="/embeddings"))
    return client(options).decode(reply, sent)


def items(*vectors: Any) -> list[dict[str, Any]]:
    return [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]


def test_a_request_is_written() -> None:
    request = asking("a", "b", dimensions=3, user="u", extra={"input_type": "query"})
    assert encoded(request) == {
        "model": "their-e",
        "input": ["a", "b"],
        "dimensions": 3,
        "user": "u",
        "input_type": "query",
    }
    assert encoded(asking((1, 2)))["input"] == [[1, 2]]


def test_names_and_encoding_are_the_hosts_matter() -> None:
    request = asking("a", dimensions=3, user="u")
    options: dict[str, Any] = {
        "encoding_format": "base64",
        "rename": {"dimensions": "output_dimension"},
        "drop": ["user"],
    }
    body = {"model": "their-e", "input": ["a"], "output_dimension": 3, "encoding_format": "base64"}
    assert encoded(request, **options) == body
    (warning,) = client(options).encode(request, MODEL).warnings
    assert (warning.kind, warning.field) == ("unsupported", "user")
    assert client({"path": "/embed"}).encode(request, MODEL).http.url == "/embed"


def test_fields_of_another_dialect_are_dropped_with_a_warning() -> None:
    request = asking("a", extra={"x": 1}, dialect="other")
    assert "x" not in encoded(request)
    (warning,) = client({}).encode(request, MODEL).warnings
    assert warning.detail == "fields of other have no place here: x"


def test_an_unknown_option_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="the options are path, encoding_format"):
        client({"colour": "red"})


def test_vectors_come_in_the_order_of_the_inputs() -> None:
    data = items([0.5, -1], [2.0, 3])
    data.reverse()
    result = decoded(
        {"data": data, "model": "e-1", "id": "r", "usage": {"prompt_tokens": 4, "cost": 0.5}}, asking("a", "b")
    )
    assert result.vectors == ((0.5, -1), (2.0, 3))
    assert (result.model, result.id, result.dialect, result.extra) == ("e-1", "r", "openai_embeddings", None)
    assert (result.usage.input, result.usage.reported_cost) == (4, Decimal("0.5"))


def test_vectors_may_come_as_base64() -> None:
    assert decoded({"data": items(HALF)}).vectors == ((0.5, -1.0),)
    assert decoded({"data": items("AQL/")}, base64_numbers="int8").vectors == ((1, 2, -1),)


def test_bytes_are_in_the_wires_order_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    little = pack([0.5, -1.0])
    assert little == HALF
    monkeypatch.setattr(sys, "byteorder", "big" if sys.byteorder == "little" else "little")
    assert pack([0.5, -1.0]) != little
    assert read_vector(pack([0.5, -1.0])) == (0.5, -1.0)


def test_usage_may_be_told_in_odd_ways() -> None:
    assert decoded({"data": items([1.0]), "usage": {"total_tokens": 9}}).usage.input == 9
    assert decoded({"data": items([1.0]), "usage": {"cost": {"total_cost": 0.25}}}).usage.reported_cost == Decimal(
        "0.25"
    )
    assert decoded({"data": items([1.0]), "usage": {"cost": True}}).usage == Usage(raw={"cost": True})
    assert decoded({"data": items([1.0]), "usage": None}).usage == Usage()


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": None},
        {"data": []},
        {"data": items([1.0], [2.0])},
        {"data": ["x"]},
        {"data": [{}]},
        {"data": items(["x"])},
        {"data": items([[1.0]])},
        {"data": items("not base64!")},
        {"data": items("QUI=")},
        [],
    ],
)
def test_a_reply_without_a_vector_for_each_input_is_malformed(document: Any) -> None:
    with pytest.raises(MalformedReplyError):
        decoded(document)


def test_an_error_inside_a_good_reply_is_an_error() -> None:
    with pytest.raises(RateLimitError):
        decoded({"error": {"code": "rate_limit_exceeded", "message": "slow down"}})


@pytest.mark.parametrize(
    ("given", "inputs"),
    [("a", ("a",)), (["a", "b"], ("a", "b")), ([1, 2], ((1, 2),)), ([[1], [2, 3]], ((1,), (2, 3)))],
)
def test_texts_and_tokens_are_understood(given: Any, inputs: tuple[Any, ...]) -> None:
    body = msgspec.json.encode({"model": "e", "input": given, "dimensions": None, "encoding_format": "base64", "x": 1})
    asked = SERVER.accept(body)
    assert asked.request == EmbedRequest(model="e", inputs=inputs, dialect="openai_embeddings", extra={"x": 1})
    assert asked.encoding == "base64"
    assert normalize(encoded(asked.request)) == {**normalize(msgspec.json.decode(body)), "model": "their-e"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": [{}]}, "input"),
        ({"input": [1, "a"]}, "input"),
        ({"input": "a", "model": 5}, "model"),
        ({"input": "a", "dimensions": "3"}, "dimensions"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"`{place}`") as caught:
        SERVER.accept(msgspec.json.encode(fields))
    assert caught.value.param == place


@pytest.mark.parametrize("body", [b"", b"[]", b'{"input": "\xff"}', b'{"a":' * 5000])
def test_a_body_that_is_no_json_object_is_an_invalid_request(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="not a JSON object"):
        SERVER.accept(body)


def responded(result: EmbedResult, **fields: Any) -> dict[str, Any]:
    asked = SERVER.accept(msgspec.json.encode({"model": "e", "input": ["x"] * len(result.vectors), **fields}))
    return msgspec.json.decode(SERVER.respond(result, asked).body)


def test_vectors_are_told_as_the_caller_wants_them() -> None:
    result = EmbedResult(vectors=((0.5, -1.0),), usage=Usage(meters={"tokens.input": 3}))
    document = responded(result)
    assert document == {
        "object": "list",
        "data": items([0.5, -1.0]),
        "model": "e",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    openai.types.CreateEmbeddingResponse.model_validate(document, strict=True)
    assert responded(result, encoding_format="base64")["data"] == items(HALF)


def test_an_answer_of_this_dialect_is_told_as_it_came() -> None:
    data = [{**items([1.0])[0], "text": "a"}]
    usage = {"prompt_tokens": 3, "total_tokens": 3, "x": None}
    first = decoded({"id": "r", "data": data, "model": "e-1", "usage": usage, "y": 1, "z": None})
    assert first.extra == {"y": 1, "data": [{"text": "a"}]}
    assert decoded(responded(first)) == first


def test_what_only_another_dialect_knows_is_not_told() -> None:
    result = EmbedResult(vectors=((1.0,),), dialect="other", extra={"x": 1}, usage=Usage(raw={"y": 1}))
    assert responded(result).keys() == {"object", "data", "model", "usage"}


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False), max_size=5).map(tuple), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_vectors_survive_base64(vectors: list[tuple[float, ...]]) -> None:
    document = responded(EmbedResult(vectors=tuple(vectors)), encoding_format="base64")
    assert decoded(document, asking(*["x"] * len(vectors))).vectors == tuple(vectors)


def test_every_equivalence_has_its_reason() -> None:
    assert all(EQUIVALENCES.values())


def test_a_cost_below_nought_says_nothing() -> None:
    assert decoded({"data": items([1.0]), "usage": {"cost": -0.25}}).usage.reported_cost is None
