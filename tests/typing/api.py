"""The public API as people write it. Nothing here runs: a test has it read by the type checker."""

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import TypedDict, assert_type

import msgspec

import genmux


class Weather(msgspec.Struct):
    """A msgspec struct as structured output."""

    city: str
    degrees: float


@dataclasses.dataclass
class Point:
    """A dataclass as structured output."""

    x: int
    y: int


class Named(TypedDict):
    """A TypedDict as structured output."""

    name: str


def weather(city: str, *, days: int = 1) -> str:
    """The weather of a city: a function as a tool."""
    return f"sunny in {city} for {days}"


def blocking() -> None:
    """Code without an event loop."""
    with genmux.Client(model="openai/gpt-5.4", keys={"openai": "k"}, config=Path("genmux.toml")) as client:
        result = client.chat("Hello")
        assert_type(result, genmux.ChatResult)
        assert_type(result.text, str)
        assert_type(result.tool_calls, tuple[genmux.ToolCall, ...])
        assert_type(result.usage.input, int | None)
        assert_type(result.cost, genmux.Cost | None)
        if result.cost is not None:
            assert_type(result.cost.amount, Decimal)

        for kind in (Weather, Point, Named, list[int], dict):
            client.chat("As JSON", output=kind)
        client.chat("As JSON", output={"type": "object"})
        client.chat("As JSON", output=genmux.OutputFormat(kind="json_object"))

        with client.stream("Hello", timeout=5, retries=0, budget_limit=0.01, tags={"team": "a"}) as stream:
            assert_type(stream, genmux.BlockingStream)
            for part in stream:
                match part:
                    case genmux.TextDelta(text=text):
                        assert_type(text, str)
                    case genmux.Finish(finish=finish):
                        assert_type(finish.raw, str | None)
                    case _:
                        pass
            for piece in stream.text():
                assert_type(piece, str)
            assert_type(stream.result(), genmux.ChatResult)

        assert_type(client.embed(["a", "b"], dimensions=256).vectors, tuple[tuple[float, ...], ...])
        assert_type(client.estimate("Hello", max_tokens=100).high, Decimal | None)
        assert_type(client.estimate_generation("text_to_video", duration=8).high, Decimal | None)
        assert_type(client.count_tokens("Hello"), genmux.TokenCount)
        assert_type(client.validate("Hello"), tuple[genmux.Warning, ...])
        assert_type(client.models(features=["vision"], max_price=1.5), list[genmux.ModelInfo])
        assert_type(client.providers(), list[genmux.ProviderInfo])
        assert_type(client.health("openai"), genmux.Health)
        assert_type(client.totals()["openai/gpt-5.4"], genmux.Total)
        client.on_event(print, "generation.completed")()


def conversation(client: genmux.Client) -> None:
    """Messages in all their forms, images, tools."""
    client.chat(genmux.Message(role="user", content=(genmux.Text("Hello"),)))
    client.chat(["Hello", {"role": "assistant", "content": "Hi"}, genmux.Message(role="user")])
    client.chat({"role": "user", "content": "Hello"}, system="Be brief.")
    client.chat(
        "What is this?", images=["cat.png", Path("dog.png"), b"\x89PNG", genmux.Image(url="https://x.test/a.png")]
    )
    first = client.chat("The weather?", tools=[weather, {"name": "f"}, genmux.Tool(name="g")], tool_choice="weather")
    results = [genmux.run_tool(call, [weather]) for call in first.tool_calls]
    assert_type(results, list[genmux.ToolResult])
    told = genmux.Message(role="tool", content=tuple(results))
    client.chat(["The weather?", first.message, told], reasoning="low", stop=["\n"], extra={"mood": "merry"})


async def asynchronous() -> None:
    """Code with an event loop."""
    async with genmux.AsyncClient() as client:
        assert_type(await client.chat("Hello"), genmux.ChatResult)
        async with await client.stream("Hello") as stream:
            assert_type(stream, genmux.ChatStream)
            async for part in stream:
                assert_type(part, genmux.Part)
            async for batch in stream.batches():
                assert_type(batch, list[genmux.Part])
            async for text in stream.text():
                assert_type(text, str)
        assert_type(await client.count_tokens("Hello"), genmux.TokenCount)


def aloud(client: genmux.Client) -> None:
    """Speech and transcripts."""
    speech = client.speak("Hello", model="local/hibari", voice="heart", format="wav", sample_rate=16_000)
    assert_type(speech, genmux.SpeechResult)
    assert_type(speech.save("hello.wav"), Path)
    with client.stream_speech("Hello") as stream:
        assert_type(stream, genmux.BlockingSpeech)
        for data in stream.audio():
            assert_type(data, bytes)
    for sound in (speech, "talk.mp3", Path("talk.mp3"), b"RIFF", "https://example.org/talk.mp3"):
        assert_type(client.transcribe(sound, words=True), genmux.Transcript)
    assert_type(client.transcribe("talk.mp3").srt(), str)
    assert_type(client.voices("local/hibari"), tuple[genmux.Voice, ...])
    client.speak("Hello", format="tape")  # pyright: ignore[reportArgumentType]


async def live(client: genmux.AsyncClient) -> None:
    """A conversation."""
    async with client.realtime("local/voice", tools=[weather], input=16_000, turns="client") as session:
        assert_type(session, genmux.Session)
        async for event in session:
            match event:
                case genmux.AudioChunk(data=data):
                    assert_type(data, bytes)
                case _:
                    assert_type(event.time, float)


async def by_itself() -> None:
    """One provider."""
    provider = genmux.get_provider("anthropic", model="claude-haiku-4-5", api_key="k", cache_key="main", max_tokens=100)
    assert_type(provider, genmux.BoundProvider)
    assert_type(await provider.generate("Hello"), genmux.ChatResult)
    assert_type(await provider.health(), genmux.Health)
    assert_type(provider.manifest, genmux.Manifest)
    await provider.close()
    genmux.clear_cache("main")
    assert_type(genmux.register_provider("my/manifest.toml"), str)
    assert_type(genmux.is_registered("mine"), bool)


def errors(client: genmux.Client) -> str:
    """Both ways to tell errors apart."""
    try:
        return client.chat("Hello").text
    except genmux.RateLimitError as error:
        assert_type(error.retry_after, float | None)
        return f"again in {error.retry_after} s"
    except genmux.ValidationError as error:
        assert_type(error.faults, tuple[str, ...])
        return "; ".join(error.faults)
    except genmux.ProviderError as error:
        match error.kind:
            case genmux.ErrorKind.TIMEOUT | genmux.ErrorKind.NETWORK:
                return f"try again: {error.retryable}"
            case _:
                return f"{error.provider}: {error.message}"


def told_apart(client: genmux.Client) -> None:
    """What the checker must refuse."""
    client.chat("Hello", temperatures=1)  # pyright: ignore[reportCallIssue]
    client.chat(5)  # pyright: ignore[reportArgumentType]
    client.chat("Hello", max_tokens="many")  # pyright: ignore[reportArgumentType]
    client.embed("Hello", temperature=1)  # pyright: ignore[reportCallIssue]
