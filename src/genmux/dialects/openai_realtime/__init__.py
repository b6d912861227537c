"""OpenAI's realtime sessions, as several hosts speak them: both halves, in both forms.

What differs between hosts is in `profile`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.dialects.openai_realtime.profile import read_profile
from genmux.dialects.openai_realtime.schema import NAME
from genmux.dialects.openai_realtime.server import OpenAIRealtimeServer, wants_beta
from genmux.dialects.openai_realtime.wire import OpenAIRealtimeWire

__all__ = ["OpenAIRealtimeServer", "RealtimeDialect", "client", "dialect", "wants_beta"]


def client(options: Mapping[str, Any]) -> OpenAIRealtimeWire:
    """The wire for one host. Raises ConfigurationError for unknown options."""
    return OpenAIRealtimeWire(*read_profile(options))


class RealtimeDialect(msgspec.Struct, frozen=True, kw_only=True):
    """Both halves of the dialect under one name; a server half is made for each caller."""

    name: str
    client: Callable[[Mapping[str, Any]], OpenAIRealtimeWire]
    server: type[OpenAIRealtimeServer]
    paths: tuple[str, ...] = ()


dialect = RealtimeDialect(name=NAME, client=client, server=OpenAIRealtimeServer, paths=("/realtime",))
