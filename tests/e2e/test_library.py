"""The library over real connections: the simulator is the provider, in both dialects."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import pydantic
import pytest

import genmux
from genmux.app import App
from genmux.client.bound import bind
from genmux.testing.simulator import Simulator
from tests.e2e.conftest import behind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


class Struct(msgspec.Struct):
    city: str
    degrees: int


class Named(TypedDict):
    city: str


class Model(pydantic.BaseModel):
    city: str
    tags: list[str] = []


@pytest.fixture
def app(genmux_simulator: Simulator) -> App:
    """Everything, with OpenAI and Anthropic played by the simulator."""
    return App(behind(genmux_simulator), environ={})


@pytest.fixture
def client(app: App) -> Iterator[genmux.Client]:
    """A blocking client; its App ends with the test."""
    with genmux.Client(app=app) as made:
        yield made


MODELS = ("openai/mock/echo", "anthropic/mock/echo")


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


def test_both_providers_answer_whole_and_streamed(client: genmux.Client, provider: str) -> None:
    model = f"{provider}/mock/echo"

    whole = client.chat("hello there", model=model, max_tokens=50)
    with client.stream("hello there", model=model, max_tokens=50) as stream:
        streamed = "".join(stream.text())

    assert whole.text == streamed == stream.result().text == "hello there"
    assert whole.usage.meters == stream.result().usage.meters
    assert (whole.provider, whole.attempts) == (provider, 1)
    assert client.totals()[model].calls == 2


@pytest.mark.parametrize(
    "kind", [Struct, Named, Model, list[Struct], {"type": "object", "properties": {"a": {"type": "integer"}}}], ids=str
)
def test_structured_output_comes_in_every_form(client: genmux.Client, provider: str, kind: Any) -> None:
    parsed = client.chat("weather", model=f"{provider}/mock/json", output=kind, max_tokens=500).parsed

    match kind:
        case dict():
            assert isinstance(parsed["a"], int)
        case type() if kind is Named:
            assert parsed.keys() == {"city"}
        case type():
            assert isinstance(parsed, kind)
        case _:
            assert all(isinstance(one, Struct) for one in parsed)


def test_tools_go_round(client: genmux.Client, provider: str) -> None:
    def weather(city: str, days: int = 1) -> str:
        """The weather of a city."""
        return f"sunny in {city} for {days} days"

    model = f"{provider}/mock/tools"
    first = client.chat("weather?", model=model, tools=[weather], max_tokens=100)
    results = [genmux.run_tool(call, [weather]) for call in first.tool_calls]
    told = genmux.Message(role="tool", content=tuple(results))
    second = client.chat(["weather?", first.message, told], model=model, tools=[weather], max_tokens=100)

    assert first.finish.unified == "tool_calls"
    assert not results[0].is_error
    assert "sunny in" in second.text


def test_images_go_as_address_path_and_bytes(
    client: genmux.Client, provider: str, genmux_simulator: Simulator, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(PNG)

    client.chat("what is it?", model=f"{provider}/mock/echo", images=["https://x.test/a.png", file, PNG], max_tokens=50)

    (asked,) = genmux_simulator.asked
    assert [type(block) for block in asked.request.messages[-1].content].count(genmux.Image) == 3


def test_what_only_one_provider_knows_arrives(
    client: genmux.Client, provider: str, genmux_simulator: Simulator
) -> None:
    client.chat("hi", model=f"{provider}/mock/echo", extra={"mood": "merry"}, max_tokens=50)

    assert msgspec.json.decode(genmux_simulator.requests[0].body)["mood"] == "merry"


def test_health_is_one_light_request(client: genmux.Client, provider: str, genmux_simulator: Simulator) -> None:
    health = client.health(provider)

    assert (health.status, health.reason) == ("available", None)
    assert [(seen.method, seen.path) for seen in genmux_simulator.requests] == [("GET", "/v1/models")]


def test_anthropic_counts_tokens_itself(client: genmux.Client, genmux_simulator: Simulator) -> None:
    count = client.count_tokens("hello there", model="anthropic/claude-haiku-4-5")

    assert count.method == "provider"
    assert genmux_simulator.requests[0].path == "/v1/messages/count_tokens"


def test_a_bound_provider_meets_a_server_of_its_own(genmux_simulator: Simulator) -> None:
    async def ask() -> str:
        async with genmux.AsyncClient() as client:
            mine = bind(
                client.app,
                "openai",
                model="mock/echo",
                base_url=f"{genmux_simulator.base_url}/v1",
                settings={"api_key": "k"},
            )
            return (await mine.generate("hi")).text

    assert asyncio.run(ask()) == "hi"


def test_32_threads_share_one_client(client: genmux.Client) -> None:
    start = threading.Barrier(32)

    def work(number: int) -> tuple[str, str]:
        start.wait()
        model = MODELS[number % 2]
        with client.stream(f"s{number}", model=model, max_tokens=50) as stream:
            return client.chat(f"n{number}", model=model, max_tokens=50).text, "".join(stream.text())

    with ThreadPoolExecutor(32) as pool:
        assert [*pool.map(work, range(32))] == [(f"n{number}", f"s{number}") for number in range(32)]
    assert sum(total.calls for total in client.totals().values()) == 64


async def test_200_streams_that_are_left_early_leave_nothing_open() -> None:
    async with Simulator(pace=0.01, tokens=200) as simulator:
        app = App(behind(simulator), environ={})
        async with genmux.AsyncClient(app=app) as client:

            async def leave(number: int) -> None:
                model = f"{('openai', 'anthropic')[number % 2]}/mock/story"
                async with await client.stream("x", model=model, max_tokens=500) as stream:
                    async for part in stream:
                        if isinstance(part, genmux.TextDelta):
                            break

            for _ in range(4):
                await asyncio.gather(*map(leave, range(50)))

            assert sum(total.calls for total in client.totals().values()) == 200
        await app.aclose()
        await simulator.until(lambda: simulator.open_connections == 0)

        assert simulator.disconnects == 200
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
