"""PixVerse wants a key and, with each request, an id that it has not seen: what comes with an old one is answered with the old answer.

Source: docs.platform.pixverse.ai, "How to use the API" and "Ai-Trace-Id", read 2026-11-27.
"""

import uuid
from collections.abc import Mapping
from typing import Final

from genmux.contract.http import HttpRequest

KEY: Final = "api-key"
TRACE: Final = "ai-trace-id"


def trace_of(key: str) -> str:
    """The id of the one submission that has a key of ours: a UUID, and always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, key))


def sign(request: HttpRequest, credential: Mapping[str, str]) -> HttpRequest:
    """The request with the key, and with a new id where it has none: with an old one a poll would never get further."""
    headers = [(KEY, key)] if (key := credential.get("api_key")) else []
    if TRACE not in {name.lower() for name, _ in request.headers}:
        headers.append((TRACE, str(uuid.uuid4())))
    return request.with_headers(headers)
