"""Who may use the gateway."""

import hmac
import ipaddress
import secrets
from collections.abc import Iterable

from genmux.server.http import Request
from genmux.server.loopback import host_of, is_loopback
from genmux.server.pages import Pages
from genmux.services.keys import KeyRing, check_address, is_within
from genmux.types.errors import AuthenticationError, ConfigurationError, PermissionDeniedError
from genmux.types.principal import NOBODY, Principal

MINIMUM_KEY_LENGTH = 16
"""Shorter keys can be guessed."""

_LOCAL = b"gmxlocal_"


class Access:
    """Checks keys, or, where there are none, that the caller is on this machine and no foreign web page.

    `trusted_proxies` are networks whose `x-forwarded-for` is believed. Raises ConfigurationError for one that is none.
    """

    def __init__(self, ring: KeyRing, pages: Pages, *, trusted_proxies: Iterable[str] = ()) -> None:
        self._ring = ring
        self._pages = pages
        self._proxies = tuple(trusted_proxies)
        for network in self._proxies:
            _check_network(network)
        self.local_token = _LOCAL.decode() + secrets.token_urlsafe(32)
        """With it programs of the same user administer the gateway; they read it in the lock file of its store."""

    def check(self, request: Request) -> Principal:
        """For whom the request is served. Raises AuthenticationError or PermissionDeniedError when it must not be."""
        key = _key(request)
        if key.startswith(_LOCAL):
            return self._check_local(request, key)
        if not self._ring.demands:
            self._check_place(request)
            return NOBODY
        if not key:
            message = "this gateway wants a key: send it as `Authorization: Bearer KEY` or `x-api-key: KEY`"
            raise AuthenticationError(message, status=401)
        principal = self._ring.find(key)
        allow = principal.allow
        if allow is not None and allow.networks:
            check_address(allow, self.address(request))
        return principal

    def address(self, request: Request) -> str | None:
        """Where the caller is: the other end of the connection, or, behind trusted proxies, whom the first of them saw."""
        seen = request.client
        if not self._proxies or not is_within(seen, self._proxies):
            return seen
        told = request.header(b"x-forwarded-for") or ""
        for one in reversed([part.strip() for part in told.split(",") if part.strip()]):
            seen = one
            if not is_within(one, self._proxies):
                break
        return seen

    def _check_local(self, request: Request, key: bytes) -> Principal:
        if not is_loopback(request.client or "") or not hmac.compare_digest(key, self.local_token.encode()):
            message = "this token is that of another gateway, or not used on its machine; run the command again"
            raise AuthenticationError(message, status=401)
        return NOBODY

    def _check_place(self, request: Request) -> None:
        """A page in this machine's browser must not spend the user's money by way of a name that leads here."""
        host = (request.header(b"host") or "").lower()
        if host and not is_loopback(host_of(f"//{host}")):
            message = f"this gateway has no keys and answers only to its local address, not to {host!r}"
            raise PermissionDeniedError(message, status=403)
        origin = request.header(b"origin")
        if origin and not self._pages.may_call(origin):
            message = f"this gateway has no keys and does not serve the web page {origin!r}"
            raise PermissionDeniedError(message, status=403)


def _key(request: Request) -> bytes:
    scheme, _, key = request.headers.get(b"authorization", b"").partition(b" ")
    return key.strip() if scheme.lower() == b"bearer" and key else request.headers.get(b"x-api-key", b"")


def _check_network(network: str) -> None:
    try:
        ipaddress.ip_network(network)
    except ValueError as error:
        message = f"`trusted_proxies` of [gateway] has {network!r}, which is no network such as 10.0.0.0/8: {error}"
        raise ConfigurationError(message) from error


def check_exposure(host: str, keys: Iterable[str], *, stored: bool = False) -> None:
    """Raise ConfigurationError when the gateway would be open to others, or its keys are too weak.

    `stored` says that there are keys in the store, which are never weak.
    """
    known = [*keys]
    if weak := [key for key in known if len(key) < MINIMUM_KEY_LENGTH]:
        message = f"{len(weak)} of the gateway's keys are shorter than {MINIMUM_KEY_LENGTH} characters; use longer ones"
        raise ConfigurationError(message)
    if not known and not stored and not is_loopback(host):
        message = (
            f"refusing to listen on {host} without keys: make one with `genmux keys create NAME`, set"
            " GENMUX_GATEWAY_KEYS or `keys` in [gateway] of genmux.toml, or listen on 127.0.0.1"
        )
        raise ConfigurationError(message)
