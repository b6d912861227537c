"""Kling's two credentials: an API key, or an access key whose secret key signs tokens that live for half an hour.

Source: kling.ai/document-api, "API authentication", read 2026-11-27. Tokens are for the older addresses alone: the newer
ones answer them with 401 and code 1002, as others have measured.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.http import HttpRequest
from genmux.types.errors import AuthenticationError

LIFETIME = 1_800
"""How many seconds a token lives."""

EARLY = 5
"""From so many seconds ago a token holds, for clocks that are not quite alike."""

OLDER = "/v1/"
"""In the addresses that take tokens."""


def token(access_key: str, secret_key: str, now: float) -> str:
    """A JSON Web Token (RFC 7519) signed with HMAC-SHA256, which holds from now on; `now` is Unix time."""
    begin = int(now)
    head = _part({"alg": "HS256", "typ": "JWT"})
    claims = _part({"iss": access_key, "exp": begin + LIFETIME, "nbf": begin - EARLY})
    signed = f"{head}.{claims}"
    signature = hmac.digest(secret_key.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{_text(signature)}"


class KlingAuth:
    """The API key where there is one, else a new token for each request."""

    def sign(self, request: HttpRequest, credential: Mapping[str, str], now: float) -> HttpRequest:
        """The request with its `Authorization`. Raises AuthenticationError that says what to set."""
        return request.with_headers((("authorization", f"Bearer {_bearer(request.url, credential, now)}"),))


def _bearer(url: str, credential: Mapping[str, str], now: float) -> str:
    if key := credential.get("api_key"):
        return key
    access_key, secret_key = credential.get("access_key"), credential.get("secret_key")
    if not access_key or not secret_key:
        message = "no API key for kling: set $KLING_API_KEY, or both $KLING_ACCESS_KEY and $KLING_SECRET_KEY"
        raise AuthenticationError(message, provider="kling")
    if OLDER not in url:
        message = (
            "Kling takes an access key and a secret key for its older models alone (kling-v3 and pictures); "
            "for this one make an API key and set $KLING_API_KEY"
        )
        raise AuthenticationError(message, provider="kling")
    return token(access_key, secret_key, now)


def _part(table: Mapping[str, Any]) -> str:
    return _text(msgspec.json.encode(table))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
