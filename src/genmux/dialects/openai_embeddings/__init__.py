"""OpenAI's embeddings, as most hosts speak them: both halves."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.contract.dialect import EmbedServer
from genmux.contract.wires import CallWire
from genmux.dialects.openai_embeddings.client import OpenAIEmbeddingsWire, read_profile
from genmux.dialects.openai_embeddings.server import OpenAIEmbeddingsServer
from genmux.dialects.openai_embeddings.vectors import NAME
from genmux.types.embed import EmbedRequest, EmbedResult


class EmbedDialect(msgspec.Struct, frozen=True, kw_only=True):
    """Both halves of a dialect for embeddings, as `contract.dialect.Dialect` is for chat."""

    name: str
    client: Callable[[Mapping[str, Any]], CallWire[EmbedRequest, EmbedResult]]
    server: EmbedServer
    paths: tuple[str, ...] = ()


def client(options: Mapping[str, Any]) -> OpenAIEmbeddingsWire:
    """The wire for one host. Raises ConfigurationError for unknown options."""
    return OpenAIEmbeddingsWire(read_profile(options))


dialect = EmbedDialect(name=NAME, client=client, server=OpenAIEmbeddingsServer(), paths=("/embeddings",))
