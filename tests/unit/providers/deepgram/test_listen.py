"""Deepgram's transcription, as its documents and recordings show it."""

import pytest

from genmux.contract.http import FileBody
from genmux.types.errors import MalformedReplyError
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import AudioFile
from tests.recordings import needs_recordings
from tests.unit.providers.voiced import Voiced, body, query, recorded, reply, told

TOLD = told("deepgram")
NOVA = Voiced("deepgram", "nova-3-general")
RUBY = "Ruby is a programming language designed for developer happiness."


def test_everything_but_the_sound_is_in_the_query() -> None:
    encoded = NOVA.encoded(NOVA.sound(language="en", diarize=True))
    assert query(encoded.http) == (
        "/v1/listen",
        {
            "model": "nova-3-general",
            "smart_format": "true",
            "utterances": "true",
            "language": "en",
            "diarize_model": "latest",
        },
    )
    assert encoded.http.body == b"RIFF-sound"
    assert dict(encoded.http.headers)["content-type"] == "audio/wav"
    assert encoded.warnings == ()


def test_a_file_is_sent_as_it_is_and_an_address_as_json() -> None:
    file = AudioFile(path="/a/talk.mp3", size=5, media_type="audio/mpeg", name="talk.mp3")
    sent = NOVA.encoded(NOVA.sound(file)).http.body
    assert sent == FileBody(path="/a/talk.mp3", size=5, media_type="audio/mpeg", name="talk.mp3")
    assert body(NOVA.encoded(NOVA.sound(AudioFile(url="https://a.example/b"))).http) == {"url": "https://a.example/b"}


def test_that_english_is_heard_where_nothing_is_said_is_told() -> None:
    assert [(one.kind, one.field) for one in NOVA.encoded(NOVA.sound()).warnings] == [("defaulted", "language")]
    assert NOVA.encoded(NOVA.sound(params={"detect_language": True})).warnings == ()
    fields = [one.field for one in NOVA.encoded(NOVA.sound(language="de", prompt="a", translate=True)).warnings]
    assert fields == ["prompt", "translate"]


def test_channels_are_put_together_in_the_order_of_their_words() -> None:
    heard = NOVA.heard(reply(TOLD["channels"]))
    assert (heard.text, heard.language, heard.seconds, heard.id) == ("Hello.\nYes?", "en", 2.5, "r-1")
    assert heard.words == (
        Word(text="Yes?", start=0.1, end=0.3, speaker="channel_1_speaker_1", confidence=0.8),
        Word(text="Hello.", start=0.5, end=0.9, speaker="channel_0", confidence=0.9),
    )
    assert [one.text for one in heard.segments] == ["Yes?", "Hello."]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"results": {}},
        {"results": {"channels": []}},
        {"results": {"channels": [{"alternatives": []}]}},
        {"results": {"channels": [{"alternatives": [{"transcript": "a", "words": [{"word": "a"}]}]}]}},
    ],
)
def test_a_reply_without_a_transcript_is_malformed(document: object) -> None:
    with pytest.raises(MalformedReplyError):
        NOVA.heard(reply(document))


@needs_recordings
def test_recorded_speakers_are_told_of_words_and_utterances() -> None:
    file = "deepgram/stt/providers-deepgram-audio-labels-words-with-speakers-when-spe-8fb63840.json"
    heard = NOVA.heard(recorded(file), language="en", diarize=True)
    assert (heard.text, heard.language, heard.seconds) == (RUBY, "en", 3.6999376)
    assert heard.words[0] == Word(text="Ruby", start=0.16, end=0.56, speaker="speaker_0", confidence=0.91503906)
    assert heard.segments == (Segment(text=RUBY, start=0.16, end=3.52, speaker="speaker_0"),)


@needs_recordings
def test_recorded_utterances_without_speakers_have_none() -> None:
    file = "deepgram/stt/transcription-basic-functionality-deepgram-nova-3-general-ca-fb1a42b6.json"
    heard = NOVA.heard(recorded(file))
    assert heard.text == RUBY
    assert {one.speaker for one in (*heard.words, *heard.segments)} == {None}


@needs_recordings
def test_recorded_words_without_utterances_make_segments_and_the_language_is_detected() -> None:
    heard = NOVA.heard(recorded("deepgram/stt/deepgram-transcription-d3a24fe3.json"))
    assert (heard.language, heard.seconds) == ("en", 36.744)
    assert " ".join(one.text for one in heard.segments) == heard.text


@needs_recordings
@pytest.mark.parametrize(("index", "language", "text"), [(0, "sv", "hej"), (1, None, "hello")])
def test_a_recorded_reply_without_words_is_a_text(index: int, language: str | None, text: str) -> None:
    heard = NOVA.heard(recorded("deepgram/stt/deepgram-transcription-model-test-319bf899.json", index))
    assert (heard.text, heard.language, heard.words, heard.segments) == (text, language, (), ())
