"""Embeddings, and token counts that are asked for where that is free."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from genmux.contract.features import Support
from genmux.contract.manifest import Manifest, ModelSpec
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.flows.call.options import CallOptions
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import (
    BudgetExceededError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    ValidationError,
)
from genmux.types.keys import Allowance
from genmux.types.money import TokenCount
from genmux.types.principal import Principal
from genmux.types.usage import Usage
from tests.fake_transport import Played
from tests.unit.flows.call.house import JSON, app, failing, limited, listen, local, request, total
from tests.unit.flows.call.keepers import Kept

VECTORS = Played(
    msgspec.json.encode(
        {
            "object": "list",
            "model": "vectors-1",
            "data": [{"object": "embedding", "index": 0, "embedding": [1.0, 2.0]}],
            "usage": {"prompt_tokens": 100, "total_tokens": 100},
        }
    ),
    headers=JSON,
)
ASKED = EmbedRequest(model="acme/vectors", inputs=("hello",))
EMBEDS = Principal(allow=Allowance(operations=("embed",)))
"""Whoever may not chat."""


async def test_vectors_come_with_usage_cost_and_where_from() -> None:
    house, transport = app(VECTORS)
    heard = listen(house)

    result = await house.calls.embed(ASKED)

    assert result.vectors == ((1.0, 2.0),)
    assert (result.provider, result.attempts, result.request_id) == ("acme", 1, "req-1")
    assert result.cost is not None
    assert result.cost.amount == Decimal("0.0001")
    assert transport.requests[0].url.endswith("/embeddings")
    assert [(event.type, event.data["operation"]) for event in heard] == [
        ("generation.started", "embed"),
        ("generation.completed", "embed"),
    ]


async def test_embeddings_are_checked_and_held_to_their_budget() -> None:
    house, transport = app(VECTORS)

    with pytest.raises(ValidationError, match="`inputs` is empty"):
        await house.calls.embed(EmbedRequest(model="acme/vectors", inputs=()))
    with pytest.raises(BudgetExceededError, match="shorten the prompt or raise the limit"):
        await house.calls.embed(ASKED, limited("0.000001"))
    with pytest.raises(ValidationError) as caught:
        house.calls.validate(EmbedRequest(model="acme/vectors", inputs=()), limited("0"))
    assert len(caught.value.faults) == 1
    with pytest.raises(ValidationError, match="has no model"):
        house.calls.validate(EmbedRequest(model="acme/none", inputs=()))

    assert house.calls.validate(ASKED) == ()
    assert house.calls.estimate(ASKED).high is not None
    assert transport.requests == []


async def test_a_refusal_of_embeddings_is_booked() -> None:
    house, _ = app(failing(429))

    with pytest.raises(RateLimitError) as caught:
        await house.calls.embed(ASKED, CallOptions(retries=0))

    assert caught.value.model == "vectors"
    assert total(house, "acme/vectors") == (0, 1, 0)


async def test_an_embedded_engine_gives_vectors_too() -> None:
    result = EmbedResult(vectors=((1.0,),), usage=Usage(meters={"tokens.input": 100}))
    house, engine = local(result)

    assert (await house.calls.embed(EmbedRequest(model="inside/one", inputs=("a",)))).vectors == ((1.0,),)
    assert engine.stopped == 1
    await house.aclose()


async def test_an_embedded_engine_that_gives_nothing_is_an_error() -> None:
    house, _ = local()

    with pytest.raises(ServerError, match="gave no result"):
        await house.calls.embed(EmbedRequest(model="inside/one", inputs=("a",)))
    await house.aclose()


class Counting:
    """A wire, or an embedded engine, that counts; `fault` is raised instead."""

    isolation = "inline"

    def __init__(self, fault: ProviderError | None = None) -> None:
        self.fault = fault

    def count(self, _request: ChatRequest) -> TokenCount:
        if self.fault is not None:
            raise self.fault
        return TokenCount(7, True, "inside")

    def run(self, _request: Any) -> Any:
        return iter(())


class CountingEngine(Counting):
    def load(self, _model: Model, _options: dict[str, str]) -> Counting:
        return self


def counting(engine: Any) -> tuple[Any, Any]:
    """An App whose model `inside/one` counts with this engine."""
    spec = ModelSpec(operations={"chat": "engine"}, features={"count_tokens": Support.NATIVE})
    manifest = Manifest(spec=1, id="inside", name="Inside", requires_credentials=False, models={"one": spec})
    house, transport = app()
    house.registry.register(Provider(manifest=manifest, wires={"engine": engine}))
    return house, transport


async def test_a_model_that_does_not_count_is_counted_here() -> None:
    house, transport = app()

    assert (await house.calls.count_tokens(request("hello"))).method == "characters"
    assert transport.requests == []


async def test_an_embedded_engine_counts_by_itself_or_not_at_all() -> None:
    asked = request(name="inside/one")

    assert await counting(CountingEngine())[0].calls.count_tokens(asked) == TokenCount(7, True, "inside")
    unable, _ = counting(CountingEngine(ProviderError("no", kind="unsupported")))
    assert (await unable.calls.count_tokens(asked)).method == "characters"
    failing_, _ = counting(CountingEngine(RequestTimeoutError("late")))
    with pytest.raises(RequestTimeoutError) as caught:
        await failing_.calls.count_tokens(asked)
    assert (caught.value.provider, caught.value.model) == ("inside", "one")


async def test_a_provider_counts_for_free_and_may_be_asked_again() -> None:
    house, transport = app(failing(500), Played(b'{"input_tokens": 12}', headers=JSON))
    house.engine._sleep = _no_sleep  # noqa: SLF001

    count = await house.calls.count_tokens(
        request(name="anthropic/claude-haiku-4-5"), CallOptions(credential={"api_key": "k"})
    )

    assert (count.tokens, count.method) == (12, "provider")
    assert [sent.url for sent in transport.requests] == ["https://api.anthropic.com/v1/messages/count_tokens"] * 2


async def test_without_a_key_the_count_is_made_here() -> None:
    house, transport = app()

    assert not (await house.calls.count_tokens(request(name="anthropic/claude-haiku-4-5"))).exact
    assert transport.requests == []


async def test_a_wire_that_cannot_count_is_helped_out() -> None:
    house, _ = counting(Counting())

    assert (await house.calls.count_tokens(request(name="inside/one"))).method == "characters"


async def _no_sleep(_seconds: float) -> None:
    """Stands in for asyncio.sleep."""


async def test_a_count_takes_a_place_under_the_rate_limits_and_only_of_a_model_that_the_key_may_use() -> None:
    house, _ = app()
    kept = Kept(house, most=1)
    assert kept.limits is not None

    with pytest.raises(PermissionDeniedError):
        await house.calls.count_tokens(request("hello"), CallOptions(principal=EMBEDS))
    await house.calls.count_tokens(request("hello"))
    with pytest.raises(RateLimitError):
        await house.calls.count_tokens(request("hello"))

    assert kept.limits.tokens == [0]
    assert kept.limits.entries[0].left == [0]
