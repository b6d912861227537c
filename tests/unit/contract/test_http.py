"""Requests and replies as values, the ways to sign them, and what a model says of itself."""

import msgspec
import pytest

from genmux.contract.auth import auth_named, bearer, header, query, scheme
from genmux.contract.features import Support
from genmux.contract.http import Framing, HttpReply, HttpRequest, WireEvent, json_request, malformed
from genmux.contract.manifest import Limits, Manifest, ModelSpec
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.types.errors import ErrorKind, MalformedReplyError, Retry

REQUEST = HttpRequest(method="POST", url="/chat", headers=(("accept", "*/*"),))
KEY = {"api_key": "k&1"}


def test_headers_are_added_to_a_new_request() -> None:
    assert REQUEST.with_headers([("a", "b")]).headers == (("accept", "*/*"), ("a", "b"))
    assert REQUEST.headers == (("accept", "*/*"),)


@pytest.mark.parametrize(
    ("stream", "accepts", "framing"),
    [(False, "application/json", Framing.RAW), (True, "text/event-stream", Framing.SSE)],
)
def test_a_json_request_says_what_it_sends_and_expects(*, stream: bool, accepts: str, framing: Framing) -> None:
    request = json_request("/chat", {"a": 1}, stream=stream)

    assert (request.method, request.url, request.body) == ("POST", "/chat", b'{"a":1}')
    assert request.headers == (("content-type", "application/json"), ("accept", accepts))
    assert request.framing is framing


def test_a_reply_is_decoded() -> None:
    decoder = msgspec.json.Decoder(dict[str, int])

    assert HttpReply(status=200, headers={}, body=b'{"a": 1}').read(decoder) == {"a": 1}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": "x"}', b'{"a": 1', b'"\xff"', b"[" * 100_000])
def test_a_reply_of_another_form_is_malformed_and_may_have_been_billed(body: bytes) -> None:
    decoder = msgspec.json.Decoder(dict[str, int] | list)

    with pytest.raises(MalformedReplyError, match="does not have the expected form") as caught:
        HttpReply(status=200, headers={}, body=body).read(decoder)
    assert (caught.value.status, caught.value.retry) == (200, Retry.UNSURE)


def test_an_event_is_decoded_or_malformed() -> None:
    decoder = msgspec.json.Decoder(dict[str, int] | list)

    assert WireEvent(b'{"a": 1}').read(decoder) == {"a": 1}
    for data in (b"", b"[DONE", b'{"a": "x"}', b"\xff", b"[" * 100_000):
        with pytest.raises(MalformedReplyError, match="an event of the stream does not have the expected form"):
            WireEvent(data).read(decoder)


def test_malformed_names_its_kind() -> None:
    assert malformed("odd").kind is ErrorKind.MALFORMED_REPLY


def test_a_key_goes_where_the_provider_wants_it() -> None:
    assert bearer(REQUEST, KEY).headers[-1] == ("authorization", "Bearer k&1")
    assert header("x-api-key")(REQUEST, KEY).headers[-1] == ("x-api-key", "k&1")
    assert query("key")(REQUEST, KEY).url == "/chat?key=k%261"
    assert query("key")(msgspec.structs.replace(REQUEST, url="/chat?a=b"), KEY).url == "/chat?a=b&key=k%261"


@pytest.mark.parametrize("auth", ["bearer", "header:x-api-key", "query:key", "none"])
@pytest.mark.parametrize("credential", [{}, {"api_key": ""}])
def test_without_a_key_a_request_is_left_as_it_is(auth: str, credential: dict[str, str]) -> None:
    assert auth_named(auth)(REQUEST, credential) == REQUEST


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        ("bearer", bearer(REQUEST, KEY)),
        ("none", REQUEST),
        ("header:x-api-key", header("x-api-key")(REQUEST, KEY)),
        ("scheme:Key", scheme("Key")(REQUEST, KEY)),
        ("query:key", query("key")(REQUEST, KEY)),
    ],
)
def test_a_manifest_names_the_way(name: str, signed: HttpRequest) -> None:
    assert auth_named(name)(REQUEST, KEY) == signed


def test_a_scheme_of_its_own_stands_before_the_key() -> None:
    assert scheme("Key")(REQUEST, {"api_key": "k"}).headers[-1] == ("authorization", "Key k")
    assert scheme("Key")(REQUEST, {}) == REQUEST


@pytest.mark.parametrize("name", ["", "basic", "header", "header:", "scheme:", "query:"])
def test_an_unknown_way_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match="'bearer', 'none', 'header:NAME', 'scheme:NAME' or 'query:NAME'"):
        auth_named(name)


def test_a_model_says_whose_it_is_and_what_it_can() -> None:
    spec = ModelSpec(family="f", limits=Limits(context_tokens=7), features={"tools": Support.NATIVE})
    model = Model(provider="p", id="m", wire_id="w", spec=spec)

    assert (model.reference, model.origin, model.limits.context_tokens) == ("p/m", "p/f", 7)
    assert (model.support("tools"), model.support("vision")) == (Support.NATIVE, Support.UNKNOWN)
    assert Model(provider="p", id="m", wire_id="w", spec=ModelSpec()).origin == "p"


def test_a_provider_has_the_id_of_its_manifest() -> None:
    assert Provider(manifest=Manifest(spec=1, id="p", name="P"), wires={}).id == "p"
