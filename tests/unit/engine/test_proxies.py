"""What the environment says about proxies."""

import pytest

from genmux.engine.proxies import checked_proxy, environment_proxy, is_loopback
from genmux.types.errors import ConfigurationError


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128"}, None),
        ({"all_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"all_proxy": "http://one", "https_proxy": "http://two"}, "http://two"),
        ({"https_proxy": "http://proxy", "no_proxy": "api.lumen.test"}, None),
        ({"https_proxy": "http://proxy", "no_proxy": ".lumen.test"}, None),
        ({"https_proxy": "http://proxy", "no_proxy": "api.lumen.test:443"}, None),
        ({"https_proxy": "http://proxy", "no_proxy": "*"}, None),
        ({"https_proxy": "http://proxy", "no_proxy": "other.test"}, "http://proxy"),
        ({"HTTPS_PROXY": "http://proxy"}, "http://proxy"),
    ],
)
def test_the_environment_names_the_proxy(
    environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert environment_proxy("https", "api.lumen.test", 443) == proxy


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "app.localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_this_machine_needs_no_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy")
    assert is_loopback(host)
    assert environment_proxy("http", host, 80) is None


@pytest.mark.parametrize("host", ["localhost.evil.test", "127.0.0.1.evil.test", "128.0.0.1", "::2", "notlocalhost"])
def test_what_only_looks_like_this_machine_is_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("proxy", ["socks5://me:pw@proxy:1080", "http://", "nonsense"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        checked_proxy(proxy)
    assert "pw" not in str(caught.value)
