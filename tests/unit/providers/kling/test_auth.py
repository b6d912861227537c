"""Kling's API keys, and the tokens that an access key stands for."""

import base64
import hashlib
import hmac

import msgspec
import pytest

from genmux.contract.auth import TimedAuth
from genmux.contract.http import HttpRequest
from genmux.providers.kling.auth import KlingAuth, token
from genmux.types.errors import AuthenticationError

AUTH = KlingAuth()
PAIR = {"access_key": "ak-1", "secret_key": "sk-1"}
NOW = 1_781_080_794.9


def signed(url: str, **credential: str) -> str:
    """The one header that is put on."""
    ((name, value),) = AUTH.sign(HttpRequest(method="GET", url=url), credential, NOW).headers
    assert name == "authorization"
    return value


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_it_signs_with_the_time() -> None:
    assert isinstance(AUTH, TimedAuth)


@pytest.mark.parametrize("url", ["/tasks", "/v1/videos/text2video"])
def test_an_api_key_goes_as_it_is_wherever_it_goes(url: str) -> None:
    assert signed(url, api_key="k-1", **PAIR) == "Bearer k-1"


def test_an_access_key_becomes_a_token_that_lives_for_half_an_hour() -> None:
    head, claims, signature = token("ak-1", "sk-1", NOW).split(".")
    assert msgspec.json.decode(decoded(head)) == {"alg": "HS256", "typ": "JWT"}
    assert msgspec.json.decode(decoded(claims)) == {"iss": "ak-1", "exp": 1_781_082_594, "nbf": 1_781_080_789}
    assert decoded(signature) == hmac.new(b"sk-1", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert "=" not in head + claims + signature


def test_the_token_is_the_one_that_openssl_makes() -> None:
    assert token("ak-1", "sk-1", NOW) == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJpc3MiOiJhay0xIiwiZXhwIjoxNzgxMDgyNTk0LCJuYmYiOjE3ODEwODA3ODl9."
        "2buibq5LpvS-EHkK7Gfb39MiI3o--j3kIufsKXKWYKQ"
    )


def test_an_access_key_opens_the_older_addresses() -> None:
    assert (
        signed("https://api-singapore.klingai.com/v1/images/generations", **PAIR)
        == f"Bearer {token('ak-1', 'sk-1', NOW)}"
    )


def test_an_access_key_for_a_newer_address_is_refused_before_it_is_sent() -> None:
    with pytest.raises(AuthenticationError, match=r"older models alone.*make an API key.*\$KLING_API_KEY"):
        signed("https://api-singapore.klingai.com/text-to-video/kling-3.0", **PAIR)


@pytest.mark.parametrize("credential", [{}, {"access_key": "ak-1"}, {"secret_key": "sk-1"}])
def test_half_a_credential_is_none(credential: dict[str, str]) -> None:
    with pytest.raises(
        AuthenticationError, match=r"set \$KLING_API_KEY, or both \$KLING_ACCESS_KEY and \$KLING_SECRET_KEY"
    ):
        signed("/v1/videos/text2video", **credential)
