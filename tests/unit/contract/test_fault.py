"""Words, codes, parameter, status and waiting time are found in every known form of error body."""

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genmux.contract.fault import Fault, fault_of, read_fault

NESTED = '{"error": {"message": "from upstream", "code": "inner_code", "status": 500}}'

FORMS: list[tuple[str, Any, Fault]] = [
    (
        "openai",
        {"error": {"message": "m", "type": "t", "param": "p", "code": "c"}},
        Fault(message="m", codes=("c", "t"), param="p"),
    ),
    (
        "anthropic",
        {"type": "error", "error": {"type": "t", "message": "m"}, "request_id": "r"},
        Fault(message="m", codes=("t",), request_id="r"),
    ),
    ("anthropic without an id", {"type": "error", "error": {"type": "t", "message": "m"}, "request_id": None},
     Fault(message="m", codes=("t",))),
    (
        "mistral, flat",
        {"object": "error", "message": "m", "type": "t", "param": None, "code": "3051", "raw_status_code": 400},
        Fault(message="m", codes=("3051", "t"), status=400),
    ),
    ("mistral, a word", {"detail": "m"}, Fault(message="m")),
    (
        "fastapi",
        {"detail": [{"type": "missing", "loc": ["body", "model"], "msg": "Field required"}]},
        Fault(message="body.model: Field required", param="model"),
    ),
    (
        "fastapi, in a message",
        {"object": "error", "message": {"detail": [{"loc": ["query"], "msg": "bad"}]}},
        Fault(message="query: bad"),
    ),
    ("fastapi, a query", {"detail": [{"loc": ["query", "n"], "msg": "bad"}]}, Fault(message="query.n: bad", param="query.n")),
    ("xai", {"code": "invalid-argument", "error": "m n"}, Fault(message="m n", codes=("invalid-argument",))),
    ("cohere", {"id": "r", "message": "m", "error_type": "T"}, Fault(message="m", codes=("T",), request_id="r")),
    ("ollama and venice", {"error": "m"}, Fault(message="m")),
    ("a proxy's code word", {"error": "invalid_grant", "message": "m"}, Fault(message="m", codes=("invalid_grant",))),
    ("oauth", {"error": "invalid_grant", "error_description": "m"}, Fault(message="m", codes=("invalid_grant",))),
    ("hugging face, list", {"error": ["one", "two"], "error_type": "v"}, Fault(message="one; two", codes=("v",))),
    ("hugging face, loading", {"error": "m n", "estimated_time": 20.5}, Fault(message="m n", retry_after=20.5)),
    ("llama.cpp", {"error": {"code": 501, "message": "m", "type": "t"}}, Fault(message="m", codes=("t", "501"), status=501)),
    ("openrouter", {"error": {"code": 400, "message": "m"}, "user_id": "u"}, Fault(message="m", codes=("400",), status=400)),
    (
        "openrouter, upstream words",
        {"error": {"message": "m", "code": 429, "metadata": {"provider_name": "G", "raw": "from upstream"}}},
        Fault(message="m: from upstream", codes=("429",), status=429),
    ),
    (
        "openrouter, upstream json",
        {"error": {"message": "m", "code": 502, "metadata": {"raw": NESTED}}},
        Fault(message="m: from upstream", codes=("502", "inner_code"), status=502),
    ),
    (
        "openrouter, upstream object",
        {"error": {"message": "m", "metadata": {"raw": {"error": {"message": "from upstream", "code": "c"}}}}},
        Fault(message="m: from upstream", codes=("c",)),
    ),
    (
        "openrouter, upstream repeats",
        {"error": {"message": "m and more", "metadata": {"raw": "m"}}},
        Fault(message="m and more"),
    ),
    (
        "google",
        {
            "error": {
                "code": 429,
                "message": "m",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {"@type": "Help"},
                    "odd",
                    {"@type": "RetryInfo", "retryDelay": "34.4s"},
                    {"reason": "RATE", "fieldViolations": [{"field": "f"}]},
                ],
            }
        },
        Fault(message="m", codes=("RESOURCE_EXHAUSTED", "RATE", "429"), param="f", status=429, retry_after=34.4),
    ),
    ("google, array stream", [{"error": {"code": 400, "message": "m"}}], Fault(message="m", codes=("400",), status=400)),
    (
        "azure",
        {"error": {"message": "m", "code": "content_filter", "innererror": {"code": "Responsible"}}},
        Fault(message="m", codes=("content_filter", "Responsible")),
    ),
    ("amazon", {"__type": "com.amazon#AccessDenied", "Message": "m"}, Fault(message="m", codes=("AccessDenied",))),
    ("problem+json", {"title": "T", "detail": "m", "status": 401}, Fault(message="m", codes=("401",), status=401)),
    ("title only", {"title": "T", "status": 401}, Fault(message="T", codes=("401",), status=401)),
    ("databricks", {"error_code": "BAD_REQUEST", "message": "m"}, Fault(message="m", codes=("BAD_REQUEST",))),
    (
        "cloudflare",
        {"success": False, "errors": [{"code": 7003, "message": "m"}], "result": None},
        Fault(message="m", codes=("7003",)),
    ),
    (
        "watsonx",
        {"errors": [{"code": "c", "message": "m"}], "trace": "r", "status_code": 404},
        Fault(message="m", codes=("c",), status=404, request_id="r"),
    ),
    ("apigee", {"fault": {"faultstring": "m", "detail": {"errorcode": "x"}}}, Fault(message="m")),
    (
        "openai responses",
        {"type": "response.failed", "response": {"id": "resp", "error": {"code": "c", "message": "m"}}},
        Fault(message="m", codes=("c", "response.failed"), request_id="resp"),
    ),
    ("groq stream", {"error": {"message": "m", "code": "c", "status_code": 400}}, Fault(message="m", codes=("c",), status=400)),
    ("seconds to wait", {"message": "m", "retry_after": 3}, Fault(message="m", retry_after=3.0)),
    ("no seconds", {"message": "m", "retry_after": True, "estimated_time": -1}, Fault(message="m")),
    ("a list of texts", ["one", "two"], Fault(message="one; two")),
    ("a text", "m", Fault(message="m")),
    ("blank words", {"error": {"message": "  "}, "message": "m"}, Fault(message="m")),
    ("a number", 7, Fault()),
    ("nothing", None, Fault()),
    ("an empty object", {}, Fault()),
    ("useless values", {"error": {"message": None, "code": True, "type": "error"}}, Fault()),
    ("a code that is a text", {"error": {"code": "x" * 101, "message": "m"}}, Fault(message="m")),
]  # fmt: skip


