"""Who is served."""

import datetime

import pytest

from genmux.server.access import Access, check_exposure
from genmux.server.http import Request
from genmux.server.loopback import host_of, is_loopback
from genmux.server.pages import Pages
from genmux.services.keys import KeyRing
from genmux.types.errors import AuthenticationError, ConfigurationError, PermissionDeniedError
from tests.unit.server.asgi import asking

NOW = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
KEY = "a-key-that-nobody-guesses"
RING = KeyRing(lambda: NOW, configured=[KEY, "another-key-of-the-gateway"])
KEYED = Access(RING, Pages((), local=False))
OPEN = Access(KeyRing(lambda: NOW), Pages(["https://app.example/"], local=True))


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY} "},
        {"x-api-key": KEY},
        {"authorization": f"Bearer {KEY}", "host": "gateway.example", "origin": "https://x.example"},
    ],
)
def test_a_key_opens(headers: dict[str, str]):
    found = KEYED.check(asking(**headers))
    assert found.role == "root"
    assert found.key is not None
    assert found.key.startswith("configured/")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": f"Basic {KEY}"},
        {"x-api-key": KEY[:-1]},
        {"x-api-key": "\xff"},
    ],
)
def test_anything_else_does_not(headers: dict[str, str]):
    with pytest.raises(AuthenticationError):
        KEYED.check(asking(**headers))


@pytest.mark.parametrize("host", ["localhost:8484", "127.0.0.1", "[::1]:8484", "genmux.localhost", "127.9.9.9:1"])
@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "http://[::1]", "https://app.example", "https://APP.example"]
)
def test_without_keys_this_machine_is_served(host: str, origin: str):
    OPEN.check(asking(host=host, origin=origin))
    OPEN.check(asking(host=host))


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example"},
        {"host": "[::1"},
        {"host": "localhost", "origin": "https://evil.example"},
        {"host": "localhost", "origin": "null"},
        {"host": "localhost", "origin": "http://[bad"},
    ],
)
def test_without_keys_nobody_else_is(headers: dict[str, str]):
    with pytest.raises(PermissionDeniedError):
        OPEN.check(asking(**headers))


def test_a_gateway_is_not_opened_by_mistake():
    check_exposure("127.0.0.1", ())
    check_exposure("0.0.0.0", [KEY])  # noqa: S104 — the point of it
    with pytest.raises(ConfigurationError, match="GENMUX_GATEWAY_KEYS"):
        check_exposure("0.0.0.0", ())  # noqa: S104 — as above
    with pytest.raises(ConfigurationError, match="shorter than 16"):
        check_exposure("127.0.0.1", [KEY, "short"])


def test_names_of_this_machine_are_known():
    assert all(map(is_loopback, ("localhost", "a.localhost", "127.0.0.1", "::1", "[::1]")))
    assert not any(map(is_loopback, ("", "example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0")))  # noqa: S104
    assert host_of("http://[bad") == ""


def from_(client: str, **headers: str) -> Request:
    """A request from an address."""
    request = asking(**headers)
    request.client = client
    return request


def test_the_local_token_is_roots_and_only_on_this_machine():
    for access in (KEYED, OPEN):
        token = f"Bearer {access.local_token}"
        assert access.check(from_("127.0.0.1", authorization=token, host="localhost")).role == "root"
        for client in ("10.0.0.1", "203.0.113.9"):
            with pytest.raises(AuthenticationError):
                access.check(from_(client, authorization=token, host="localhost"))
    with pytest.raises(AuthenticationError):
        KEYED.check(from_("127.0.0.1", authorization=f"Bearer {OPEN.local_token}"))


@pytest.mark.parametrize(
    ("client", "told", "address"),
    [
        ("203.0.113.9", "10.1.1.1", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "8.8.8.8, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_say_for_whom_they_ask(client: str, told: str, address: str):
    access = Access(RING, Pages((), local=False), trusted_proxies=["10.0.0.0/8"])
    assert access.address(from_(client, **{"x-forwarded-for": told})) == address
    assert KEYED.address(from_(client, **{"x-forwarded-for": told})) == client


def test_a_proxy_that_is_no_network_is_told():
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        Access(RING, Pages((), local=False), trusted_proxies=["proxy.example"])


def test_a_gateway_with_keys_in_its_store_may_be_open():
    check_exposure("0.0.0.0", (), stored=True)  # noqa: S104 — the point of it
