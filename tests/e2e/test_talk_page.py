"""People talk with models on a page in a real browser, whose microphone hears a file; skipped where there is no browser."""

import math
import os
import re
import struct
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import openai
import pytest
import pytest_asyncio

from genmux.services.settings import Defaults, GatewaySettings, ProviderSettings, Settings
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator
from tests.e2e.browser import CHROMIUM, Page, microphone, opened
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.talking import KEY, embedded, embedded_settings

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
SHOTS = os.environ.get("GENMUX_SCREENSHOTS")
"""A folder for pictures, for people who want to look."""

LIVE = """
spec = 1
id = "lives"
name = "Lives"
base_url = "https://lives.example/v1"

[credentials.api_key]
env = ["LIVES_KEY"]

[wires.realtime]
dialect = "gemini_live"

[models.talker]
operations = { realtime = "realtime" }
"""
PLAYED = '[mock turn=1 heard="What time is it?" tool=get_time][mock turn=3 pace=0.02 seconds=30 say="A long story"]'
"""The time, as the page tells it; then what can be interrupted."""

SPEAKS, SILENT = 1.3, 1.2
"""Seconds of the file."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[RealtimeSimulator]:
    async with RealtimeSimulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def gateway(simulator: RealtimeSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("providers")
    (folder / "lives").mkdir()
    (folder / "lives" / "manifest.toml").write_text(LIVE)
    settings = Settings(
        provider_paths=(str(folder),),
        providers={
            "lives": ProviderSettings(base_url=simulator.url("gemini"), credentials={"api_key": "sk-simulated"}),
            "local": embedded_settings(),
        },
        defaults=Defaults(models={"transcribe": "mock/ears", "text_to_speech": "mock/voice"}),
        gateway=GatewaySettings(keys=(KEY,)),
    )
    with running(settings) as serving:
        yield serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def question(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody asks what time it is, in words where there is a voice on this machine, else in a tone; then there is silence."""
    path = tmp_path_factory.mktemp("sounds") / "question.wav"
    sound = b"".join(struct.pack("<h", round(9_000 * math.sin(n / 9))) for n in range(int(24_000 * SPEAKS)))
    if embedded():
        async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY) as client:
            made = await client.audio.speech.create(
                model="local/hibari", voice="heart", input="What time is it?", response_format="pcm"
            )
        sound = made.content
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(sound + bytes(int(48_000 * SILENT) // 2 * 2))
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(
    gateway: RunningGateway, question: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Page]:
    profile = tmp_path_factory.mktemp("profile")
    async with opened(f"{gateway.url}/talk", profile, *microphone(question)) as page:
        await page.until("!keys.hidden")
        await page.value(f"key.value = '{KEY}'; keys.requestSubmit()")
        await page.until("!start.disabled && keys.hidden")
        page.faults.clear()  # that it was refused before it had a key is in the browser's log
        yield page


async def picture(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(Path(SHOTS) / f"{name}.png")


async def conversation(page: Page, model: str, told: str) -> list[list[str]]:
    """The time is asked for by voice, and the page knows it; a story is asked for in writing, and interrupted by voice.

    Gives what is shown, line by line.
    """
    await page.value(f"model.value = '{model}'; instructions.value = {told!r}; start.click()")
    await page.until("talk?.socket?.readyState === 1")
    await page.value("heard = []; talk.socket.addEventListener('message', e => heard.push(JSON.parse(e.data))); 0")
    try:
        await page.until("said.querySelector('.user')")
        await page.value("mute.click()")
        await page.until("said.querySelector('.tool')")
        await page.until("said.querySelector('.model') && $('doing').textContent === 'Listening'")
        await page.value("text.value = 'Tell me a long story about a fox.'; form.requestSubmit()")
        await page.until("$('doing').textContent === 'Speaking'")
        await page.value("since = talk.sound.currentTime")
        await page.until("talk.sound.currentTime > since + 0.4")
        await page.value("mute.click()")
        await page.until("heard.some(one => one.type === 'conversation.item.truncated')")
        await page.value("mute.click()")
        if SHOTS:
            await page.screenshot(Path(SHOTS) / f"{model.replace('/', '-')}.png")
        assert await page.value("heard.filter(one => one.type === 'error').map(one => one.error.message)") == []
        return await page.value("[...said.children].map(one => [one.className, one.innerText])")
    finally:
        await page.value("talk && start.click()")
        await page.until("!talk")


def checked(shown: list[list[str]]) -> None:
    """The words of such a conversation."""
    kinds = [kind for kind, _ in shown]
    assert kinds[:5] == ["user", "tool", "model", "user", "model"]
    assert "time" in shown[0][1]
    tool, answer, story = shown[1][1], shown[2][1], shown[4][1]
    assert tool.startswith("get_time() → it is ")
    assert tool.removeprefix("get_time() → it is ")[:4] in answer
    cut = re.search(r"interrupted, ([0-9.]+) s were heard", story)
    assert cut is not None
    assert 0.2 < float(cut[1]) < 5


@pytest.mark.parametrize("model", ["mock/realtime", "lives/talker"])
async def test_a_conversation_goes_with_a_tool_and_an_interruption(page: Page, model: str) -> None:
    checked(await conversation(page, model, PLAYED))
    assert page.faults == []


@pytest.mark.skipif(not embedded(), reason="the local voice is not installed: genmux local install")
async def test_a_conversation_goes_on_this_machine_alone(page: Page) -> None:
    checked(await conversation(page, "local/voice", ""))
    assert page.faults == []
    told = await page.value("heard.map(one => one.event?.type || one.type)")
    suspected = told.index("speech_suspected")
    assert "input_audio_buffer.speech_started" in told[suspected:]  # the sound was held until it was certain
