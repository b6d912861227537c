"""Every error reply gets the right kind, words, code, parameter, waiting time and retry verdict."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.contract.error_kinds import STATUS_KINDS, kind_of_code, kind_of_status
from genmux.contract.error_map import BODY_LIMIT, ErrorMap, classify, error_map_of, request_id_of, stream_error
from genmux.contract.fault import Fault
from genmux.contract.http import HttpReply
from genmux.types.errors import ErrorKind, ProviderError, Retry
from tests.recordings import exchanges, needs_recordings


def reply(status: int, body: Any = b"", **headers: str) -> HttpReply:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpReply(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=data)


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


def anthropic(message: str, kind: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, **fields}


OPENROUTER_UPSTREAM = msgspec.json.encode(error("prompt is too long: 9 tokens > 8 maximum", type="x")).decode()

CASES: list[tuple[str, int, Any, str]] = [
    # what a status means when the body says nothing
    ("empty 401", 401, b"", "authentication"),
    ("empty 402", 402, b"", "quota_exceeded"),
    ("empty 408", 408, b"", "timeout"),
    ("empty 418", 418, b"", "invalid_request"),
    ("empty 429", 429, b"", "rate_limit"),
    ("empty 500", 500, b"", "server"),
    ("empty 501", 501, b"", "unsupported"),
    ("page of a proxy", 502, b"<html>Bad Gateway</html>", "server"),
    ("empty 503", 503, b"", "overloaded"),
    ("empty 529", 529, b"", "overloaded"),
    ("redirect", 301, b"", "configuration"),
    ("error in a 200", 200, error("boom"), "unknown"),
    ("status only in the body", 200, error("slow down", code=429), "rate_limit"),
    # a telling code beats words and status
    ("openai quota", 429, error("You exceeded your current quota", code="insufficient_quota"), "quota_exceeded"),
    ("openai context", 400, error("too long", code="context_length_exceeded"), "context_overflow"),
    ("openai model on 403", 403, error("no access", code="model_not_found"), "not_found"),
    ("anthropic overloaded", 529, anthropic("Overloaded", "overloaded_error"), "overloaded"),
    ("anthropic billing", 402, anthropic("Billing", "billing_error"), "quota_exceeded"),
    ("anthropic timeout", 504, anthropic("Timed out", "timeout_error"), "timeout"),
    ("anthropic size", 413, anthropic("Too big", "request_too_large"), "invalid_request"),
    ("moonshot quota", 403, error("no", type="exceeded_current_quota_error"), "quota_exceeded"),
    ("alibaba style", 400, {"code": "DataInspectionFailed", "message": "no"}, "content_filtered"),
    ("google quota", 429, error("check your plan and billing", status="RESOURCE_EXHAUSTED", code=429), "rate_limit"),
    ("llama.cpp context", 400, error("x", code=400, type="exceed_context_size_error", n_ctx=512), "context_overflow"),
    ("llama.cpp unsupported", 501, error("x", code=501, type="not_supported_error"), "unsupported"),
    # words beat a vague code and the status
    ("xai wrong key", 400, {"code": "invalid-argument", "error": "Incorrect API key provided: ab***yz."}, "authentication"),
    ("xai no credits", 403, {"code": "forbidden", "error": "Your team doesn't have any credits yet."}, "quota_exceeded"),
    ("google wrong key", 400, error("API key not valid. Please pass one.", status="INVALID_ARGUMENT"), "authentication"),
    ("google no key", 403, error("Method doesn't allow unregistered callers", status="PERMISSION_DENIED"), "authentication"),
    ("anthropic credit", 400, error("Your credit balance is too low to access", type="invalid_request_error"), "quota_exceeded"),
    ("anthropic filter", 400, error("Output blocked by content filtering policy", type="invalid_request_error"), "content_filtered"),
    ("plan and billing", 429, error("check your plan and billing details"), "quota_exceeded"),
    ("mistral context", 400, {"object": "error", "message": "too large for the maximum context length", "code": "3051"}, "context_overflow"),
    ("ollama model", 400, {"error": "model 'x' not found, try pulling it first"}, "not_found"),
    ("a missing tool is no missing model", 400, error("the model calls a tool that does not exist"), "invalid_request"),
    ("401 stays a matter of keys", 401, error("prompt is too long"), "authentication"),
    ("openrouter moderation", 403, error("Your input was flagged for violence", code=403), "content_filtered"),
    ("huggingface loading", 500, {"error": "Model x is currently loading", "estimated_time": 20.5}, "overloaded"),
    ("llama.cpp image", 500, error("image input is not supported - hint: mmproj", type="server_error"), "unsupported"),
    # nested
    ("azure filter", 400, error("The response was filtered", code=None, innererror={"code": "ResponsibleAIPolicyViolation"}), "content_filtered"),
    ("openrouter upstream", 400, error("Provider returned error", code=400, metadata={"raw": OPENROUTER_UPSTREAM}), "context_overflow"),
    # a vague code is better than nothing
    ("server error without status", 200, error("x", type="api_error"), "server"),
    ("permission without status", 200, error("x", type="permission_error"), "permission"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_form_of_error_gets_its_kind(status: int, body: Any, kind: str) -> None:
    assert classify(reply(status, body)).kind == kind


def test_only_refusals_for_rate_or_load_may_be_repeated_and_failures_are_in_doubt() -> None:
    verdicts = {
        (found.kind.value, found.retry.value)
        for _, status, body, _ in CASES
        if (found := classify(reply(status, body)))
    }

    assert {kind for kind, verdict in verdicts if verdict == "safe"} == {"rate_limit", "overloaded"}
    assert {kind for kind, verdict in verdicts if verdict == "unsure"} == {"timeout", "server", "unknown", "overloaded"}
    assert len({kind for kind, _ in verdicts}) == len(verdicts) - 1


@pytest.mark.parametrize("body", [b"", b"upstream connect error: connection termination", b"<html>busy</html>"])
def test_a_503_in_which_no_provider_speaks_is_in_doubt(body: bytes) -> None:
    assert classify(HttpReply(status=503, headers={}, body=body)).retry is Retry.UNSURE
    assert classify(HttpReply(status=503, headers={"retry-after": "1"}, body=body)).retry is Retry.SAFE
    assert classify(HttpReply(status=503, headers={}, body=b'{"error": {"message": "busy"}}')).retry is Retry.SAFE


@pytest.mark.parametrize("status", [408, 504, 524])
def test_a_time_out_stays_in_doubt_whatever_the_words_say(status: int) -> None:
    found = classify(reply(status, error("the server is busy: too many requests")))

    assert found.retry is Retry.UNSURE


def test_the_providers_own_table_comes_first() -> None:
    own = ErrorMap(
        codes={"1113": ErrorKind.QUOTA_EXCEEDED},
        phrases={"out of beans": ErrorKind.OVERLOADED},
        kinds={404: ErrorKind.CONFIGURATION},
    )

    assert classify(reply(429, error("x", code="1113", type="rate_limit_error")), own).kind is ErrorKind.QUOTA_EXCEEDED
    assert classify(reply(400, error("We are Out of Beans")), own).kind is ErrorKind.OVERLOADED
    assert classify(reply(404, error("nothing here")), own).kind is ErrorKind.CONFIGURATION


def test_an_error_carries_what_the_reply_says() -> None:
    body = error("Unknown parameter: 'x'.", type="invalid_request_error", param="x", code="unknown_parameter")
    found = classify(reply(400, body, x_request_id="req_1"))

    assert found.message == "Unknown parameter: 'x'."
    assert (found.status, found.code, found.param, found.request_id) == (400, "unknown_parameter", "x", "req_1")
    assert found.body == msgspec.json.encode(body).decode()
    assert isinstance(found, ProviderError)


def test_a_fault_that_was_read_already_is_not_read_again() -> None:
    found = classify(reply(500, b"not read"), fault=Fault(message="known", codes=("overloaded_error",)))

    assert (found.kind, found.message) == (ErrorKind.OVERLOADED, "known")


def test_a_provider_that_forbids_repeating_is_obeyed() -> None:
    assert classify(reply(529, b"", x_should_retry="false")).retry is Retry.NEVER
    assert classify(reply(529, b"", x_should_retry="true")).retry is Retry.SAFE
    assert classify(reply(500, b"", x_should_retry="true")).retry is Retry.UNSURE


def test_amazon_names_the_error_in_a_header() -> None:
    name = "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/"
    found = classify(reply(400, {"message": "Too many tokens, wait."}, x_amzn_errortype=name, x_amzn_requestid="r"))

    assert (found.kind, found.code, found.request_id) == (ErrorKind.RATE_LIMIT, "ThrottlingException", "r")


@pytest.mark.parametrize(
    ("status", "body", "headers", "words"),
    [
        (502, b"<!DOCTYPE html><title>\n Bad gateway </title>", {}, "HTTP 502 with a page of HTML: Bad gateway"),
        (502, b"<html></html>", {}, "the provider answered HTTP 502 with a page of HTML"),
        (404, b"Not Found\n", {}, "Not Found"),
        (401, b"", {}, "the provider answered HTTP 401 and said no more"),
        (308, b"", {"location": "https://b.example/v1"}, "a redirect to https://b.example/v1"),
        (302, b"", {}, "a redirect to an unnamed place"),
        (500, b"\xff\xfe", {}, "\N{REPLACEMENT CHARACTER}"),
        (500, b"{}", {}, "{}"),
    ],
)
def test_a_body_that_is_no_error_in_json_still_gives_words(
    status: int, body: bytes, headers: dict[str, str], words: str
) -> None:
    assert words in classify(reply(status, body, **headers)).message


def test_long_bodies_and_messages_are_cut() -> None:
    found = classify(reply(400, error("x" * 10_000)))

    assert len(found.message) == BODY_LIMIT
    assert len(found.body or "") == BODY_LIMIT


def test_a_deeply_nested_body_does_no_harm() -> None:
    deep = b'{"error":' * 5_000 + b'"x"' + b"}" * 5_000

    assert classify(reply(500, deep)).kind is ErrorKind.SERVER
    assert classify(reply(500, b'{"error":' * 400 + b'"x"' + b"}" * 400)).kind is ErrorKind.SERVER


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"request-id": "a", "x-request-id": "b"}, "a"),
        ({"x-request-id": "b", "cf-ray": "c"}, "b"),
        ({"apim-request-id": "d"}, "d"),
        ({"mistral-correlation-id": "e"}, "e"),
        ({"x-request-id": "", "cf-ray": "c"}, "c"),
        ({}, None),
    ],
)
def test_the_request_id_is_found_in_the_headers_of_each_family(headers: dict[str, str], expected: str | None) -> None:
    assert request_id_of(headers) == expected


def test_the_request_id_of_the_body_serves_where_no_header_has_one() -> None:
    body = anthropic("x", "api_error", request_id="req_body")

    assert classify(reply(500, body)).request_id == "req_body"
    assert classify(reply(500, body, request_id="req_head")).request_id == "req_head"


@pytest.mark.parametrize(
    ("event", "kind", "status"),
    [
        (error("Tool choice", code="tool_use_failed", type="invalid_request_error", status_code=400), "invalid_request", 400),
        (anthropic("Overloaded", "overloaded_error"), "overloaded", None),
        (anthropic("Internal", "api_error"), "server", None),
        ({"id": "gen-1", **error("Provider disconnected", code=502), "choices": []}, "server", 502),
        ({"type": "response.failed", "response": error("Slow", code="rate_limit_exceeded")}, "rate_limit", None),
        ({"type": "error", "code": "server_error", "message": "Sorry"}, "server", None),
        ({"error": "model is overloaded"}, "overloaded", None),
        ({"type": "error"}, "unknown", None),
    ],
)  # fmt: skip
def test_an_error_event_inside_a_stream_gets_its_kind(event: Any, kind: str, status: int | None) -> None:
    found = stream_error(event)

    assert (found.kind, found.status) == (kind, status)
    assert found.message
    assert found.body == msgspec.json.encode(event).decode()


def test_a_dialect_may_say_the_status_of_a_stream_error_itself() -> None:
    assert stream_error({"error": "x"}, status=503).kind is ErrorKind.OVERLOADED


def test_codes_are_the_same_in_every_spelling() -> None:
    spellings = ["rate_limit_exceeded", "RATE_LIMIT_EXCEEDED", "RateLimitExceeded", "rate-limit-exceeded"]

    assert {kind_of_code(code) for code in spellings} == {ErrorKind.RATE_LIMIT}
    assert kind_of_code("unheard_of") is None


def test_every_failing_status_has_a_kind() -> None:
    assert all(kind_of_status(status) for status in range(300, 600))
    assert kind_of_status(200) is None
    assert kind_of_status(None) is None
    assert all(300 <= status < 600 for status in STATUS_KINDS)


RECORDED: dict[str, list[str]] = tomllib.loads((Path(__file__).parent / "recorded_errors.toml").read_text("utf-8"))


@needs_recordings
def test_every_recorded_error_reply_gets_the_kind_that_a_reader_gives_it() -> None:
    expected = {name: kind for kind, names in RECORDED.items() for name in names}

    found = {
        exchange.id: classify(
            HttpReply(status=exchange.status, headers=exchange.response["headers"], body=exchange.response_body)
        ).kind.value
        for exchange in exchanges()
        if exchange.status >= 400
    }
    assert found == expected


@needs_recordings
def test_every_recorded_error_reply_has_words_and_a_verdict() -> None:
    for exchange in exchanges():
        if exchange.status >= 400:
            found = classify(HttpReply(status=exchange.status, headers={}, body=exchange.response_body))
            assert found.message, exchange.id
            assert not found.message.startswith("{"), exchange.id
            assert found.status == exchange.status, exchange.id


def test_a_table_of_errors_has_codes_phrases_and_statuses_by_the_form_of_their_key() -> None:
    table = {
        "1113": ErrorKind.QUOTA_EXCEEDED,
        "420": ErrorKind.RATE_LIMIT,
        "No Money Left": ErrorKind.QUOTA_EXCEEDED,
        "slow": ErrorKind.OVERLOADED,
    }
    assert error_map_of(table) == ErrorMap(
        codes={"1113": ErrorKind.QUOTA_EXCEEDED, "slow": ErrorKind.OVERLOADED},
        phrases={"no money left": ErrorKind.QUOTA_EXCEEDED},
        kinds={420: ErrorKind.RATE_LIMIT},
    )
