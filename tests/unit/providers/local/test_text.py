import asyncio
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
import pytest_asyncio

from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.engine.child import LocalHost
from genmux.engine.permit import Permit
from genmux.providers.local import provider
from genmux.providers.local.text import TextEngine
from genmux.types.chat import ChatRequest, ChatResult, Message, OutputFormat, Tool
from genmux.types.content import Text
from genmux.types.errors import ConfigurationError, ContextOverflowError, InvalidRequestError
from genmux.types.join import join
from genmux.types.money import TokenCount
from genmux.types.parts import Part, Start, TextDelta, UsagePart

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANIFEST = provider.manifest
ENGINE = provider.wires["text"]
SMOLLM2 = Model(
    provider="local",
    id="smollm2",
    wire_id=MANIFEST.models["smollm2"].wire_id or "",
    spec=inherit(MANIFEST.models["smollm2"], MANIFEST.model_defaults),
)


def model_at(path: Path) -> Model:
    return Model(provider="local", id=str(path), wire_id=str(path), spec=MANIFEST.model_defaults, listed=False)


class Local:
    """The embedded model, ready to be asked."""

    def __init__(self, options: dict[str, str]) -> None:
        self.host = LocalHost(grace=60)
        self.options = options

    def run(self, prompt: str, model: Model = SMOLLM2, *, options: dict[str, str] | None = None, **fields: Any) -> Any:
        request = ChatRequest(
            model=model.reference,
            messages=(Message(role="user", content=(Text(prompt),)),),
            **({"max_tokens": 8, "seed": 1} | fields),
        )
        return self.host.run(provider, ENGINE, model, request, options=self.options | (options or {}), permit=Permit())

    async def chat(self, prompt: str, model: Model = SMOLLM2, **fields: Any) -> ChatResult:
        return join([part async for part in self.run(prompt, model, **fields)])

    async def pace(self) -> tuple[float, float]:
        """How many seconds a token takes at the moment: to be read, and to be written."""
        result = await self.chat("Tell me something about the weather in the north of Norway.", max_tokens=6)
        timings = (result.extra or {})["timings"]
        return timings["prompt_per_token_ms"] / 1_000, timings["predicted_per_token_ms"] / 1_000

    async def count(self, prompt: str) -> TokenCount:
        request = ChatRequest(model="x", messages=(Message(role="user", content=(Text(prompt),)),))
        return await self.host.count(provider, ENGINE, SMOLLM2, request, options=self.options)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local(local_options: dict[str, str]) -> AsyncIterator[Local]:
    one = Local(local_options)
    yield one
    await one.host.aclose()


async def test_it_answers(local: Local) -> None:
    result = await local.chat("What color is the sky?", max_tokens=24, temperature=0)
    assert "blue" in result.text
    assert result.model == "smollm2"
    assert (result.usage.input, result.usage.output) == (36, 24)
    assert (result.extra or {})["timings"]["predicted_n"] == 24


async def test_it_streams_token_by_token(local: Local) -> None:
    parts: list[Part] = [part async for part in local.run("Write a long story.", max_tokens=12)]
    assert isinstance(parts[0], Start)
    assert sum(isinstance(part, TextDelta) for part in parts) >= 8
    assert any(isinstance(part, UsagePart) for part in parts)
    assert join(parts).finish.unified == "length"


async def test_the_same_seed_gives_the_same_answer(local: Local) -> None:
    await local.chat("Tell me a story.", max_tokens=1)  # from here on the prompt is cached, the same for all
    texts = {(await local.chat("Tell me a story.", seed=seed, temperature=1.5)).text for seed in (7, 7, 8, 9)}
    assert len(texts) in (2, 3)


async def test_it_ends_where_it_is_told_to(local: Local) -> None:
    result = await local.chat("Count: 1, 2, 3,", max_tokens=40, stop=("a", "e"))
    assert result.finish.unified == "stop"
    assert not set(result.text) & {"a", "e"}


async def test_structured_output_always_fits_its_schema(local: Local) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    output = OutputFormat(kind="json_schema", schema=schema, name="person", strict=True)
    result = await local.chat("Ann is 31 years old. Who is it?", output=output, max_tokens=60)

    class Person(msgspec.Struct, forbid_unknown_fields=True):
        name: str
        age: int

    assert isinstance(msgspec.json.decode(result.text, type=Person).age, int)


async def test_a_schema_that_makes_no_sense_is_an_invalid_request(local: Local) -> None:
    output = OutputFormat(kind="json_schema", schema={"type": "nonsense"}, name="x")
    with pytest.raises(InvalidRequestError, match="nonsense"):
        await local.chat("x", output=output)


