"""Every wire of voice keeps the contract, against its simulated provider: real sockets, the real engine."""

from typing import Any

import pytest

from genmux.contract.voices import Voices
from genmux.testing.simulator.voice import FAULTS, voice_personalities
from genmux.testing.simulator.voice.sounds import SAID, SECONDS, TEXT, samples, spans
from genmux.types.errors import ErrorKind, MalformedReplyError, ProviderError, Retry
from genmux.types.speech import SpeechStart
from genmux.types.transcription import AudioFile
from tests.unit.providers.simulated import REGISTRY, model_of
from tests.unit.testing.voice_bench import SECRET, voice_bench

SPEAKERS = [
    ("cartesia", "sonic-3"),
    ("deepgram", "aura-2"),
    ("elevenlabs", "eleven_flash_v2_5"),
    ("google", "gemini-3.8-flash-tts"),
]
LISTENERS = [("cartesia", "ink-whisper"), ("deepgram", "nova-3"), ("elevenlabs", "scribe_v2")]
TIMED = [one for one in SPEAKERS if one[0] in {"cartesia", "elevenlabs"}]
LINE = "Hello there, who is it? It is me, and nobody else."
SOUND = AudioFile(data=b"RIFF-sound", media_type="audio/wav", name="talk.wav", size=10)
KINDS = {
    "401": (ErrorKind.AUTHENTICATION, Retry.NEVER),
    "402": (ErrorKind.QUOTA_EXCEEDED, Retry.NEVER),
    "429": (ErrorKind.RATE_LIMIT, Retry.SAFE),
    "500": (ErrorKind.SERVER, Retry.UNSURE),
}


def formats(provider: str, name: str) -> tuple[Any, ...]:
    return model_of(REGISTRY.load(provider), name).spec.params["format"].choices


FORMATS = [(*one, encoding) for one in SPEAKERS for encoding in formats(*one)]
every_speaker = pytest.mark.parametrize(("provider", "name"), SPEAKERS)
every_listener = pytest.mark.parametrize(("provider", "name"), LISTENERS)
everybody = pytest.mark.parametrize(("provider", "name"), SPEAKERS + LISTENERS)


def asked(bench: Any) -> Any:
    speaks = "text_to_speech" in bench.model.spec.operations
    return bench.speech(LINE, format="pcm") if speaks else bench.sound(SOUND, language="en")


def hides_the_key(error: ProviderError) -> bool:
    told = f"{error} {error.message} {error.body} {error.code} {error.__notes__ if hasattr(error, '__notes__') else ''}"
    return SECRET not in told and SECRET not in repr(error)


def test_every_personality_of_voice_is_spoken_to() -> None:
    assert {provider for provider, _ in SPEAKERS + LISTENERS} == set(voice_personalities())


@pytest.mark.parametrize(("provider", "name", "encoding"), FORMATS)
async def test_streamed_speech_is_whole_speech_in_every_format(provider: str, name: str, encoding: Any) -> None:
    async with voice_bench(provider, name) as bench:
        request = bench.speech(LINE, format=encoding)
        whole = await bench.whole(request)
        parts = await bench.parts(request)
        streamed = await bench.streamed(request)
        assert isinstance(parts[0], SpeechStart)
        assert sum(isinstance(one, SpeechStart) for one in parts) == 1
        assert (streamed.audio, streamed.format) == (whole.audio, whole.format)
        assert whole.format.encoding == encoding
        if encoding == "pcm":
            assert whole.audio == samples(LINE, whole.format.sample_rate)
            assert whole.seconds == pytest.approx(len(LINE) * 0.02)
        assert bench.simulator.billed(provider) == 3


