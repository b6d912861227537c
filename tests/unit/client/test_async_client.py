"""The asynchronous client, and a provider bound by itself, make every call there is."""

import asyncio
import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import genmux
from genmux import AsyncClient
from genmux.app import App
from genmux.client import default
from genmux.client.bound import bind
from genmux.contract.manifest import Manifest, ModelSpec
from genmux.contract.provider import Provider
from genmux.types.chat import ChatResult
from genmux.types.errors import (
    BudgetExceededError,
    ConfigurationError,
    InvalidRequestError,
    MalformedReplyError,
    NotFoundError,
    ProviderError,
    ValidationError,
)
from genmux.types.events import Event
from genmux.types.parts import TextDelta
from tests.unit.flows.call.house import Scripted, answer, app, streamed


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> App:
    """The App of this process, made for this test alone."""
    fresh = default._Shared()  # noqa: SLF001
    monkeypatch.setattr(default, "_shared", fresh)
    return fresh.app


async def test_a_prompt_is_answered() -> None:
    async with AsyncClient() as client:
        result = await client.chat("hello", model="mock/echo")

    assert result.text == "hello"
    assert (result.provider, result.model) == ("mock", "echo")
    assert result.cost is not None
    assert result.cost.amount == 0


async def test_the_model_comes_from_the_call_the_client_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENMUX_CHAT_MODEL", "mock/reasoner")
    async with AsyncClient(model="mock/echo") as named, AsyncClient() as unnamed:
        assert (await named.chat("a")).model == "echo"
        assert (await named.chat("a", model="mock/story")).model == "story"
        assert (await unnamed.chat("a")).model == "reasoner"
        vectors = await AsyncClient(model="mock/embed", app=named.app).embed("a", dimensions=8)
        assert len(vectors.vectors[0]) == 8


async def test_names_and_keys_come_from_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "genmux.toml"
    file.write_text('[aliases]\nfast = "mock/echo"\n[defaults.models]\nchat = "fast"\n[defaults]\ntimeout = 5\n')
    async with AsyncClient(config=file, keys={"openai": "mine"}) as client:
        assert (await client.chat("hi")).model == "echo"
        assert (await client.chat("hi", model="echo")).model == "echo"
        assert client.app.credentials.find(client.app.registry.manifest("openai")) == {"api_key": "mine"}


async def test_a_stream_gives_parts_batches_or_text() -> None:
    async with AsyncClient(model="mock/echo") as client:
        stream = await client.stream("one two")
        assert [part.text async for part in stream if isinstance(part, TextDelta)] == ["one", " two"]
        assert stream.result().text == "one two"
        assert [text async for text in (await client.stream("one two")).text()] == ["one", " two"]
        async with await client.stream("one two") as left:
            assert await left.read()
            assert [batch async for batch in left.batches()]
            assert await left.read() is None


async def test_structured_output_is_read_from_the_answer() -> None:
    @dataclasses.dataclass
    class Weather:
        city: str
        degrees: int

    async with AsyncClient(model="mock/json") as client:
        whole = await client.chat("weather", output=Weather)
        assert isinstance(whole.parsed, Weather)
        stream = await client.stream("weather", output=Weather)
        async for part in stream:
            if isinstance(part, TextDelta):
                assert stream.result().parsed is None  # not before the end
        assert stream.result().parsed == whole.parsed


async def test_an_answer_that_is_no_value_is_an_error_that_says_why() -> None:
    cut = {"index": 0, "message": {"role": "assistant", "content": '{"a": '}, "finish_reason": "length"}
    house, _ = app(answer(choices=[cut]))
    async with AsyncClient(app=house, model="acme/one") as client:
        with pytest.raises(MalformedReplyError, match="It was cut off: give it more `max_tokens`") as caught:
            await client.chat("x", output=dict)

    assert (caught.value.provider, caught.value.request_id) == ("acme", "req-1")


async def test_a_refusal_or_a_tool_call_in_place_of_output_is_no_error() -> None:
    refusal = {"index": 0, "message": {"role": "assistant", "content": None, "refusal": "no"}, "finish_reason": "stop"}
    house, _ = app(answer(choices=[refusal]))
    async with AsyncClient(app=house, model="acme/one") as client:
        result = await client.chat("x", output=dict)

    assert (result.parsed, result.message.refusal) == (None, "no")


async def test_tools_go_round() -> None:
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"sunny in {city}"

    async with AsyncClient(model="mock/tools") as client:
        first = await client.chat("weather?", tools=[weather])
        (call,) = first.tool_calls
        result = genmux.run_tool(call, [weather])
        told = genmux.Message(role="tool", content=(result,))
        second = await client.chat(["weather?", first.message, told], tools=[weather])

    assert "sunny in" in second.text
    assert second.tool_calls == ()


async def test_what_only_one_provider_knows_is_sent_as_it_is() -> None:
    house, transport = app(answer())
    async with AsyncClient(app=house, model="acme/one") as client:
        await client.chat("hi", extra={"mood": "merry"}, user="u1")

    sent = msgspec.json.decode(transport.requests[0].body or b"")
    assert (sent["mood"], sent["user"]) == ("merry", "u1")


