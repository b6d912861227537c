"""Texts that are spoken while they are written, and sounds that are written down while they are spoken: through clients, over sockets."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from genmux import AsyncClient, Client
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator
from genmux.types import realtime_events as rte
from genmux.types.audio import AudioEncoding
from genmux.types.errors import BudgetExceededError, InvalidRequestError, ProviderError, RateLimitError, ValidationError
from genmux.types.speech import SpeechDelta, SpeechStart
from tests.living import LISTENERS, SPEAKERS, living_app
from tests.talking import SILENCE, SPEECH, of, read, until

speakers = pytest.mark.parametrize("protocol", SPEAKERS)
PRICES = {"elevenlabs": Decimal("0.00004"), "cartesia": Decimal("0.00005")}


@pytest.fixture
async def simulator() -> AsyncIterator[RealtimeSimulator]:
    async with RealtimeSimulator() as running:
        yield running


@asynccontextmanager
async def client_of(simulator: RealtimeSimulator) -> AsyncGenerator[AsyncClient]:
    app = living_app(simulator.base_url)
    try:
        async with AsyncClient(app=app) as client:
            yield client
    finally:
        await app.aclose()


async def written(*pieces: Any) -> AsyncIterator[Any]:
    for piece in pieces:
        yield piece


# ---------------------------------------------------------------- over a socket
@speakers
async def test_a_text_is_spoken_while_it_is_written(simulator: RealtimeSimulator, protocol: str) -> None:
    async with client_of(simulator) as client:
        text = written("", "Good ", "even", "ing.")
        async with await client.stream_speech(text, model=SPEAKERS[protocol], format="pcm") as stream:
            parts = [part async for part in stream]
    sound = b"".join(part.data for part in parts if isinstance(part, SpeechDelta))
    assert len([part for part in parts if isinstance(part, SpeechStart)]) == 1
    result = stream.result()
    assert result.audio == sound
    assert result.seconds == len(sound) / 48_000
    assert result.usage.meters["characters.input"] == 13
    assert stream.cost is not None
    assert stream.cost.amount == 13 * PRICES[protocol]
    sent = "".join(one.get("text") or one.get("transcript") or "" for one in read(simulator.seen[0].frames))
    assert sent.strip() == "Good evening."


@speakers
async def test_what_is_written_is_converted_to_what_was_asked_for(simulator: RealtimeSimulator, protocol: str) -> None:
    pytest.importorskip("av")
    async with client_of(simulator) as client:
        wishes: tuple[tuple[AudioEncoding, bytes | None], ...] = (("wav", b"RIFF"), ("mp3", None))
        for format_, first in wishes:
            stream = await client.stream_speech(written("Good evening."), model=SPEAKERS[protocol], format=format_)
            data = b"".join([part.data async for part in stream if isinstance(part, SpeechDelta)])
            assert stream.result().format.encoding == format_
            assert data
            assert first is None or data.startswith(first)


@speakers
async def test_whoever_leaves_early_hangs_up_and_pays_what_was_sent(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    ended: list[str] = []

    async def text() -> AsyncIterator[str]:
        try:
            yield "Good evening [mock pace=1000]. "
        finally:
            ended.append("the text")

    async with client_of(simulator) as client:
        async with await client.stream_speech(text(), model=SPEAKERS[protocol], format="pcm") as stream:
            async for part in stream:
                if isinstance(part, SpeechDelta):
                    break
        await simulator.until(lambda: not simulator.open)
    assert ended == ["the text"]
    assert stream.cost is not None
    assert stream.cost.amount == 31 * PRICES[protocol]


@speakers
async def test_a_connection_that_breaks_in_the_middle_ends_the_speech_with_a_typed_error(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with client_of(simulator) as client:
        text = written("Good evening [mock drop after=2]")
        stream = await client.stream_speech(text, model=SPEAKERS[protocol], format="pcm")
        with pytest.raises(ProviderError) as caught:
            [part async for part in stream]
    assert (caught.value.kind, caught.value.retry, caught.value.provider) == ("network", "unsure", protocol)
    assert stream.result().seconds == 0.04


@speakers
async def test_errors_of_the_provider_and_of_the_handshake_keep_their_kind(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with client_of(simulator) as client:
        simulator.refuse(429)
        with pytest.raises(RateLimitError):
            await client.stream_speech(written("Hello."), model=SPEAKERS[protocol])
        stream = await client.stream_speech(written("Hello [mock rate_limit]"), model=SPEAKERS[protocol], format="pcm")
        with pytest.raises(RateLimitError):
            [part async for part in stream]
    assert not simulator.open


async def test_a_text_that_fails_fails_the_speech_and_one_that_gets_too_dear_is_not_sent_on(
    simulator: RealtimeSimulator,
) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "Hello. "
        raise LookupError("no more words")

    async with client_of(simulator) as client:
        model = SPEAKERS["cartesia"]
        stream = await client.stream_speech(broken(), model=model, format="pcm")
        with pytest.raises(LookupError, match="no more words"):
            [part async for part in stream]
        text = written("Hello. ", "far too long " * 10)
        stream = await client.stream_speech(text, model=model, format="pcm", budget_limit=0.001)
        with pytest.raises(BudgetExceededError):
            [part async for part in stream]
        assert "far too long" not in str(read(simulator.seen[-1].frames))
        stream = await client.stream_speech(written("Hello", 3), model=model, format="pcm")
        with pytest.raises(InvalidRequestError, match="gave 3"):
            [part async for part in stream]


@pytest.mark.parametrize("model", [SPEAKERS["elevenlabs"], "mock/voice"])
async def test_a_text_without_a_word_is_refused_before_anything_is_sent(
    simulator: RealtimeSimulator, model: str
) -> None:
    async with client_of(simulator) as client:
        with pytest.raises(ValidationError, match="empty"):
            await client.stream_speech(written("", "  "), model=model)
    assert not simulator.seen


def test_code_without_an_event_loop_gives_an_iterator() -> None:
    def text() -> Iterator[str]:
        yield "one "
        yield "two. "
        yield "three."

    with Client() as client, client.stream_speech(text(), model="mock/voice", format="pcm") as stream:
        sound = b"".join(stream.audio())
        assert client.transcribe(stream.result(), model="mock/ears").text == "one two. three."
    assert sound == stream.result().audio


# ---------------------------------------------------------------- sentence by sentence
async def test_a_model_without_a_socket_speaks_sentence_by_sentence_and_all_of_it_is_one() -> None:
    async with AsyncClient() as client:
        text = written("One two three. ", "And then", " there is more. The", " end")
        stream = await client.stream_speech(text, model="mock/voice", format="pcm", timestamps=True)
        parts = [part async for part in stream]
        result = stream.result()
        heard = (await client.transcribe(result, model="mock/ears")).text
    assert heard == "One two three. And then there is more. The end"
    assert len([part for part in parts if isinstance(part, SpeechStart)]) == 1
    assert stream.cost is not None
    assert stream.cost.amount == 0
    starts = [word.start for word in result.words]
    assert starts == sorted(starts)
    assert len(starts) == 10
    assert result.usage.meters["seconds.output.audio"] == pytest.approx(result.seconds)


async def test_the_first_sentence_is_heard_before_the_text_is_complete() -> None:
    asked: list[str] = []

    async def text() -> AsyncIterator[str]:
        for piece in ("One two. ", "Three four. ", "Five six."):
            asked.append(piece)
            yield piece

    async with AsyncClient() as client:
        async with await client.stream_speech(text(), model="mock/voice", format="pcm") as stream:
            async for part in stream:
                if isinstance(part, SpeechDelta):
                    break
        assert len(asked) < 3
    assert stream.result().usage.meters["characters.input"] < 12


async def test_a_fault_in_a_later_sentence_is_raised_in_its_turn() -> None:
    async with AsyncClient() as client:
        text = written("One two. ", "Three four [mock rate_limit]. ", "Five.")
        stream = await client.stream_speech(text, model="mock/voice", format="pcm")
        with pytest.raises(RateLimitError):
            [part async for part in stream]
        assert stream.result().audio


# ---------------------------------------------------------------- sessions
@speakers
async def test_a_client_opens_a_session_that_only_speaks(simulator: RealtimeSimulator, protocol: str) -> None:
    async with client_of(simulator) as client, client.realtime(SPEAKERS[protocol], voice="v") as session:
        await session.send_text("Good evening")
        events = await until(session, rte.ResponseDone)
    assert len(of(rte.AudioChunk, events)) == 10
    assert events[-1].cost.amount == 12 * PRICES[protocol]


@pytest.mark.parametrize("protocol", LISTENERS)
async def test_a_client_opens_a_session_that_only_listens(simulator: RealtimeSimulator, protocol: str) -> None:
    async with client_of(simulator) as client, client.realtime(LISTENERS[protocol]) as session:
        for data in [SPEECH] * 10 + [SILENCE] * 30:
            await session.send_audio(data)
        events = await until(session, rte.UsageReported)
    assert of(rte.InputTranscriptDone, events)[0].text == "200 ms of sound"
    assert events[-1].cost.amount > 0