@pytest.mark.parametrize(("body", "fault"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_each_known_form_is_read(body: Any, fault: Fault) -> None:
    assert fault_of(body) == fault
    assert read_fault(msgspec.json.encode(body)) == fault


@pytest.mark.parametrize("body", [b"", b"Not Found", b"<html>", b"\xff", b'{"error": "\xff"}', b"[" * 100_000])
def test_what_is_not_json_says_nothing(body: bytes) -> None:
    assert read_fault(body) == Fault()


def test_a_wait_without_end_is_none() -> None:
    details = [{"retryDelay": "9" * 400 + "s"}]

    assert fault_of({"error": {"message": "m", "details": details}}).retry_after is None


def test_nesting_beyond_all_reason_is_not_followed() -> None:
    body: Any = "deep down"
    for _ in range(500):
        body = {"error": body}

    assert fault_of(body).codes == ()


KEYS = st.sampled_from(
    [
        "error",
        "errors",
        "message",
        "detail",
        "details",
        "metadata",
        "raw",
        "code",
        "status",
        "innererror",
        "loc",
        "msg",
        "param",
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 600) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(ANYTHING)
@example({"error": "", "errors": None})
@example({"details": [{"reason": ""}]})
@example({"__type": "aws#"})
def test_no_body_whatever_raises(body: Any) -> None:
    fault = fault_of(body)

    assert fault.message is None or fault.message
    assert all(fault.codes)
