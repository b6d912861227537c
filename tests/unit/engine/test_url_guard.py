"""Which URLs may be fetched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.engine.url_guard import LONGEST, UrlGuard, shown, tidied
from genmux.engine.urls import origin_of
from genmux.types.errors import ConfigurationError, InvalidRequestError

PUBLIC, PRIVATE = "93.184.216.34", "10.1.2.3"


def guard(*private: str, address: str = PUBLIC, by_proxy: bool = False) -> UrlGuard:
    async def resolve(name: str, port: int) -> tuple[str, ...]:
        del port
        if name == "nowhere.test":
            raise OSError(-2, "Name or service not known")
        return (address,)

    return UrlGuard(private, resolve=resolve, by_proxy=lambda _: by_proxy)


@pytest.mark.parametrize(
    ("url", "tidy"),
    [
        ("https://cdn.test/a.png", "https://cdn.test/a.png"),
        ("HTTPS://CDN.test/a b/ä.png?q=1&t=a|b#top", "https://CDN.test/a%20b/%C3%A4.png?q=1&t=a%7Cb"),
        ("https://cdn.test/a%20b?x=%2F", "https://cdn.test/a%20b?x=%2F"),
        ("https://bücher.test:8443/x", "https://xn--bcher-kva.test:8443/x"),
        ("https://[2606:4700:4700::1111]/x", "https://[2606:4700:4700::1111]/x"),
        ("http://cdn.test", "http://cdn.test"),
    ],
)
async def test_a_url_is_tidied(url: str, tidy: str) -> None:
    checked = await guard().check(url)

    assert checked.url == tidy
    assert not checked.trusted


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cdn.test/a",
        "//cdn.test/a",
        "file:///etc/passwd",
        "ftp://cdn.test/a",
        "javascript:alert(1)",
        "data:text/plain,x",
        "https://",
        "https:///a",
        "https://user@cdn.test/",
        "https://user:pass@cdn.test/",
        "https://bücher:x@cdn.test/",
        "https://cdn.test:99999/",
        "https://cdn.test\\@evil.test/",
        "https://cdn.test:80:80/",
        "https://[::1/",
        "https://cd n.test/",
        "https://cdn.test\r\nhost: evil/",
        "https://cdn.test/" + "a" * LONGEST,
    ],
)
async def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequestError):
        await guard().check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:8484/",
        "http://[::1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest/",
        "http://0.0.0.0/",
    ],
)
async def test_private_literals_are_refused(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="private network"):
        await guard().check(url)


@pytest.mark.parametrize("url", ["http://0x7f.1/", "http://2130706433/", "http://127.1/", "http://0177.0.0.1/"])
async def test_odd_spellings_of_addresses_are_looked_up_like_names(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="private network"):
        await guard(address="127.0.0.1").check(url)


@pytest.mark.parametrize(
    "entry",
    ["studio.lan", "STUDIO.lan.", "studio.lan:8188", PRIVATE, f"{PRIVATE}:8188", "10.1.0.0/16"],
)
async def test_the_operator_may_name_private_hosts(entry: str) -> None:
    checked = await guard(entry, address=PRIVATE).check("http://studio.lan:8188/view")

    assert checked.addresses == (PRIVATE,)


@pytest.mark.parametrize("entry", ["other.lan", "studio.lan:80", "10.2.0.0/16", f"{PRIVATE}:80", "fd00::/8"])
async def test_and_others_stay_closed(entry: str) -> None:
    with pytest.raises(InvalidRequestError):
        await guard(entry, address=PRIVATE).check("http://studio.lan:8188/view")


async def test_an_address_inside_another_fits_the_network_that_was_named() -> None:
    checked = await guard("[::1]:80", "127.0.0.0/8").check("http://[::ffff:127.0.0.1]/")

    assert checked.addresses


@pytest.mark.parametrize(
    "entry", ["", "http://studio.lan", "a b", "studio.lan:0", "studio.lan:70000", "10.0.0.1/8", "*"]
)
def test_what_names_no_host_is_a_wrong_setting(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="private_hosts"):
        UrlGuard((entry,))


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://api.fal.test/x", True),
        ("https://v3.cdn.test/x", True),
        ("http://api.fal.test/x", False),
        ("https://api.fal.test.evil.test/x", False),
        ("https://api.fal.test:444/x", False),
        ("http://10.1.2.3:8188/x", True),
        ("http://127.0.0.1:9000/x", True),
    ],
)
async def test_trusted_hosts_may_see_a_credential(url: str, trusted: bool) -> None:
    hosts = ("api.fal.test", "*.cdn.test", "http://10.1.2.3:8188/base", "http://127.0.0.1:9000")

    assert (await guard("10.1.2.3").check(url, trusted_hosts=hosts)).trusted is trusted


async def test_a_host_that_only_the_proxy_can_find_is_left_to_it() -> None:
    checked = await guard(by_proxy=True).check("https://nowhere.test/x")

    assert checked.addresses == ()


def test_what_is_shown_of_a_url_has_no_secrets_in_it() -> None:
    assert shown("https://u:p@cdn.test/a/b.png?X-Amz-Signature=s#t") == "https://cdn.test/a/b.png"
    assert len(shown("https://cdn.test/" + "a" * 500)) <= 120


@given(st.text())
def test_whatever_comes_is_tidied_to_a_plain_url_or_refused(text: str) -> None:
    try:
        tidy = tidied(f"https://cdn.test/{text}")
    except InvalidRequestError:
        return
    origin = origin_of(tidy)
    assert origin is not None
    assert origin.host == "cdn.test"
