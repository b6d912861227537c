"""How a credential is put on a request."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable
from urllib.parse import quote

import msgspec

from genmux.contract.http import HttpRequest

Auth = Callable[[HttpRequest, Mapping[str, str]], HttpRequest]
"""Takes a request and the credential's fields (`api_key` …), gives the request that may be sent."""


@runtime_checkable
class TimedAuth(Protocol):
    """A way to sign that needs the time, such as a token that lives for minutes."""

    def sign(self, request: HttpRequest, credential: Mapping[str, str], now: float) -> HttpRequest:
        """The request that may be sent; `now` is Unix time."""
        ...


def bearer(request: HttpRequest, credential: Mapping[str, str]) -> HttpRequest:
    """`Authorization: Bearer KEY`; a request without a key is left as it is."""
    key = credential.get("api_key")
    return request.with_headers((("authorization", f"Bearer {key}"),)) if key else request


def header(name: str) -> Auth:
    """The key alone in the header `name`."""

    def sign(request: HttpRequest, credential: Mapping[str, str]) -> HttpRequest:
        key = credential.get("api_key")
        return request.with_headers(((name, key),)) if key else request

    return sign


def scheme(name: str) -> Auth:
    """`Authorization: NAME KEY`."""

    def sign(request: HttpRequest, credential: Mapping[str, str]) -> HttpRequest:
        key = credential.get("api_key")
        return request.with_headers((("authorization", f"{name} {key}"),)) if key else request

    return sign


def query(name: str) -> Auth:
    """The key in the query parameter `name`."""

    def sign(request: HttpRequest, credential: Mapping[str, str]) -> HttpRequest:
        key = credential.get("api_key")
        if not key:
            return request
        joint = "&" if "?" in request.url else "?"
        return msgspec.structs.replace(request, url=f"{request.url}{joint}{name}={quote(key, safe='')}")

    return sign


def auth_named(name: str) -> Auth:
    """The way that a manifest names: `bearer`, `none`, `header:NAME`, `scheme:NAME` or `query:NAME`."""
    way, _, parameter = name.partition(":")
    match way:
        case "bearer":
            return bearer
        case "none":
            return lambda request, _credential: request
        case "header" if parameter:
            return header(parameter)
        case "scheme" if parameter:
            return scheme(parameter)
        case "query" if parameter:
            return query(parameter)
        case _:
            message = f"auth is {name!r}; it must be 'bearer', 'none', 'header:NAME', 'scheme:NAME' or 'query:NAME'"
            raise ValueError(message)
