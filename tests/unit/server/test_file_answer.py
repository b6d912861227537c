"""How kept files are answered."""

import pytest

from genmux.server.byte_ranges import Span
from genmux.server.file_answer import file_answer
from genmux.types.assets import Asset
from tests.ledgers import NOON


def asset(**fields: object) -> Asset:
    told = {
        "id": "asset_1",
        "tenant": "t",
        "media_type": "video/mp4",
        "bytes": 100,
        "sha256": "abc",
        "created_at": NOON,
    }
    return Asset(**{**told, **fields})


def told(
    found: Asset, *, download: bool = False, head: bool = False, **asked: str
) -> tuple[int, dict[str, str], Span | None]:
    raw = {name.replace("_", "-").encode(): value.encode() for name, value in asked.items()}
    answer = file_answer(found, raw, fresh=60.5, download=download, head=head)
    return answer.status, dict(answer.headers), answer.span


def test_a_file_comes_whole() -> None:
    status, headers, span = told(asset())

    assert (status, span) == (200, Span(0, 100))
    assert headers["content-length"] == "100"
    assert headers["etag"] == '"abc"'
    assert headers["accept-ranges"] == "bytes"
    assert headers["cache-control"] == "private, max-age=60"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox;")
    assert headers["last-modified"] == "Tue, 24 Nov 2026 12:00:00 GMT"


def test_a_part_comes_as_a_part() -> None:
    status, headers, span = told(asset(), range="bytes=10-19")

    assert (status, span, headers["content-range"], headers["content-length"]) == (
        206,
        Span(10, 20),
        "bytes 10-19/100",
        "10",
    )


def test_what_cannot_be_given_says_how_long_the_file_is() -> None:
    status, headers, span = told(asset(), range="bytes=100-")

    assert (status, span, headers["content-range"], headers["content-length"]) == (416, None, "bytes */100", "0")


def test_a_caller_who_has_it_gets_nothing() -> None:
    status, headers, span = told(asset(), if_none_match='"abc"', range="bytes=0-1")

    assert (status, span) == (304, None)
    assert "content-length" not in headers


def test_a_head_has_no_body() -> None:
    status, headers, span = told(asset(), head=True)

    assert (status, headers["content-length"], span) == (200, "100", None)


@pytest.mark.parametrize(
    ("media_type", "shown"),
    [
        ("image/png", True),
        ("video/mp4", True),
        ("audio/wav", True),
        ("image/svg+xml", False),
        ("text/html", False),
        ("application/pdf", False),
        ("application/octet-stream", False),
    ],
)
def test_what_could_be_a_page_is_saved(media_type: str, *, shown: bool) -> None:
    assert told(asset(media_type=media_type))[1]["content-disposition"].startswith("inline" if shown else "attachment")
    assert told(asset(media_type=media_type), download=True)[1]["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        (None, 'inline; filename="asset_1"'),
        ("a b.mp4", 'inline; filename="a b.mp4"'),
        ('a"b.mp4', "inline; filename=\"a_b.mp4\"; filename*=UTF-8''a%22b.mp4"),
        ("grüße\r\nx.mp4", "inline; filename=\"gr__e__x.mp4\"; filename*=UTF-8''gr%C3%BC%C3%9Fe%0D%0Ax.mp4"),
    ],
)
def test_a_file_is_saved_under_its_name(name: str | None, disposition: str) -> None:
    assert told(asset(name=name))[1]["content-disposition"] == disposition


def test_text_says_its_letters() -> None:
    assert told(asset(media_type="text/plain"))[1]["content-type"] == "text/plain; charset=utf-8"