async def test_tokens_are_counted_as_they_are_billed(local: Local) -> None:
    prompt = "How many tokens are in this question?"
    count = await local.count(prompt)
    assert count.exact
    assert count.tokens == (await local.chat(prompt, max_tokens=1)).usage.input


async def test_even_a_prompt_that_is_too_long_is_counted(local: Local) -> None:
    assert (await local.count("word " * 5_000)).tokens > 5_000


async def test_counting_does_not_read_the_prompt(local: Local) -> None:
    reading, _ = await local.pace()
    started = time.monotonic()
    tokens = (await local.count("count me " * 1_500)).tokens
    assert time.monotonic() - started < tokens * reading / 3


async def test_a_prompt_longer_than_the_context_is_an_error_of_its_own(local: Local) -> None:
    with pytest.raises(ContextOverflowError, match="4096") as caught:
        await local.chat("word " * 5_000)
    assert caught.value.code == "exceed_context_size_error"
    assert caught.value.status is None


async def test_cancelling_stops_the_generation(local: Local) -> None:
    _, writing = await local.pace()
    (pid,) = local.host.pids()
    async with aclosing(local.run("Tell me a very long story.", max_tokens=2_000)) as parts:
        async for part in parts:
            if isinstance(part, TextDelta):
                break
    started = time.monotonic()
    await local.chat("Hi", max_tokens=1)
    assert time.monotonic() - started < 2_000 * writing / 3
    assert local.host.pids() == (pid,)


async def test_cancelling_stops_the_reading_of_a_prompt(local: Local) -> None:
    reading, _ = await local.pace()
    (pid,) = local.host.pids()
    task = asyncio.create_task(local.chat("something long " * 1_200))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    started = time.monotonic()
    await local.chat("Hi", max_tokens=1)
    assert time.monotonic() - started < 2_400 * reading / 3
    assert local.host.pids() == (pid,)


async def test_nobody_else_can_reach_it(local: Local) -> None:
    await local.chat("Hi", max_tokens=1)
    (pid,) = local.host.pids()
    process = psutil.Process(pid)
    assert process.net_connections(kind="inet") == []
    names = [str(connection.laddr) for connection in process.net_connections(kind="unix") if connection.laddr]
    assert not [name for name in names if os.path.exists(name)]  # noqa: ASYNC240, PTH110 — there is none to wait for


async def test_what_has_no_effect_is_told(local: Local) -> None:
    result = await local.chat("Hi", metadata={"a": "b"}, max_tokens=1)
    assert [warning.kind for warning in result.warnings] == ["unsupported"]


async def test_any_gguf_file_is_a_model(local: Local, tmp_path: Path) -> None:
    link = tmp_path / "my-model.gguf"
    link.symlink_to(Path(local.options["data_dir"]) / "models" / SMOLLM2.wire_id)
    pids = set(local.host.pids())
    result = await local.chat("Hi", model_at(link), options={"context": "256", "threads": "1"})
    assert result.model == str(link)
    assert result.usage.output
    assert len(set(local.host.pids()) - pids) == 1
    with pytest.raises(ContextOverflowError, match="256"):
        await local.chat("word " * 300, model_at(link), options={"context": "256", "threads": "1"})


@pytest.mark.parametrize("content", [b"GGUF", b"GGUF" + bytes(300), b"GGUF\x03\x00\x00\x00" + b"\xff" * 300])
async def test_a_damaged_file_is_named_and_harms_nobody(local: Local, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(f"{path} cannot be loaded")):
        await local.chat("Hi", model_at(path))
    assert (await local.chat("Hi", max_tokens=1)).usage.output == 1


async def test_missing_weights_are_told_with_the_way_out(local: Local, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run `genmux local install smollm2`"):
        await local.chat("Hi", options={"data_dir": str(tmp_path)})


async def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF")
    monkeypatch.setitem(__import__("sys").modules, "xllamacpp", None)
    with pytest.raises(ConfigurationError, match=r"xllamacpp.*pip install 'genmux\[local\]'"):
        TextEngine().load(model_at(path), {})


async def test_a_tool_is_called_though_the_model_knows_none(local: Local) -> None:
    town = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}
    tools = (Tool(name="get_weather", parameters=town),)

    result = await local.chat("What is the weather in Rome?", tools=tools, max_tokens=40)

    assert [(call.name, call.arguments) for call in result.tool_calls] == [("get_weather", '{"town":"Rome"}')]
