"""No secret gets out."""

import time
import traceback

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.engine.redact import MARK, RedactedError, Redactor
from genmux.types.errors import ProviderError, RateLimitError

SECRET = "f00d-Babe/+=cafe"
GUESSING = Redactor()
KNOWING = Redactor.of({"api_key": SECRET})


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abcDEF1234567890.",
        "Incorrect API key provided: sk-abcde*****************wxyz.",
        "use of gsk_1234567890abcdef is over",
        "key AIzaSyA1234567890abcdefghijklmnop is not valid",
        "hf_abcdefghijklmnop xai-abcdefghijklmnop r8_abcdefghijklmnop",
        f"AKIA{'EXAMPLE' * 3}",
        "Authorization: Bearer abcdef.ghij-klmn",
        "authorization=Basic dXNlcjpwYXNzd29yZA==",
        "{'Authorization': 'Bearer abcdefghijkl'}",
        "('authorization', 'Bearer abcdefghijkl')",
        "<CIMultiDict('Authorization': 'token abcdefghijkl', 'x-api-key': 'abcdefghijkl')>",
        "x-api-key: abcdefghijkl",
        "x-goog-api-key: abcdefghijkl",
        "Cookie: abcdefghijkl=1",
        "bearer abcdefghijkl",
        '{"api_key":"abcdefghijkl"}',
        '{"apiKey": "abcdefghijkl", "other": 1}',
        '{"client_secret" : "abcdefghijkl"}',
        '{"password":"abcdefghijkl"}',
        '{"error":"{\\"api_key\\": \\"abcdefghijkl\\"}"}',
        "https://api.test/v1?key=abcdefghijkl&x=1",
        "https://api.test/v1?x=1&api_key=abcdefghijkl",
        "https://files.test/a.mp4?X-Amz-Signature=abcdefghijkl&X-Amz-Credential=abcdefghijkl",
        "https://files.test/a.mp4?se=1&sig=abcdefghijkl",
        "http://me:abcdefghijkl@proxy.test:3128",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4",
    ],
)
def test_what_looks_like_a_secret_is_removed(text: str) -> None:
    clean = GUESSING.text(text)
    assert MARK in clean
    for secret in ("abcdefghij", "1234567890", "dXNlcj", "wxyz", "EXAMPLE", "SflK"):
        assert secret not in clean


@pytest.mark.parametrize(
    "text",
    [
        "The model `gpt-9` does not exist",
        "maximum context length is 8192 tokens, you asked for 9000",
        '{"tokens": 12, "token": "hello", "key": "value", "max_tokens": 5}',
        "https://api.test/v1/models?page_token_count=3&model=x",
        "key frame 12 of sk-learn",
        "api_key: Field required",
        "this request needs no authorization at all",
        "us-east-1",
        "Missing bearer or basic authentication in header",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert GUESSING.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"bad key {SECRET}!",
        f"https://api.test/?k={'f00d-Babe%2F%2B%3Dcafe'}",
        "https://api.test/?k=f00d-Babe/%2B%3Dcafe",
        f"{SECRET}{SECRET}",
    ],
)
def test_a_known_secret_is_removed_in_every_spelling(text: str) -> None:
    clean = KNOWING.text(text)
    assert "f00d" not in clean
    assert MARK in clean


def test_a_known_secret_is_removed_as_json_writes_it() -> None:
    secret = 'quo"ted\\key\u00e9'
    clean = Redactor([secret]).body(msgspec.json.encode({"error": {"message": f"bad {secret}"}}))
    assert msgspec.json.decode(clean) == {"error": {"message": f"bad {MARK}"}}


def test_fields_that_are_no_secret_stay() -> None:
    redactor = Redactor.of({"api_key": SECRET, "region": "eu-central-1", "empty": ""})
    assert redactor.text(f"{SECRET} in eu-central-1") == f"{MARK} in eu-central-1"


def test_a_dummy_key_does_not_garble_the_text() -> None:
    assert Redactor.of({"api_key": "none"}).text("there is none") == "there is none"


def test_headers_are_cleaned_by_name_and_by_value() -> None:
    given_ = (("Authorization", "Digest x"), ("x-api-key", SECRET), ("X-Note", f"has {SECRET}"), ("accept", "*/*"))
    assert KNOWING.headers(given_) == (
        ("Authorization", MARK),
        ("x-api-key", MARK),
        ("X-Note", f"has {MARK}"),
        ("accept", "*/*"),
    )


@settings(deadline=None)
@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = KNOWING.text(text)
    assert KNOWING.text(once) == once


@given(
    st.text(alphabet="abcdefgh0123+/=-_%\"'\\ü", min_size=6, max_size=40), st.text(max_size=30), st.text(max_size=30)
)
def test_a_known_secret_never_survives(secret: str, before: str, after: str) -> None:
    clean = Redactor([secret]).text(f"{before} {secret} {after}")
    assert secret not in clean.replace(MARK, "\0") or secret in MARK


@given(st.binary(max_size=100))
def test_a_body_of_any_bytes_can_be_cleaned(body: bytes) -> None:
    assert isinstance(KNOWING.body(body), bytes)


@pytest.mark.parametrize(
    "unit", ["a-", "eyJ-", "a.", "sk-", '"', "?a", "bearer ", "api-", "://", "key=", "\\", '"api-', "http://a"]
)
def test_hostile_texts_are_cleaned_in_reasonable_time(unit: str) -> None:
    text = unit * (65_536 // len(unit))
    started = time.process_time()
    GUESSING.text(text)
    assert time.process_time() - started < 3  # a pattern that backtracks would take minutes


# Exceptions


class CarelessError(Exception):
    """Shows what it was given, whatever its args are."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self.inner = [secret]

    def __str__(self) -> str:
        return f"failed with {self.inner}"


def told(error: BaseException) -> str:
    parts = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        parts += [repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return "\n".join(parts)


def test_an_error_and_its_causes_are_cleaned() -> None:
    root = ValueError(f"root {SECRET}", 7)
    middle = CarelessError(f"middle {SECRET}")
    middle.__cause__ = root
    error = RateLimitError(f"top {SECRET}", body=f"body {SECRET}", request_id="r1")
    error.__cause__ = middle
    KNOWING.error(error)
    assert SECRET not in told(error)
    assert error.message == f"top {MARK}"
    assert error.body == f"body {MARK}"
    assert error.args == (f"top {MARK}",)
    assert isinstance(error.__cause__, RedactedError)
    assert error.__cause__.__cause__ is root
    assert str(error.__cause__) == f"CarelessError: failed with ['middle {MARK}']"


def test_an_error_without_secrets_is_left_alone() -> None:
    cause = CarelessError("nothing")
    error = ProviderError("plain", kind="network", retry="unsure")
    error.__cause__ = cause
    before = dict(vars(error))
    KNOWING.error(error)
    assert error.__cause__ is cause
    assert vars(error) == before
    assert type(error.kind).__name__ == "ErrorKind"


def test_errors_that_cause_each_other_are_cleaned_too() -> None:
    one, two = ValueError(SECRET), ValueError(SECRET)
    one.__context__, two.__context__ = two, one
    KNOWING.error(one)
    assert SECRET not in repr(one) + repr(two)
