"""Clients with providers that are simulated: transcripts by a job, sounds at an address, and voices that a provider lists."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest

from genmux import AsyncClient
from genmux.app import App
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator.media import MediaSimulator
from genmux.testing.simulator.voice import VoiceSimulator
from genmux.testing.simulator.voice.sounds import TEXT
from genmux.types.errors import InvalidRequestError
from genmux.types.job_settings import JobProviderSettings, JobSettings
from tests.jobs import LOOPBACK

KEY = {"api_key": "sk-simulated-0123456789"}


@asynccontextmanager
async def connected(**urls: str) -> AsyncGenerator[AsyncClient]:
    """A client whose providers are at these addresses."""
    providers = {name: ProviderSettings(base_url=url, credentials=KEY) for name, url in urls.items()}
    settings = Settings(
        providers=providers,
        assets=LOOPBACK,
        jobs=JobSettings(providers={"assemblyai": JobProviderSettings(poll_every=0.05)}),
    )
    app = App(settings, environ={"HOME": "/nonexistent"})
    try:
        async with AsyncClient(app=app) as client:
            yield client
    finally:
        await app.aclose()


class Served:
    """A sound at an address of this machine; `fetched` counts who came for it."""

    def __init__(self, sound: bytes) -> None:
        self.url = ""
        self.fetched = 0
        self._sound = sound

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.fetched += 1
        head = f"HTTP/1.1 200 OK\r\ncontent-type: audio/wav\r\ncontent-length: {len(self._sound)}\r\n\r\n"
        writer.write(head.encode() + self._sound)
        await writer.drain()
        writer.close()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with AsyncClient() as client:
        spoken = await client.speak("hello there", model="mock/voice", format="wav")
    served = Served(spoken.audio)
    async with await asyncio.start_server(served.answer, "127.0.0.1", 0) as server:
        served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hello.wav"
        yield served


@pytest.fixture
async def media() -> AsyncIterator[MediaSimulator]:
    async with MediaSimulator("assemblyai") as simulator:
        yield simulator


@pytest.fixture
async def simulator() -> AsyncIterator[VoiceSimulator]:
    async with VoiceSimulator("elevenlabs", "cartesia", "deepgram") as simulator:
        yield simulator


async def test_a_transcript_is_made_by_a_job_and_read_as_any_other(media: MediaSimulator) -> None:
    seen: list[float] = []
    async with connected(assemblyai=media.url("assemblyai")) as client:
        spoken = await client.speak("hello there", model="mock/voice", format="wav")
        told = await client.transcribe(
            spoken, model="assemblyai/universal-3-5-pro", diarize=True, words=True, progress=seen.append
        )

    assert told.text == "Hello there. Who is it?"
    assert [one.speaker for one in told.segments] == ["A", "B"]
    assert (told.provider, told.model) == ("assemblyai", "universal-3-5-pro")
    assert told.cost is not None
    assert len(media.bills()) == 1


async def test_an_address_goes_to_those_who_fetch_it_and_is_fetched_for_all_others(
    simulator: VoiceSimulator, served: Served
) -> None:
    async with connected(**{name: simulator.url(name) for name in ("cartesia", "deepgram", "elevenlabs")}) as client:
        for model, fetched in (("deepgram/nova-3", 0), ("elevenlabs/scribe_v2", 0), ("cartesia/ink-whisper", 1)):
            told = await client.transcribe(served.url, model=model)
            assert (told.text, served.fetched) == (TEXT, fetched)

    assert served.url.encode() in simulator.calls[0].body
    assert simulator.calls[1].form()["source_url"].data == served.url.encode()


async def test_an_address_within_is_not_fetched(served: Served) -> None:
    async with AsyncClient() as client:
        with pytest.raises(InvalidRequestError, match="private"):
            await client.transcribe(served.url, model="mock/ears")


@pytest.mark.parametrize(("model", "pages"), [("elevenlabs/eleven_flash_v2_5", 2), ("cartesia/sonic-3", 2)])
async def test_voices_are_those_that_the_provider_lists_on_all_its_pages(
    simulator: VoiceSimulator, model: str, pages: int
) -> None:
    provider = model.partition("/")[0]
    async with connected(**{provider: simulator.url(provider)}) as client:
        found = await client.voices(model)

    assert [one.id for one in found] == [f"voice-{number:03d}" for number in range(1, 131)]
    assert (found[0].name, found[0].languages) == ("Voice-001", ("en",))
    assert len(simulator.calls) == pages
    assert simulator.billed(provider) == 0
