"""The URL guard: whether an address that came from outside may be fetched, and to which machines it leads.

What it allows names the very addresses that were looked at, and the connection is made to one of these: a name that leads
elsewhere a moment later changes nothing.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import msgspec

from genmux.engine.addresses import Address, is_public, unwrapped
from genmux.engine.proxies import environment_proxy
from genmux.engine.urls import Origin, is_trusted, origin_of
from genmux.types.errors import ConfigurationError, InvalidRequestError, NetworkError, Retry

Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""All addresses of a host name, asked for once."""

LONGEST = 8_192
"""Characters of a URL; signed ones have up to two thousand."""

_PATH, _QUERY = "/:@!$&'()*+,;=-._~%[]", "/?:@!$&'()*+,;=-._~%[]"
_NAME = re.compile(r"(?ai)(?:\*\.)?[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that may be fetched, and the addresses to which a connection may be made. `trusted` hosts may see a credential."""

    url: str
    origin: Origin
    addresses: tuple[str, ...]
    trusted: bool = False


class UrlGuard:
    """Lets through what leads to public machines alone.

    `private_hosts` are exceptions that the operator has named: a host name, an address or a network (`127.0.0.1`,
    `10.1.0.0/16`), each with or without a port (`studio.lan:8188`). `by_proxy` says of a host that cannot be found here that
    a proxy finds it, and is trusted to keep out of private networks. Raises ConfigurationError for what is none of these.
    """

    def __init__(
        self,
        private_hosts: Iterable[str] = (),
        *,
        resolve: Resolve | None = None,
        by_proxy: Callable[[Origin], bool] = lambda _: False,
    ) -> None:
        self._private = tuple(map(_private, private_hosts))
        self._resolve = resolve or _resolved
        self._by_proxy = by_proxy

    async def check(self, url: str, *, trusted_hosts: Iterable[str] = ()) -> Checked:
        """The URL, tidied, with its addresses. `trusted_hosts` (see `is_trusted`) may be private ones.

        Raises InvalidRequestError for a URL that must not be fetched, NetworkError when its host has no address now.
        """
        tidy = tidied(url)
        origin = origin_of(tidy)
        if origin is None:
            message = f"{shown(url)!r} is no http:// or https:// URL that could be fetched"
            raise InvalidRequestError(message, param="url")
        name = origin.host.strip("[]")
        addresses = await self._addresses(name, origin)
        trusted = is_trusted(tidy, trusted_hosts)
        if not trusted and not all(self._allows(name, address, origin.port) for address in addresses):
            message = (
                f"{shown(url)!r} leads into a private network or to this machine, and is not fetched; an operator can allow"
                f" its host in `private_hosts` of [assets]"
            )
            raise InvalidRequestError(message, param="url")
        return Checked(url=tidy, origin=origin, addresses=addresses, trusted=trusted)

    async def _addresses(self, name: str, origin: Origin) -> tuple[str, ...]:
        """Where a host is; nothing for one that only a proxy can find."""
        try:
            return (str(ipaddress.ip_address(name)),)
        except ValueError:
            pass
        try:
            found = await self._resolve(name, origin.port)
        except (OSError, UnicodeError) as error:
            if self._by_proxy(origin):
                return ()
            reason = getattr(error, "strerror", None) or "no such host"
            raise NetworkError(f"the host {name!r} cannot be found: {reason}", retry=Retry.SAFE) from error
        if not found:
            raise NetworkError(f"the host {name!r} has no address", retry=Retry.SAFE)
        return found

    def _allows(self, name: str, address: str, port: int) -> bool:
        return is_public(address) or any(one.fits(name, address, port) for one in self._private)


def found_by_proxy(*, allowed: bool) -> Callable[[Origin], bool]:
    """Whether a proxy of the environment finds a host, where an operator has allowed that; else nothing is left to one."""
    return _is_proxied if allowed else lambda _: False


def _is_proxied(origin: Origin) -> bool:
    return environment_proxy(origin.scheme, origin.host.strip("[]"), origin.port) is not None


class _Private(NamedTuple):
    """One exception: a name or a network, perhaps only on one port."""

    name: str | None
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    port: int | None

    def fits(self, name: str, address: str, port: int) -> bool:
        """Whether it is meant."""
        if self.port not in (None, port):
            return False
        if self.network is None:
            return self.name == name.rstrip(".")
        inner: Address = unwrapped(ipaddress.ip_address(address))
        return inner.version == self.network.version and inner in self.network


def _private(entry: str) -> _Private:
    host, port = _split(entry.strip().lower())
    try:
        network = ipaddress.ip_network(host)
    except ValueError:
        network = None
    named = network is not None or _NAME.fullmatch(host) is not None
    if not named or (port is not None and not 0 < port < 65_536):
        message = (
            f"`private_hosts` of [assets] has {entry!r}, which is no host name, address or network, such as studio.lan,"
            " 127.0.0.1, 10.1.0.0/16, or one of these with a port, as in studio.lan:8188"
        )
        raise ConfigurationError(message)
    return _Private(None if network is not None else host.rstrip("."), network, port)


def _split(entry: str) -> tuple[str, int | None]:
    """Host and port; an IPv6 address with a port stands in brackets."""
    if found := re.fullmatch(r"(?a)\[(?P<host>[^\]]+)\](?::(?P<port>\d{1,5}))?", entry):
        return found["host"], int(found["port"]) if found["port"] else None
    host, colon, port = entry.rpartition(":")
    if colon and ":" not in host and port.isdecimal():
        return host, int(port)
    return entry, None


def tidied(url: str) -> str:
    """A URL with its host in ASCII, without its fragment, and with everything %-encoded that must be; else as it is.

    Raises InvalidRequestError for one that is too long, or brings a user name along.
    """
    if len(url) > LONGEST:
        raise InvalidRequestError(f"a URL has {len(url)} characters; {LONGEST} is the most", param="url")
    try:
        parts = urlsplit(url.strip())
        host = parts.netloc if parts.netloc.isascii() else _in_ascii(parts)
    except (ValueError, UnicodeError) as error:
        raise InvalidRequestError(f"{shown(url)!r} is no URL: {error}", param="url") from error
    if "@" in host:
        raise InvalidRequestError(f"{shown(url)!r} has a user name in it; leave that out", param="url")
    return urlunsplit((parts.scheme, host, quote(parts.path, safe=_PATH), quote(parts.query, safe=_QUERY), ""))


def _in_ascii(parts: SplitResult) -> str:
    """Host and port with a foreign name in its IDNA form."""
    user = "@" if parts.username is not None else ""
    port = "" if parts.port is None else f":{parts.port}"
    return f"{user}{(parts.hostname or '').encode('idna').decode()}{port}"


def shown(url: str) -> str:
    """A URL for people and logs: without its query, in which secrets stand, and without user and password."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, there, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    short = f"{scheme}{there}{host.rpartition('@')[2]}{slash}{path}" if there else bare
    return short if len(short) <= 120 else f"{short[:117]}…"


async def _resolved(name: str, port: int) -> tuple[str, ...]:
    """What the system says."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))
