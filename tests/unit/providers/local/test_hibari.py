import importlib.util
import wave
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Progress
from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.engine.child import LocalHost
from genmux.engine.permit import Permit
from genmux.providers.local import hibari, provider
from genmux.providers.local.hibari import HibariEngine, cut
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.jobs import Completed
from genmux.types.parts import UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechRequest, SpeechStart

MODEL = Model(
    provider="local",
    id="hibari",
    wire_id="hibari",
    spec=inherit(provider.manifest.models["hibari"], provider.manifest.model_defaults),
)
needs_hibari = pytest.mark.skipif(
    importlib.util.find_spec("hibari") is None, reason="the extra is not installed: pip install 'genmux[voice]'"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[LocalHost]:
    one = LocalHost()
    yield one
    await one.aclose()


async def spoken(host: LocalHost, text: str, **more: Any) -> list[Any]:
    request = SpeechRequest(model="local/hibari", text=text, **more)
    run = host.run(provider, provider.wires["hibari"], MODEL, request, options={}, permit=Permit())
    async with aclosing(run) as parts:
        return [part async for part in parts]


def sound(parts: list[Any]) -> bytes:
    return b"".join(part.data for part in parts if isinstance(part, SpeechDelta))


@needs_hibari
@pytest.mark.asyncio(loop_scope="module")
class TestSpeaking:
    async def test_each_sentence_comes_by_itself(self, host: LocalHost) -> None:
        parts = await spoken(host, "Good morning. How are you? I am fine.")
        assert isinstance(parts[0], SpeechStart)
        assert (parts[0].format.encoding, parts[0].format.sample_rate) == ("pcm", 24_000)
        assert [type(part) for part in parts[1:-1]] == [SpeechDelta] * 3
        assert isinstance(parts[-1], UsagePart)
        meters = parts[-1].usage.meters
        assert meters["characters.input"] == 37
        assert meters["seconds.output.audio"] == pytest.approx(len(sound(parts)) / 48_000, abs=0.001)

    async def test_the_same_seed_gives_the_same_sound(self, host: LocalHost) -> None:
        one, other, third = [sound(await spoken(host, "Hello there.", seed=seed)) for seed in (1, 1, 2)]
        assert one == other
        assert one != third

    async def test_faster_speech_is_shorter(self, host: LocalHost) -> None:
        usual, fast = [
            len(sound(await spoken(host, "Please speak a little faster.", speed=speed))) for speed in (None, 2.0)
        ]
        assert fast < usual * 0.7

    @pytest.mark.parametrize("text", ["👍 🎉", "\x00\x07\x1b", "日本語", "..."])
    async def test_a_text_without_anything_to_be_said_is_told_so(self, host: LocalHost, text: str) -> None:
        with pytest.raises(InvalidRequestError, match="nothing in `text` can be spoken"):
            await spoken(host, text)

    async def test_what_cannot_be_said_in_a_text_is_left_out(self, host: LocalHost) -> None:
        assert len(sound(await spoken(host, "Well \x00 done 👍 my friend."))) > 24_000

    async def test_a_text_without_any_gap_is_spoken_in_pieces(self, host: LocalHost) -> None:
        parts = await spoken(host, "abcdefgh" * 300)
        assert sum(isinstance(part, SpeechDelta) for part in parts) > 2

    async def test_other_languages_are_refused(self, host: LocalHost) -> None:
        assert sound(await spoken(host, "Colour.", language="en-GB"))
        with pytest.raises(InvalidRequestError, match=r"speaks English \(en\) only"):
            await spoken(host, "Guten Tag.", language="de")

    async def test_what_the_voice_does_not_heed_is_told(self, host: LocalHost) -> None:
        parts = await spoken(host, "Hello.", instructions="Whisper.", timestamps=True)
        assert [part.warning.field for part in parts if isinstance(part, WarningPart)] == ["instructions", "timestamps"]

    async def test_a_job_gets_a_file(self, host: LocalHost, tmp_path: Path) -> None:
        request = MediaRequest(
            operation="text_to_speech", prompt="Good morning. How are you?", params={"seed": 1}, folder=str(tmp_path)
        )
        run = host.run(provider, provider.wires["hibari"], MODEL, request, options={}, permit=Permit())
        *progress, done = [part async for part in run]
        parts = [one.part for one in progress if isinstance(one, Progress)]
        assert parts == sorted(parts)
        assert isinstance(done, Completed)
        with wave.open(done.outputs[0].file or "") as file:
            samples = file.readframes(file.getnframes())
            assert file.getframerate() == 24_000
        assert samples == sound(await spoken(host, "Good morning. How are you?", seed=1))
        assert done.usage.meters["characters.input"] == 26

    async def test_leaving_early_stops_it(self, host: LocalHost) -> None:
        request = SpeechRequest(model="local/hibari", text="This is one of many sentences. " * 2_000)
        run = host.run(provider, provider.wires["hibari"], MODEL, request, options={}, permit=Permit())
        async for part in run:
            if isinstance(part, SpeechDelta):
                break
        await run.aclose()
        assert sound(await spoken(host, "Hello again."))


@needs_hibari
def test_other_weights_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hibari, "SHA256", "0" * 64)
    with pytest.raises(ConfigurationError, match=r"pip install 'genmux\[voice\]'"):
        HibariEngine().load(MODEL, {})


@given(text=st.text(alphabet="ab ,.;", max_size=300), most=st.integers(1, 50))
def test_a_cut_text_is_whole_and_no_piece_is_too_long(text: str, most: int) -> None:
    pieces = [*cut(text, most)]
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= most for piece in pieces)


def test_a_long_sentence_is_cut_after_a_comma_else_between_words() -> None:
    assert [*cut("one two, three four five", 14)] == ["one two, ", "three four ", "five"]
