"""OpenAI's Chat Completions, as some forty hosts speak it: both halves, whole and streamed.

What differs between hosts is in `profile`; what two documents may differ in and still say the same, in `equivalence`.
"""

from collections.abc import Mapping
from typing import Any

from genmux.contract.dialect import Dialect
from genmux.dialects.openai_chat.client import OpenAIChatWire
from genmux.dialects.openai_chat.profile import read_profile
from genmux.dialects.openai_chat.schema import NAME
from genmux.dialects.openai_chat.server import OpenAIChatServer


def client(options: Mapping[str, Any]) -> OpenAIChatWire:
    """The wire for one host. Raises ConfigurationError for unknown options."""
    return OpenAIChatWire(read_profile(options))


dialect = Dialect(name=NAME, client=client, server=OpenAIChatServer(), paths=("/chat/completions",))
