"""Each host is spoken to as it wants it, and what it has accepted on record is still sent."""

from typing import Any

import msgspec
import pytest

from genmux.contract.manifest import ModelSpec, inherit
from genmux.contract.model import Model
from genmux.contract.wires import Encoded
from genmux.dialects import load_dialect
from genmux.services.registry import Registry
from genmux.types.chat import ChatRequest, Message, ReasoningConfig
from genmux.types.content import Reasoning, Text, ToolCall
from genmux.types.embed import EmbedRequest
from tests.recordings import Exchange, exchanges, needs_recordings

REGISTRY = Registry()
OTHER_NAMES = {"vercel-gateway": "vercel"}
"""Providers whose recordings lie under another name."""


def model_of(provider_id: str, name: str) -> Model:
    manifest = REGISTRY.manifest(provider_id)
    spec = inherit(manifest.models.get(name, ModelSpec()), manifest.model_defaults)
    return Model(provider=provider_id, id=name, wire_id=spec.wire_id or name, spec=spec)


def encoded(provider_id: str, name: str = "some-model", **fields: Any) -> Encoded:
    messages = fields.pop("messages", (Message(role="user", content=(Text("Hello!"),)),))
    request = ChatRequest(model=name, messages=messages, **fields)
    return REGISTRY.load(provider_id).wires["chat"].encode(request, model_of(provider_id, name))


def body(sent: Encoded) -> dict[str, Any]:
    assert sent.http.body is not None
    return msgspec.json.decode(sent.http.body)


@pytest.mark.parametrize(
    ("provider_id", "field"),
    [
        ("openai", "max_completion_tokens"),
        ("groq", "max_completion_tokens"),
        ("mistral", "max_tokens"),
        ("anthropic", "max_tokens"),
    ],
)
def test_the_limit_of_an_answer_has_the_name_that_the_host_knows(provider_id: str, field: str) -> None:
    assert body(encoded(provider_id, max_tokens=7))[field] == 7


def test_mistral_calls_the_seed_random_seed() -> None:
    document = body(encoded("mistral", seed=7))
    assert document["random_seed"] == 7
    assert "seed" not in document


@pytest.mark.parametrize(
    ("provider_id", "field", "value"),
    [
        ("openai", "reasoning_effort", "low"),
        ("openrouter", "reasoning", {"effort": "low"}),
        ("deepseek", "thinking", {"type": "enabled"}),
        ("deepseek", "reasoning_effort", "low"),
        ("zai", "thinking", {"type": "enabled"}),
        ("alibaba", "enable_thinking", True),
    ],
)
def test_each_host_is_asked_to_think_in_its_own_way(provider_id: str, field: str, value: object) -> None:
    assert body(encoded(provider_id, reasoning=ReasoningConfig(effort="low")))[field] == value


@pytest.mark.parametrize(
    ("provider_id", "field"),
    [
        ("deepseek", "reasoning_content"),
        ("cerebras", "reasoning"),
        ("openrouter", "reasoning_details"),
        ("openai", None),
    ],
)
def test_earlier_reasoning_goes_back_where_the_host_looks_for_it(provider_id: str, field: str | None) -> None:
    thought = Reasoning("I look it up.", origin=model_of(provider_id, "some-model").origin)
    call = ToolCall(id="1", name="look_up", arguments="{}")
    turns = (Message(role="user", content=(Text("?"),)), Message(role="assistant", content=(thought, call)))
    message = body(encoded(provider_id, messages=turns))["messages"][1]
    fields = {"reasoning", "reasoning_content", "reasoning_details"} & message.keys()
    assert fields == ({field} if field else set())


@pytest.mark.parametrize(
    ("provider_id", "path"),
    [
        ("openai", "/chat/completions"),
        ("ollama", "/v1/chat/completions"),
        ("anthropic", "/messages"),
        ("minimax", "/anthropic/v1/messages"),
    ],
)
def test_the_path_fits_the_address_of_the_host(provider_id: str, path: str) -> None:
    assert encoded(provider_id).http.url == path


@pytest.mark.parametrize("provider_id", ["anthropic", "minimax"])
def test_hosts_of_the_messages_api_get_their_key_in_its_header(provider_id: str) -> None:
    provider = REGISTRY.load(provider_id)
    assert ("x-api-key", "k") in provider.auth(encoded(provider_id).http, {"api_key": "k"}).headers


def test_a_model_of_fireworks_is_named_with_the_account_that_owns_it() -> None:
    assert body(encoded("fireworks", "glm-5p3"))["model"] == "accounts/fireworks/models/glm-5p3"


@pytest.mark.parametrize(
    ("provider_id", "name", "expected"),
    [
        ("openai", "text-embedding-3-small", {"dimensions": 8, "encoding_format": "base64"}),
        ("mistral", "codestral-embed-2505", {"output_dimension": 8}),
        ("ollama", "nomic-embed-text", {"dimensions": 8}),
    ],
)
def test_embeddings_are_asked_for_in_the_words_of_the_host(
    provider_id: str, name: str, expected: dict[str, Any]
) -> None:
    request = EmbedRequest(model=name, inputs=("a",), dimensions=8)
    document = body(REGISTRY.load(provider_id).wires["embed"].encode(request, model_of(provider_id, name)))
    assert document == {"model": name, "input": ["a"], **expected}


def accepted() -> list[tuple[str, Exchange]]:
    """Requests of our providers' dialects that were answered well."""
    found: list[tuple[str, Exchange]] = []
    for exchange in exchanges():
        provider_id = OTHER_NAMES.get(exchange.provider, exchange.provider)
        if not REGISTRY.is_registered(provider_id) or exchange.request is None or exchange.status >= 300:
            continue
        wire = REGISTRY.manifest(provider_id).wires.get("chat")
        dialect = load_dialect(wire.dialect) if wire else None
        path = exchange.path.partition("?")[0]
        if dialect and path.endswith(dialect.paths) and isinstance(exchange.request.get("json"), dict):
            found.append((provider_id, exchange))
    return found


@needs_recordings
def test_what_a_host_has_accepted_on_record_is_still_sent_to_it() -> None:
    losses: list[str] = []
    for provider_id, exchange in accepted():
        assert exchange.request is not None
        recorded = exchange.request["json"]
        wire = REGISTRY.manifest(provider_id).wires["chat"]
        understood = load_dialect(wire.dialect).server.accept(msgspec.json.encode(recorded))
        model = model_of(provider_id, recorded["model"])
        sent = REGISTRY.load(provider_id).wires["chat"].encode(understood.request, model, stream=understood.stream)
        losses += [f"{exchange.id}: {warning}" for warning in sent.warnings if warning.kind == "unsupported"]
    assert losses == []


@needs_recordings
def test_there_are_records_of_many_hosts() -> None:
    assert len({provider_id for provider_id, _ in accepted()}) >= 10
