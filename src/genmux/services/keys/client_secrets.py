"""Client secrets: short-lived tokens with which a browser opens live sessions in place of a key.

A secret is signed and tells all that is in it, so that no table keeps it and any gateway of the same store knows it. One whose
session is too large for that is kept in the memory of the gateway that made it.
"""

import base64
import binascii
import hmac
import zlib
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import msgspec

from genmux.services.ports import Now
from genmux.types.errors import AuthenticationError, InvalidRequestError

PREFIX = "ek_"
SHORTEST, USUAL, LONGEST = 10, 600, 7_200
"""Seconds that a secret may be good for, and is where nobody says (platform.openai.com, client secrets, 2026-11)."""

MOST_TOLD = 4_096
"""Characters of a secret that tells what is in it: it has to fit into one line of HTTP."""

MOST_READ = 1_000_000
"""Bytes of what a secret tells: more is none of ours."""

_ABOUT = b"genmux client secret 1\0"

Keys = Callable[[], Awaitable[tuple[bytes, ...]]]
"""What secrets are signed with: the first signs, all are believed."""


class ClientSecret(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a secret stands for: a key (None for the user of this machine), a model, a session as its caller wrote it.

    `expires` is in seconds since 1970, `budget` in US dollars for all sessions together, beside what the key may spend. With
    `kept`, the session is in the memory of the gateway that made it.
    """

    id: str
    key: str | None
    model: str
    expires: int
    session: dict[str, Any] = msgspec.field(default_factory=dict)
    end_user: str | None = None
    budget: Decimal | None = None
    kept: bool = False


class ClientSecrets:
    """Makes secrets and knows them again. `random` gives so many bytes that nobody can guess."""

    def __init__(self, keys: Keys, *, now: Now, random: Callable[[int], bytes]) -> None:
        self._keys = keys
        self._now = now
        self._random = random
        self._kept: dict[str, ClientSecret] = {}

    async def issue(
        self,
        *,
        key: str | None,
        model: str,
        seconds: int,
        session: dict[str, Any],
        end_user: str | None = None,
        budget: Decimal | None = None,
    ) -> tuple[str, ClientSecret]:
        """A new secret that is good for so many seconds. Raises InvalidRequestError."""
        if not SHORTEST <= seconds <= LONGEST:
            message = f"a client secret is good for {SHORTEST} to {LONGEST} seconds, not {seconds}"
            raise InvalidRequestError(message, param="expires_after.seconds")
        secret = ClientSecret(
            id=self._random(12).hex(),
            key=key,
            model=model,
            expires=int(self._now().timestamp()) + seconds,
            session=session,
            end_user=end_user,
            budget=budget,
        )
        text = await self._told(secret)
        if len(text) > MOST_TOLD:
            self._forget()
            self._kept[secret.id] = secret
            short = msgspec.structs.replace(secret, session={}, kept=True)
            text = await self._told(short)
        return text, secret

    async def open(self, text: str) -> ClientSecret:
        """What a secret stands for. Raises AuthenticationError for one that is over, or never was one."""
        told, _, signature = text.removeprefix(PREFIX).partition(".")
        known = text.isascii() and len(text) <= 2 * MOST_TOLD and text.startswith(PREFIX)
        right = False
        for key in await self._keys() if known else ():
            right |= hmac.compare_digest(_signature(key, told), signature)
        if not right:
            raise AuthenticationError("this client secret is not one of this gateway's; ask for a new one", status=401)
        secret = _read(told)
        if secret.expires <= self._now().timestamp():
            raise AuthenticationError("this client secret has expired; ask for a new one", status=401)
        if secret.kept:
            kept = self._kept.get(secret.id)
            if kept is None:
                message = "this client secret is known only to the gateway that made it, and that was another one"
                raise AuthenticationError(f"{message}; ask this one for a new one", status=401)
            return kept
        return secret

    async def _told(self, secret: ClientSecret) -> str:
        told = base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(secret), 9)).decode().rstrip("=")
        return f"{PREFIX}{told}.{_signature((await self._keys())[0], told)}"

    def _forget(self) -> None:
        now = self._now().timestamp()
        self._kept = {name: one for name, one in self._kept.items() if one.expires > now}


def _read(told: str) -> ClientSecret:
    """It was signed by us, so it can be read; one of another edition of genmux perhaps not."""
    try:
        packed = base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))
        return msgspec.json.decode(zlib.decompressobj().decompress(packed, MOST_READ), type=ClientSecret)
    except (binascii.Error, zlib.error, msgspec.MsgspecError) as error:
        message = "this client secret was made by another edition of the gateway; ask for a new one"
        raise AuthenticationError(message, status=401) from error


def _signature(key: bytes, told: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, _ABOUT + told.encode(), "sha256")).decode().rstrip("=")
