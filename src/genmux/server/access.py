"""Who may use the gateway."""

import hashlib
import hmac
from collections.abc import Iterable

from genmux.server.http import Request
from genmux.server.loopback import host_of, is_loopback
from genmux.server.pages import Pages
from genmux.types.errors import AuthenticationError, ConfigurationError, PermissionDeniedError
from genmux.types.principal import NOBODY, Principal

MINIMUM_KEY_LENGTH = 16
"""Shorter keys can be guessed."""


class Access:
    """Checks keys, or, where there are none, that the caller is on this machine and no foreign web page.

    Only hashes of the keys are kept.
    """

    def __init__(self, keys: Iterable[str], pages: Pages) -> None:
        self._hashes = [hashlib.sha256(key.encode()).digest() for key in keys]
        self._pages = pages

    def check(self, request: Request) -> Principal:
        """For whom the request is served. Raises AuthenticationError or PermissionDeniedError when it must not be."""
        if not self._hashes:
            self._check_place(request)
            return NOBODY
        key = _key(request)
        if not key:
            message = "this gateway wants a key: send it as `Authorization: Bearer KEY` or `x-api-key: KEY`"
            raise AuthenticationError(message, status=401)
        given = hashlib.sha256(key).digest()
        known = [hmac.compare_digest(given, one) for one in self._hashes]
        if not any(known):
            message = "this key is not one of the gateway's"
            raise AuthenticationError(message, status=401)
        return Principal(role="root", key=f"configured/{given.hex()[:8]}", address=request.client)

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


def check_exposure(host: str, keys: Iterable[str]) -> None:
    """Raise ConfigurationError when the gateway would be open to others, or its keys are too weak."""
    known = [*keys]
    if weak := [key for key in known if len(key) < MINIMUM_KEY_LENGTH]:
        message = f"{len(weak)} of the gateway's keys are shorter than {MINIMUM_KEY_LENGTH} characters; use longer ones"
        raise ConfigurationError(message)
    if not known and not is_loopback(host):
        message = (
            f"refusing to listen on {host} without keys: set GENMUX_GATEWAY_KEYS or `keys` in [gateway] of genmux.toml, "
            "or listen on 127.0.0.1"
        )
        raise ConfigurationError(message)
