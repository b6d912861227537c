"""How a kept file is answered: which bytes, and what a browser may do with them."""

import email.utils
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from genmux.server.byte_ranges import Span, UnsatisfiableError, is_known, span_of
from genmux.types.assets import Asset

Headers = tuple[tuple[str, str], ...]

_POLICY = "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"
"""Whatever is in a file, it runs no script, and speaks with nobody."""

_SHOWN = ("image/", "video/", "audio/")
_NOT_SHOWN = frozenset({"image/svg+xml"})


class FileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Status and headers, and the bytes that follow; None where none do."""

    status: int
    headers: Headers
    span: Span | None = None


def file_answer(
    asset: Asset, asked: Mapping[bytes, bytes], *, fresh: float, download: bool = False, head: bool = False
) -> FileAnswer:
    """The answer to a request with these headers (names in lower case).

    It may be kept for `fresh` seconds by whoever asked. With `download`, browsers save it in place of showing it.
    """
    tag = f'"{asset.sha256}"'
    common: Headers = (
        ("etag", tag),
        ("accept-ranges", "bytes"),
        ("cache-control", f"private, max-age={max(int(fresh), 0)}"),
        ("last-modified", email.utils.format_datetime(asset.created_at, usegmt=True)),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", _POLICY),
        ("cross-origin-resource-policy", "cross-origin"),
    )
    if is_known(asked, tag):
        return FileAnswer(status=304, headers=common)
    try:
        part = span_of(asked, size=asset.bytes, tag=tag)
    except UnsatisfiableError:
        told = (("content-range", f"bytes */{asset.bytes}"), ("content-length", "0"))
        return FileAnswer(status=416, headers=(*common, *told))
    span = part or Span(0, asset.bytes)
    headers = [*common, ("content-type", _content_type(asset)), ("content-length", str(span.size))]
    headers.append(("content-disposition", _disposition(asset, download=download)))
    if part is not None:
        headers.append(("content-range", part.content_range(asset.bytes)))
    return FileAnswer(status=200 if part is None else 206, headers=tuple(headers), span=None if head else span)


def _content_type(asset: Asset) -> str:
    return f"{asset.media_type}; charset=utf-8" if asset.media_type.startswith("text/") else asset.media_type


def _disposition(asset: Asset, *, download: bool) -> str:
    """Pictures, sounds and videos are shown; what could be a page of its own is saved."""
    shown = asset.media_type.startswith(_SHOWN) and asset.media_type not in _NOT_SHOWN and not download
    kind = "inline" if shown else "attachment"
    name = asset.name or asset.id
    plain = "".join(one if " " <= one <= "~" and one not in '"\\%' else "_" for one in name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'