async def test_tokens_are_counted_and_costs_estimated() -> None:
    async with AsyncClient(model="mock/priced") as client:
        counted = await client.count_tokens("hello there", system="be brief")
        assert (counted.exact, counted.method) == (True, "mock")
        estimate = client.estimate("hi", max_tokens=10)
        assert estimate.low is not None
        assert estimate.high is not None
        assert 0 < estimate.low < estimate.high
        assert client.estimate_embed("hi", model="mock/embed").high == 0
        with pytest.raises(BudgetExceededError):
            await client.chat("hi", max_tokens=1_000, budget_limit=0.000001)
        assert (await client.chat("hi", max_tokens=1_000, budget_limit="1")).text


async def test_everything_that_is_wrong_is_told_at_once_by_validate_and_by_every_call() -> None:
    async with AsyncClient(model="mock/echo") as client:
        wrong: Any = {"temperatures": 1, "temperature": 9, "tools": [5], "images": ["/nowhere.png"], "timeout": -1}
        for call in (client.validate, client.chat, client.stream, client.count_tokens, client.estimate):
            with pytest.raises(ValidationError) as caught:
                await _called(call, **wrong)
            assert len(caught.value.faults) == 5
        with pytest.raises(ValidationError) as caught:
            await client.embed([5], model="mock/embed", dimensions=0)  # type: ignore[list-item]
        assert len(caught.value.faults) == 2
        with pytest.raises(ValidationError, match="there is no parameter"):
            client.validate("hi", models_="x")  # type: ignore[call-arg]
        assert client.validate("hi", temperature=1) == ()
        assert client.totals() == {}


async def _called(call: Any, **params: Any) -> Any:
    """Call something that may be a coroutine function."""
    given = call("hi", **params)
    return await given if asyncio.iscoroutine(given) else given


async def test_what_happens_is_counted_and_told() -> None:
    heard: list[Event] = []
    async with AsyncClient(model="mock/priced") as client:
        leave = client.on_event(heard.append, "generation.completed")
        await client.chat("one two", tags={"team": "a"})
        await (await client.stream("one two")).aclose()
        leave()
        await client.chat("one two")
        total = client.totals()["mock/priced"]

    assert total.calls == 3
    assert total.cost > 0
    assert [event.data["tags"] for event in heard] == [{"team": "a"}, {}]


async def test_the_client_tells_what_there_is() -> None:
    async with AsyncClient() as client:
        assert {"mock", "openai", "anthropic"} <= {provider.id for provider in client.providers()}
        assert {"mock/echo", "mock/priced"} <= {info.reference for info in client.models(provider="mock")}
        assert [info.reference for info in client.models(operation="embed", provider="mock")] == ["mock/embed"]
        assert {info.provider for info in client.models(max_price=0)} >= {"mock"}
        assert (await client.health("mock")).status == "available"
        assert client.validate_config() == ()


async def test_tasks_may_share_a_client() -> None:
    async with AsyncClient(model="mock/echo") as client:
        whole = asyncio.gather(*(client.chat(f"n{number}") for number in range(50)))
        parts = asyncio.gather(*(_text(client, f"s{number}") for number in range(50)))

        assert [result.text for result in await whole] == [f"n{number}" for number in range(50)]
        assert await parts == [f"s{number}" for number in range(50)]
        assert client.totals()["mock/echo"].calls == 100


async def _text(client: AsyncClient, prompt: str) -> str:
    return "".join([text async for text in (await client.stream(prompt)).text()])


async def test_a_closed_client_says_so_and_leaves_a_shared_app_open() -> None:
    house, transport = app(answer())
    client = AsyncClient(app=house, model="acme/one")

    await client.aclose()
    await client.aclose()

    for call in (client.chat, client.stream, client.count_tokens, client.embed, client.validate, client.estimate):
        with pytest.raises(ConfigurationError, match="this client is closed; make a new one"):
            await _called(call)
    with pytest.raises(ConfigurationError):
        await client.health("acme")
    assert client.closed
    assert transport.closed == 0
    assert (await AsyncClient(app=house, model="acme/one").chat("hi")).text == "hello"


def test_an_app_has_its_own_configuration() -> None:
    house, _ = app()

    with pytest.raises(ConfigurationError, match="`app` has its own configuration"):
        AsyncClient(app=house, keys={"acme": "k"})
    with pytest.raises(ConfigurationError, match="`app` has its own configuration"):
        genmux.Client(app=house, config="x.toml")


# ---- a provider by itself


async def test_a_bound_provider_needs_no_names(shared: App) -> None:
    async with genmux.get_provider("mock", model="echo", temperature=0.5, timeout=5) as echo:
        assert (await echo.generate("hi")).text == "hi"
        assert (await echo.chat("hi", model="mock/story")).model == "story"
        assert [text async for text in (await echo.stream("hi")).text()] == ["hi"]
        assert (await echo.embed("a", model="embed", dimensions=4)).vectors
        assert echo.estimate("hi").high == 0
        assert (await echo.count_tokens("hi")).tokens > 0
        assert (await echo.health()).status == "available"
        assert {info.provider for info in echo.models()} == {"mock"}
        assert (echo.id, echo.model, echo.manifest.id) == ("mock", "echo", "mock")
        with pytest.raises(ValidationError, match="`temperature` is 9"):
            echo.validate("hi", temperature=9)
    assert shared.totals.snapshot()["mock/echo"].calls == 2