@pytest.mark.parametrize(("provider", "name"), TIMED)
async def test_words_have_their_times_whole_and_streamed(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        request = bench.speech(LINE, format="pcm", timestamps=True)
        whole, streamed = await bench.whole(request), await bench.streamed(request)
        assert whole.words == streamed.words
        assert [one.text for one in whole.words] == LINE.split()
        expected = [time for _, start, end in spans(LINE) for time in (start, end)]
        assert [time for one in whole.words for time in (one.start, one.end)] == pytest.approx(expected, abs=0.011)
        assert whole.audio == streamed.audio == samples(LINE, whole.format.sample_rate)


@every_listener
async def test_what_is_said_is_written_down_with_words_and_sentences(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        heard = await bench.whole(bench.sound(SOUND, language="en"))
        assert (heard.text, heard.language, heard.seconds) == (TEXT, "en", SECONDS)
        assert [(one.text, one.start, one.end) for one in heard.words] == [one[:3] for one in SAID]
        assert [one.text for one in heard.segments] == ["Hello there.", "Who is it?"]
        assert bench.simulator.billed(provider) == 1


@every_listener
async def test_a_file_is_sent_as_bytes_are(provider: str, name: str, tmp_path: Any) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(SOUND.data or b"")
    file = AudioFile(path=str(path), media_type="audio/wav", name="talk.wav", size=10)
    async with voice_bench(provider, name) as bench:
        assert (await bench.whole(bench.sound(file, language="en"))).text == TEXT
        assert b"RIFF-sound" in bench.simulator.calls[0].body


@pytest.mark.parametrize(("provider", "name"), [one for one in LISTENERS if one[0] != "cartesia"])
async def test_speakers_are_told_apart(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        heard = await bench.whole(bench.sound(SOUND, language="en", diarize=True))
        assert [one.speaker for one in heard.segments] == ["speaker_0", "speaker_1"]
        assert [one.speaker for one in heard.words] == [f"speaker_{one.speaker}" for one in SAID]


@pytest.mark.parametrize("fault", KINDS)
@everybody
async def test_refusals_are_typed_and_hide_the_key(provider: str, name: str, fault: str) -> None:
    async with voice_bench(provider, name) as bench:
        bench.simulator.upcoming(f"{fault}; {fault}")
        attempts = [bench.whole, bench.parts] if hasattr(bench.wire, "reader") else [bench.whole]
        for attempt in attempts:
            with pytest.raises(ProviderError) as caught:
                await attempt(asked(bench))
            assert (caught.value.kind, caught.value.retry) == KINDS[fault]
            assert hides_the_key(caught.value)
        assert bench.simulator.billed(provider) == 0


@everybody
async def test_when_to_come_again_is_not_needed_for_a_rate_limit_to_be_one(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        bench.simulator.upcoming("429 3; ok")
        with pytest.raises(ProviderError) as caught:
            await bench.whole(asked(bench))
        assert caught.value.kind is ErrorKind.RATE_LIMIT
        await bench.whole(asked(bench))
        assert [one.outcome for one in bench.simulator.calls] == [429, 200]


@pytest.mark.parametrize("fault", ["truncated", "reset"])
@everybody
async def test_what_breaks_off_is_no_success(provider: str, name: str, fault: str) -> None:
    async with voice_bench(provider, name) as bench:
        bench.simulator.upcoming(f"{fault}; {fault}")
        attempts = [bench.whole, bench.parts] if hasattr(bench.wire, "reader") else [bench.whole]
        for attempt in attempts:
            with pytest.raises(ProviderError) as caught:
                await attempt(asked(bench))
            assert caught.value.kind in {ErrorKind.NETWORK, ErrorKind.MALFORMED_REPLY}
            assert caught.value.retry is not Retry.SAFE
            assert hides_the_key(caught.value)


@pytest.mark.parametrize("fault", ["garbled", "empty"])
@everybody
async def test_what_cannot_be_understood_is_malformed(provider: str, name: str, fault: str) -> None:
    async with voice_bench(provider, name) as bench:
        bench.simulator.upcoming(fault)
        with pytest.raises(MalformedReplyError):
            await bench.whole(asked(bench))


@every_speaker
async def test_a_page_in_place_of_a_stream_is_malformed(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        bench.simulator.upcoming("garbled; garbled")
        for encoding in ("pcm", "mp3"):
            with pytest.raises(MalformedReplyError):
                await bench.parts(bench.speech(LINE, format=encoding))


@every_speaker
async def test_a_stream_of_nothing_is_an_error(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        bench.simulator.upcoming("empty")
        with pytest.raises(ProviderError) as caught:
            await bench.parts(asked(bench))
        assert caught.value.kind in {ErrorKind.MALFORMED_REPLY, ErrorKind.SERVER, ErrorKind.NETWORK}


@everybody
async def test_a_late_answer_is_waited_for_and_one_that_never_comes_is_not(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        bench.simulator.upcoming("late 0.05; silent")
        await bench.whole(asked(bench))
        with pytest.raises(ProviderError) as caught:
            await bench.whole(asked(bench), seconds=0.1)
        assert (caught.value.kind, caught.value.retry) == (ErrorKind.TIMEOUT, Retry.UNSURE)
        assert hides_the_key(caught.value)


@pytest.mark.parametrize(("provider", "name"), TIMED)
async def test_all_pages_of_voices_are_listed_for_nothing(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        wire = bench.wire
        assert isinstance(wire, Voices)
        http, found = wire.encode_voices(bench.model), list[str]()
        while http is not None:
            assert http.read_only
            reply = await bench.call(http)
            found += [one.id for one in wire.decode_voices(reply)]
            http = wire.more_voices(reply)
        assert found == [f"voice-{number:03d}" for number in range(1, 131)]
        assert bench.simulator.billed(provider) == 0


@pytest.mark.parametrize(("provider", "name"), TIMED)
async def test_a_voice_that_is_not_there_is_not_found(provider: str, name: str) -> None:
    async with voice_bench(provider, name) as bench:
        with pytest.raises(ProviderError) as caught:
            await bench.whole(bench.speech(LINE, voice="nobody"))
        assert caught.value.kind is ErrorKind.NOT_FOUND


def test_every_fault_says_what_it_is() -> None:
    assert all(one.meaning for one in FAULTS.values())
