"""What transcriptions have in common."""

import pytest

from genmux.contract.hearing import body_of, confidence_of, language_tag, segments_of
from genmux.contract.http import FileBody
from genmux.types.errors import InvalidRequestError
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import AudioFile


def word(text: str, start: float, end: float, speaker: str | None = None) -> Word:
    return Word(text=text, start=start, end=end, speaker=speaker)


def test_a_sentence_ends_with_its_mark() -> None:
    words = [word("Hello", 0, 0.4), word("there.", 0.5, 0.9), word("“Yes?”", 1, 1.2), word("No", 1.3, 1.5)]
    assert [one.text for one in segments_of(words)] == ["Hello there.", "“Yes?”", "No"]


def test_a_segment_ends_where_somebody_else_speaks_or_nobody_does() -> None:
    words = [word("a", 0, 1, "A"), word("b", 1, 2, "B"), word("c", 2, 3, "B"), word("d", 4.5, 5, "B")]
    assert segments_of(words) == (
        Segment(text="a", start=0, end=1, speaker="A"),
        Segment(text="b c", start=1, end=3, speaker="B"),
        Segment(text="d", start=4.5, end=5, speaker="B"),
    )


def test_languages_without_spaces_are_joined_without_them() -> None:
    words = [word("你", 0, 0.1), word("好", 0.1, 0.2), word("。", 0.2, 0.2)]
    assert segments_of(words, language="zh-CN") == (Segment(text="你好。", start=0, end=0.2),)


def test_no_words_are_no_segments() -> None:
    assert segments_of(()) == ()


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("eng", "en"),
        ("en", "en"),
        ("en_us", "en-US"),
        ("zh-Hant", "zh-Hant"),
        ("cmn", "zh"),
        ("haw", "haw"),
        ("", None),
    ],
)
def test_codes_of_languages_become_tags(code: str, tag: str | None) -> None:
    assert language_tag(code) == tag


def test_a_logarithm_becomes_a_probability() -> None:
    assert (confidence_of(None), confidence_of(0.0), confidence_of(0.3), confidence_of(-0.6931)) == (None, 1, 1, 0.5)


def test_a_sound_is_its_bytes_or_its_file() -> None:
    assert body_of(AudioFile(data=b"abc")) == b"abc"
    file = AudioFile(path="/a.mp3", size=3, media_type="audio/mpeg", name="a.mp3")
    assert body_of(file) == FileBody(path="/a.mp3", size=3, media_type="audio/mpeg", name="a.mp3")


@pytest.mark.parametrize("audio", [AudioFile(url="https://a.example/b"), AudioFile(path="/a.mp3")])
def test_what_cannot_be_sent_is_refused(audio: AudioFile) -> None:
    with pytest.raises(InvalidRequestError):
        body_of(audio)
