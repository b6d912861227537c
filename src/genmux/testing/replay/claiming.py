"""Which dialect an exchange belongs to: told by its own path, and by its API and its reply where the path was not kept."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from genmux.contract.dialect import CountingServer, Dialect
from genmux.contract.wires import CallWire, StreamWire, TokenCounter
from genmux.dialects import load_dialect
from genmux.dialects.openai_embeddings import EmbedDialect
from genmux.engine.sse import SseSplitter
from genmux.testing.replay.recording import Exchange, RecordedReply
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.embed import EmbedRequest, EmbedResult

DIALECTS: dict[str, str] = {
    "openai-chat": "openai_chat",
    "anthropic-messages": "anthropic_messages",
    "openai-embeddings": "openai_embeddings",
}
"""The names of APIs in recordings, and the dialects that speak them."""

SHAPES: dict[str, frozenset[str]] = {
    "openai_chat": frozenset({"choices", "error"}),
    "anthropic_messages": frozenset({"stop_reason", "delta", "error"}),
    "openai_embeddings": frozenset({"data", "error"}),
}
"""Keys of which a reply of the dialect (or one of its stream events) has at least one."""

PATH_OPTIONS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("anthropic_messages", r":(raw|streamRaw)Predict$", {"style": "vertex"}),
)
"""Dialect, path, and the options with which the dialect's client speaks there."""

EMBED_OPTIONS: dict[str, Mapping[str, Any]] = {"perplexity": {"base64_numbers": "int8"}}
"""The options with which a provider's embeddings are read."""

COUNT = "/count_tokens"
"""What is added to a dialect's path where tokens are counted."""

MODEL_IN_PATH = re.compile(r"/(?:deployments|models)/([^/:]+)(?:/chat/completions$|:(?:raw|streamRaw)Predict$)")
"""Azure and Vertex name the model in the path and not in the body."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The dialect that reads the exchange, the options of its client, and the model that the path names.

    `counts` is true where the tokens of a request are counted and no answer is made.
    """

    dialect: Dialect
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    model: str | None = None
    counts: bool = False

    @property
    def client(self) -> StreamWire[ChatRequest, ChatResult]:
        """The client half, as the path wants it."""
        return self.dialect.client(self.options)

    @property
    def counter(self) -> TokenCounter:
        """The part of the client half that counts."""
        wire: Any = self.client
        return wire

    @property
    def counting_server(self) -> CountingServer:
        """The part of the server half that counts."""
        server: Any = self.dialect.server
        return server


class EmbedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The dialect of embeddings that reads the exchange."""

    dialect: EmbedDialect
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def client(self) -> CallWire[EmbedRequest, EmbedResult]:
        """The client half, as the provider wants it."""
        return self.dialect.client(self.options)


def claim(exchange: Exchange) -> Claim | EmbedClaim | str:
    """The dialect of an exchange, or the reason why none claims it."""
    if exchange.reply is None:
        return "a WebSocket session: no dialect claims it"
    if exchange.path:
        return _by_path(exchange)
    name = DIALECTS.get(exchange.api)
    if name is None:
        return f"no dialect claims the API {exchange.api}"
    if _fits(exchange.reply, SHAPES[name]):
        return _claim(_dialect(name), exchange)
    return f"labelled {exchange.api}, but the reply has none of the fields {', '.join(sorted(SHAPES[name]))}"


def _claim(dialect: Dialect | EmbedDialect, exchange: Exchange) -> Claim | EmbedClaim:
    if isinstance(dialect, EmbedDialect):
        return EmbedClaim(dialect=dialect, options=EMBED_OPTIONS.get(exchange.provider, {}))
    return Claim(dialect=dialect)


def _by_path(exchange: Exchange) -> Claim | EmbedClaim | str:
    path = exchange.path.removesuffix(COUNT)
    counts = path != exchange.path
    for name in DIALECTS.values():
        dialect = _dialect(name)
        if path.endswith(dialect.paths) and (not counts or hasattr(dialect.server, "accept_count")):
            options = [options for owner, ending, options in PATH_OPTIONS if owner == name and re.search(ending, path)]
            if isinstance(dialect, EmbedDialect):
                return _claim(dialect, exchange)
            model = MODEL_IN_PATH.search(path)
            return Claim(dialect=dialect, options=next(iter(options), {}), model=model and model[1], counts=counts)
    if exchange.api in DIALECTS:
        return f"labelled {exchange.api}, but {exchange.path} belongs to another API"
    return f"no dialect claims the API {exchange.api} at {exchange.path}"


def _fits(reply: RecordedReply, keys: frozenset[str]) -> bool:
    documents = _documents(reply)
    return any(isinstance(document, dict) and not keys.isdisjoint(document) for document in documents)


def _documents(reply: RecordedReply) -> list[Any]:
    splitter = SseSplitter()
    body = reply.body
    texts = [body, *(event.data for event in (*splitter.feed(body), *splitter.flush(), *reply.events))]
    return [document for text in texts if (document := _decoded(text)) is not None]


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


@cache
def _dialect(name: str) -> Dialect | EmbedDialect:
    return load_dialect(name)
