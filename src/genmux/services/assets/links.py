"""Signed links: whoever has one may read an asset until it expires, without a key."""

import base64
import datetime
import hmac
import re
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from genmux.services.assets.ports import LinkKeyStore
from genmux.services.ports import Now
from genmux.types.assets_stored import LinkKey
from genmux.types.errors import InvalidRequestError, PermissionDeniedError

SECRET = 32
"""Bytes."""

FIRST = "1"
"""The id of the first key, whoever makes it: of several processes that begin at once, one does."""

LONGEST = 7 * 86_400.0
"""Seconds that a link may be good for."""

_DIGITS = re.compile(r"(?a)[1-9]\d{0,11}")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link to an asset: its path with the signature, or a whole URL where the gateway knows its public address."""

    asset: str
    url: str
    expires_at: datetime.datetime


class Links:
    """Signs links and checks them. `random` gives so many bytes that nobody can guess; `public_url` is the gateway's address."""

    def __init__(
        self, store: LinkKeyStore, *, now: Now, random: Callable[[int], bytes], public_url: str | None = None
    ) -> None:
        self._store = store
        self._now = now
        self._random = random
        self._keys: tuple[LinkKey, ...] = ()
        self.public_url = None if public_url is None else public_url.rstrip("/")

    async def sign(self, asset: str, *, seconds: float, base: str | None = None) -> Link:
        """A link that is good for so many seconds. `base` is an address in place of the public one, for links of our own.

        Raises InvalidRequestError.
        """
        if not 1 <= seconds <= LONGEST:
            message = f"a link is good for 1 to {LONGEST:.0f} seconds, not {seconds:g}"
            raise InvalidRequestError(message, param="seconds")
        end = self._now() + datetime.timedelta(seconds=seconds)
        expires = int(end.timestamp()) + 1
        signature = _signature((await self._known())[0].secret, asset, expires)
        query = urlencode({"expires": expires, "signature": signature})
        url = f"{base if base is not None else self.public_url or ''}/assets/{asset}?{query}"
        return Link(asset=asset, url=url, expires_at=datetime.datetime.fromtimestamp(expires, datetime.UTC))

    async def check(self, asset: str, *, expires: str, signature: str) -> float:
        """Seconds that a link is still good for. Raises PermissionDeniedError when it is over, or never was one."""
        right = False
        if _DIGITS.fullmatch(expires) and signature.isascii():
            for key in await self._known():
                right |= hmac.compare_digest(_signature(key.secret, asset, int(expires)), signature)
        if not right:
            raise PermissionDeniedError("the signature of this link is wrong; ask for a new link", status=403)
        left = int(expires) - self._now().timestamp()
        if left <= 0:
            raise PermissionDeniedError("this link has expired; ask for a new one", status=403)
        return left

    async def secrets(self) -> tuple[bytes, ...]:
        """What all gateways of the same store sign with, for others who sign; the first signs, all are believed."""
        return tuple(key.secret for key in await self._known())

    async def _known(self) -> tuple[LinkKey, ...]:
        """The keys; the first asker has one made."""
        if not self._keys:
            fresh = LinkKey(FIRST, self._random(SECRET))
            self._keys = await self._store.keys(fresh, self._now())
        return self._keys


def _signature(secret: bytes, asset: str, expires: int) -> str:
    told = f"genmux asset 1\0{asset}\0{expires}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, told, "sha256")).decode().rstrip("=")
