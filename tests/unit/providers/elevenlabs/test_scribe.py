"""Scribe, as its documents and recordings show it."""

import pytest

from genmux.types.errors import MalformedReplyError
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import AudioFile
from tests.recordings import needs_recordings
from tests.unit.providers.voiced import Voiced, form, query, recorded, reply, told

TOLD = told("elevenlabs")
SCRIBE = Voiced("elevenlabs", "scribe_v2")


def test_a_sound_goes_as_a_file_of_the_form() -> None:
    encoded = SCRIBE.encoded(SCRIBE.sound(language="en-GB", diarize=True, temperature=0.5))
    assert encoded.http.url == "/v1/speech-to-text"
    assert form(encoded.http) == {
        "model_id": "scribe_v2",
        "timestamps_granularity": "word",
        "language_code": "en",
        "temperature": "0.5",
        "diarize": "true",
        "file": b"RIFF-sound",
    }
    assert encoded.warnings == ()


def test_a_file_is_named_and_an_address_is_told() -> None:
    file = AudioFile(path="/tmp/talk.mp3", size=5, media_type="audio/mpeg", name="talk.mp3")  # noqa: S108 — never opened
    assert form(SCRIBE.encoded(SCRIBE.sound(file)).http)["file"] == "/tmp/talk.mp3"  # noqa: S108
    linked = form(SCRIBE.encoded(SCRIBE.sound(AudioFile(url="https://a.example/talk.mp3"))).http)
    assert linked["source_url"] == "https://a.example/talk.mp3"
    assert "file" not in linked


def test_lists_are_a_field_each_and_logging_is_told_in_the_query() -> None:
    params = {"keyterms": ["Genmux", "Ruby"], "num_speakers": 2, "enable_logging": False}
    http = SCRIBE.encoded(SCRIBE.sound(params=params)).http
    written = form(http)
    assert (written["keyterms"], written["num_speakers"]) == (["Genmux", "Ruby"], "2")
    assert query(http)[1] == {"enable_logging": "false"}


def test_what_scribe_cannot_do_is_told() -> None:
    warnings = SCRIBE.encoded(SCRIBE.sound(prompt="names", translate=True)).warnings
    assert [one.field for one in warnings] == ["prompt", "translate"]


def test_channels_are_speakers_and_their_words_are_in_order() -> None:
    heard = SCRIBE.heard(reply(TOLD["channels"]), params={"use_multi_channel": True})
    assert heard.text == "Hello.\nYes?"
    assert heard.words == (
        Word(text="Yes?", start=0.1, end=0.3, speaker="channel_1", confidence=1.0),
        Word(text="Hello.", start=0.5, end=0.9, speaker="channel_0", confidence=0.9048),
    )
    assert heard.segments[0] == Segment(text="Yes?", start=0.1, end=0.3, speaker="channel_1")
    assert (heard.seconds, heard.id, heard.language) == (1.5, "t1", "en")


@pytest.mark.parametrize(
    "document", [{}, {"text": 3}, {"text": "a", "words": [{"start": 0.1}]}, {"message": "webhook"}]
)
def test_a_reply_without_a_text_is_malformed(document: object) -> None:
    with pytest.raises(MalformedReplyError):
        SCRIBE.heard(reply(document))


@needs_recordings
def test_a_recorded_transcription_has_words_with_times_and_speakers() -> None:
    heard = SCRIBE.heard(recorded("elevenlabs/stt/elevenlabs-transcription-24608484.json"), diarize=True)
    assert (heard.text, heard.language) == ("Hello from the Vercel AI SDK.", "en")
    assert [word.text for word in heard.words] == ["Hello", "from", "the", "Vercel", "AI", "SDK."]
    assert heard.words[0] == Word(text="Hello", start=0.199, end=0.479, speaker="speaker_0", confidence=1.0)
    assert [(one.text, one.speaker) for one in heard.segments] == [("Hello from the Vercel AI SDK.", "speaker_0")]


@needs_recordings
@pytest.mark.parametrize(
    ("file", "language"),
    [("speech-to-text-language-code-1-96aedc8b", "fr"), ("speech-to-text-local-path-1-4eb58614", "en")],
)
def test_long_recorded_transcriptions_are_cut_into_sentences(file: str, language: str) -> None:
    heard = SCRIBE.heard(recorded(f"elevenlabs/stt/{file}.json"))
    assert heard.language == language
    assert len(heard.words) > 500
    assert 20 < len(heard.segments) < len(heard.words)
    said = " ".join(one.text for one in heard.segments).split()
    assert [word for word in heard.text.split() if word in said] == said  # in the text there is laughter, too
