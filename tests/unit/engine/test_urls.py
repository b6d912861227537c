"""Where requests may go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from genmux.engine.urls import absolute_url
from genmux.types.errors import ConfigurationError, InvalidRequestError, ProviderError

BASE = "https://api.lumen.test/v1"


@pytest.mark.parametrize(
    ("base", "path", "whole"),
    [
        (BASE, "/chat", "https://api.lumen.test/v1/chat"),
        (BASE + "/", "chat", "https://api.lumen.test/v1/chat"),
        (BASE, "", BASE),
        (BASE, "/files/", "https://api.lumen.test/v1/files/"),
        (BASE, "/chat?stream=1", "https://api.lumen.test/v1/chat?stream=1"),
        (BASE + "?api-version=2", "/chat", "https://api.lumen.test/v1/chat?api-version=2"),
        (BASE + "?api-version=2", "/chat?a=b", "https://api.lumen.test/v1/chat?api-version=2&a=b"),
        ("http://localhost:11434", "/api/chat", "http://localhost:11434/api/chat"),
        ("http://[::1]:8080", "/v1", "http://[::1]:8080/v1"),
        ("http://my_service", "/v1", "http://my_service/v1"),
        (BASE, "//evil.test/x", "https://api.lumen.test/v1/evil.test/x"),
        (BASE, "/models/a%2Fb:generate", "https://api.lumen.test/v1/models/a%2Fb:generate"),
        (BASE, "/go?to=https://evil.test/", "https://api.lumen.test/v1/go?to=https://evil.test/"),
    ],
)
def test_a_path_is_put_below_the_base_url(base: str, path: str, whole: str) -> None:
    assert absolute_url(base, path) == whole


@pytest.mark.parametrize(
    "url",
    [
        "https://api.lumen.test/v2/other",
        "https://API.lumen.test:443/x",
        "https://files.lumen.test/up",
        "https://a.cdn.lumen.test/x",
        "https://queue.lumen.test:8443/x",
    ],
)
def test_the_provider_s_own_hosts_may_be_reached(url: str) -> None:
    hosts = ("files.lumen.test", "*.cdn.lumen.test", "queue.lumen.test:8443")
    assert absolute_url(BASE, url, api_hosts=hosts) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/v1",
        "http://api.lumen.test/v1",
        "http://files.lumen.test/v1",
        "https://api.lumen.test:444/v1",
        "https://files.lumen.test:444/v1",
        "https://api.lumen.test.evil.test/",
        "https://files.lumen.test.evil.test/",
        "https://cdn.lumen.test/",
        "https://evilcdn.lumen.test/",
        "http://127.0.0.1/",
    ],
)
def test_a_host_of_somebody_else_is_refused(url: str) -> None:
    hosts = ("files.lumen.test", "*.cdn.lumen.test")
    with pytest.raises(InvalidRequestError, match="credential"):
        absolute_url(BASE, url, api_hosts=hosts)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.lumen.test@evil.test/",
        "https://key@api.lumen.test/",
        "https://evil.test\\@api.lumen.test/",
        "https://api.lumen.test/a b",
        "https://api.lumen.test/\r\nx: y",
        "https://api.lumen.test/#part",
        "https://api.lumen.test:99999/",
        "https://über.test/",
        "http\u017f://api.lumen.test/",
        "https://api.lumen\u017f.test/",
        "https://api.lumen.test:\u0664\u0664\u0663/",
        "ftp://api.lumen.test/",
        "https:///x",
    ],
)
def test_a_url_that_can_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="plain http"):
        absolute_url(BASE, url)


@pytest.mark.parametrize(
    "path", ["/a b", "/\n", "/a\\b", "/ü", "/x#y", "/../admin", "/a/./b", "/a/%2e%2E/b", "/a/..?q"]
)
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be part of a URL"):
        absolute_url(BASE, path)


@pytest.mark.parametrize(
    "base", ["", "api.lumen.test", "ftp://x", "https://", "https://user:pw@api.lumen.test", BASE + "#x"]
)
def test_a_base_url_that_is_none_is_a_configuration_error(base: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL"):
        absolute_url(base, "/chat")


@given(st.text(alphabet="htps:/\\.@?#%[]é ab1-_\r\n\u017f\u212a\u0661", max_size=40))
def test_whatever_is_accepted_belongs_to_the_provider(url: str) -> None:
    try:
        whole = absolute_url(BASE, url)
    except ProviderError:
        return
    read = URL(whole, encoded=True)  # as the HTTP client reads it
    assert (read.scheme, read.host, read.port, read.user) == ("https", "api.lumen.test", 443, None)
    assert str(read) == whole
