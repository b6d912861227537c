"""Where a request goes: base URL and path put together, and the one place that decides who may see a credential."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from genmux.engine.proxies import is_loopback
from genmux.types.errors import ConfigurationError, InvalidRequestError

_URL = (
    r"(?ai)(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9._~:/@!$&'()*+,;=%\[\]-]*)?(?P<query>\?[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?"
)
"""Strict on purpose: what is read here and by the HTTP client must be the same, so nothing is left to interpretation."""

_TAIL = re.compile(r"[A-Za-z0-9._~:/@!$&'()*+,;=%\[\]-]*(\?[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?")
"""The same of a path with its query."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port: who a URL belongs to."""

    scheme: str
    host: str
    port: int


class _Parts(NamedTuple):
    origin: Origin
    root: str
    path: str
    query: str


def absolute_url(base_url: str, url: str, *, api_hosts: Iterable[str] = ()) -> str:
    """The absolute URL of a request; `url` is a path below the base URL, or absolute.

    Raises InvalidRequestError for a URL that belongs neither to the base URL's origin nor to one of `api_hosts`
    (`host`, `host:port` or `*.host`, reached over https): such a host must not see the credential.
    """
    base = _base(base_url)
    if base is None:
        message = f"the base URL {base_url!r} is not a plain http:// or https:// URL; set `base_url`"
        raise ConfigurationError(message)
    if "://" not in url.partition("?")[0]:
        return _below(base, url)
    parts = _parse(url)
    if parts is None:
        message = (
            f"the URL {url!r} is not a plain http:// or https:// URL; characters outside the URL set must be %-encoded"
        )
        raise InvalidRequestError(message)
    if parts.origin != base.origin and not any(_is_host(parts.origin, host) for host in api_hosts):
        message = (
            f"a request to {parts.origin.host!r} would carry the credential away from {base.origin.host!r};"
            " list the host in the manifest's `api_hosts` if it belongs to the provider"
        )
        raise InvalidRequestError(message)
    return url


def origin_of(url: str) -> Origin | None:
    """Whose a URL is; None for what is no plain http:// or https:// URL."""
    parts = _parse(url)
    return None if parts is None else parts.origin


def is_trusted(url: str, trusted_hosts: Iterable[str]) -> bool:
    """Whether a URL belongs to one of these hosts, so that it may see a credential.

    A host is `host`, `host:port` or `*.host`, reached over https (on this machine also over http), or a whole base URL, of
    which scheme, host and port must be the same.
    """
    origin = origin_of(url)
    return origin is not None and any(
        origin_of(host) == origin if "://" in host else _is_host(origin, host) for host in trusted_hosts
    )


def _parse(url: str) -> _Parts | None:
    found = re.fullmatch(_URL, url)
    if found is None:
        return None
    scheme = found["scheme"].lower()
    port = int(found["port"]) if found["port"] else _DEFAULT_PORTS[scheme]
    if port > 65_535:
        return None
    origin = Origin(scheme, found["host"].lower(), port)
    path, query = found["path"] or "", found["query"] or ""
    return _Parts(origin, url[: len(url) - len(path) - len(query)], path, query[1:])


@lru_cache(256)
def _base(url: str) -> _Parts | None:
    """The same of the few URLs below which all others are."""
    return _parse(url)


def _below(base: _Parts, url: str) -> str:
    path, _, query = url.partition("?")
    if _TAIL.fullmatch(url) is None or any(_is_dots(segment) for segment in path.split("/")):
        message = f"the path {url!r} cannot be part of a URL; characters outside the URL set must be %-encoded"
        raise InvalidRequestError(message)
    joined = "/".join(part for part in (base.path.strip("/"), path.lstrip("/")) if part)
    queries = "&".join(part for part in (base.query, query) if part)
    return f"{base.root}/{joined}" + (f"?{queries}" if queries else "")


def _is_dots(segment: str) -> bool:
    return segment[:1] in {".", "%"} and segment.lower().replace("%2e", ".") in {".", ".."}


def _is_host(origin: Origin, allowed: str) -> bool:
    if origin.scheme != "https" and not is_loopback(origin.host):
        return False
    name, _, port = allowed.lower().partition(":")
    if origin.port != (int(port) if port.isdigit() else _DEFAULT_PORTS[origin.scheme]):
        return False
    if name.startswith("*."):
        return origin.host.endswith(name[1:])
    return origin.host == name
