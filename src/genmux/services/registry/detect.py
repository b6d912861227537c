"""Which provider a URL belongs to."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from genmux.contract.manifest import Manifest


def owner(url: str, manifests: Iterable[Manifest]) -> str | None:
    """The id of the provider whose domain is the most specific ending of the URL's host; None when there is none.

    A domain with a port (`localhost:11434`) only fits that port.
    """
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    fitting = [
        (len(domain), manifest.id)
        for manifest in manifests
        for domain in manifest.domains
        if _fits(domain.lower(), host.rstrip("."), port)
    ]
    return min(fitting, key=lambda found: (-found[0], found[1]))[1] if fitting else None


def _fits(domain: str, host: str, port: int | None) -> bool:
    name, _, wanted = domain.partition(":")
    if wanted and wanted != str(port):
        return False
    return host == name or host.endswith(f".{name}")