async def test_what_was_bound_goes_with_every_call() -> None:
    house, transport = app(answer())
    mine = bind(
        house,
        "acme",
        model="one",
        base_url="https://mine.test",
        settings={"api_key": "my-key", "seed": 7, "budget_limit": "1", "max_tokens": 5},
    )

    await mine.generate("hi", seed=8)

    sent = transport.requests[0]
    assert sent.url == "https://mine.test/chat/completions"
    assert ("authorization", "Bearer my-key") in sent.headers
    assert msgspec.json.decode(sent.body or b"")["seed"] == 8
    with pytest.raises(BudgetExceededError):
        await mine.generate("hi", budget_limit=0)
    assert (await mine.health()).status == "available"


async def test_options_of_an_embedded_engine_are_bound_like_keys(shared: App) -> None:
    assert shared.registry.is_registered("mock")
    failing = genmux.get_provider("mock", model="echo", error_rate=1)

    with pytest.raises(ProviderError):
        await failing.generate("hi", retries=0)


def test_what_cannot_be_bound_is_told(shared: App) -> None:
    assert shared
    with pytest.raises(NotFoundError, match="there is no provider 'opnai'; did you mean openai"):
        genmux.get_provider("opnai")
    with pytest.raises(ValidationError, match="there is no parameter `temperatures`; did you mean `temperature`"):
        genmux.get_provider("mock", temperatures=1)
    with pytest.raises(ValidationError, match="did you mean `api_key`"):
        genmux.get_provider("openai", api_kye="x")
    with pytest.raises(ValidationError, match="`timeout` is -1"):
        genmux.get_provider("mock", timeout=-1)
    with pytest.raises(InvalidRequestError, match=r"say get_provider\('mock', model=…\)"):
        genmux.get_provider("mock").estimate("hi")


async def test_the_same_key_gives_the_same_instance(shared: App) -> None:
    assert shared
    first = genmux.get_provider("mock", model="echo", cache_key="main")

    assert genmux.get_provider("mock", cache_key="main") is first
    assert genmux.get_provider("mock", model="echo") is not first
    with pytest.raises(ConfigurationError, match="the cache_key 'main' stands for the provider 'mock'"):
        genmux.get_provider("openai", cache_key="main")

    await first.close()
    second = genmux.get_provider("mock", model="echo", cache_key="main")
    assert second is not first
    assert not second.closed


async def test_clearing_the_cache_closes_what_was_in_it(shared: App) -> None:
    assert shared
    first, second = (genmux.get_provider("mock", model="echo", cache_key=key) for key in ("a", "b"))

    genmux.clear_cache("a")
    genmux.clear_cache("nothing")
    assert (first.closed, second.closed) == (True, False)
    with pytest.raises(ConfigurationError, match=r"this provider \(mock\) was closed; get a new one"):
        await first.generate("hi")
    genmux.clear_cache()
    assert second.closed


async def test_a_provider_made_in_code_can_be_registered(shared: App) -> None:
    spec = ModelSpec(operations={"chat": "engine"})
    manifest = Manifest(spec=1, id="mine", name="Mine", requires_credentials=False, models={"one": spec})
    mine = Provider(manifest=manifest, wires={"engine": Scripted()})

    assert not genmux.is_registered("mine")
    assert genmux.register_provider(mine) == "mine"
    assert genmux.is_registered("mine")
    assert "mine" in {provider.id for provider in genmux.providers()}
    assert isinstance(await genmux.get_provider("mine", model="one").generate("hi"), ChatResult)
    with pytest.raises(ConfigurationError, match="there is a provider 'mine' already"):
        genmux.register_provider(mine)
    assert genmux.register_provider(mine, replace=True) == "mine"
    with pytest.raises(ConfigurationError, match="uses the wire 'engine'"):
        genmux.register_provider(manifest, replace=True)
    async with AsyncClient(app=default.default_app()) as client:
        assert (await client.chat("hi", model="mine/one")).provider == "mine"
    assert shared is default.default_app()


def test_the_app_of_a_process_is_made_when_it_is_first_needed() -> None:
    fresh = default._Shared()  # noqa: SLF001

    assert fresh.app is fresh.app


def test_one_process_may_have_several_loops_one_after_another(shared: App) -> None:
    assert shared
    echo = genmux.get_provider("mock", model="echo")

    async def ask() -> str:
        return (await echo.generate("hi")).text

    assert [asyncio.run(ask()) for _ in range(3)] == ["hi"] * 3


async def test_money_is_exact() -> None:
    house, _ = app(streamed())
    async with AsyncClient(app=house, model="acme/one") as client:
        async with await client.stream("hi") as stream:
            async for _ in stream:
                pass
        assert client.totals()["acme/one"].cost == Decimal("0.0002")
