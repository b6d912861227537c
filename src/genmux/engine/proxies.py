"""Which proxy, if any, stands between us and a host: what the environment says."""

import re
from urllib.parse import urlsplit

from genmux.types.errors import ConfigurationError

_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?", re.IGNORECASE)


def environment_proxy(scheme: str, host: str, port: int | None) -> str | None:
    """The proxy that `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` name for a host.

    A host on this machine is always reached directly, since a proxy elsewhere cannot know it.
    """
    from urllib.request import getproxies, proxy_bypass  # noqa: TID251 — they only read the environment

    if is_loopback(host) or proxy_bypass(f"{host}:{port}" if port else host):
        return None
    table = getproxies()
    proxy = table.get(scheme) or table.get("all")
    if not proxy:
        return None
    return checked_proxy(proxy if "://" in proxy else f"http://{proxy}")


def checked_proxy(proxy: str) -> str:
    """The proxy's URL. Raises ConfigurationError when it is of a kind that cannot be used."""
    parts = urlsplit(proxy)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        shown = f"{parts.scheme}://{parts.hostname or ''}"
        message = f"the proxy {shown!r} cannot be used: it must be an http:// or https:// URL with a host"
        raise ConfigurationError(message)
    return proxy


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return _LOOPBACK.fullmatch(host) is not None
