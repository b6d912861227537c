"""Google's Live API, as the Gemini API and Vertex speak it: the half that faces the provider.

What differs between hosts and models is in `profile`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.dialects.gemini_live.profile import read_profile
from genmux.dialects.gemini_live.schema import NAME
from genmux.dialects.gemini_live.wire import GeminiLiveWire


def client(options: Mapping[str, Any]) -> GeminiLiveWire:
    """The wire for one host. Raises ConfigurationError for unknown options."""
    return GeminiLiveWire(*read_profile(options))


class LiveDialect(msgspec.Struct, frozen=True, kw_only=True):
    """The dialect under its name."""

    name: str
    client: Callable[[Mapping[str, Any]], GeminiLiveWire]
    paths: tuple[str, ...] = ()


dialect = LiveDialect(name=NAME, client=client, paths=("BidiGenerateContent",))
