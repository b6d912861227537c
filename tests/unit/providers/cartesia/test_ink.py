"""Ink, as its documents show it."""

import pytest

from genmux.types.errors import MalformedReplyError
from genmux.types.timed_words import Segment, Word
from tests.unit.providers.voiced import Voiced, form, query, reply, told

TOLD = told("cartesia")
INK = Voiced("cartesia", "ink-whisper")


def test_a_sound_goes_as_a_file_of_the_form() -> None:
    encoded = INK.encoded(INK.sound(language="de-AT", params={"encoding": "pcm_s16le", "sample_rate": 16_000}))
    assert query(encoded.http) == ("/stt", {"encoding": "pcm_s16le", "sample_rate": "16000"})
    assert form(encoded.http) == {
        "model": "ink-whisper",
        "language": "de",
        "timestamp_granularities[]": "word",
        "file": b"RIFF-sound",
    }
    assert encoded.warnings == ()


def test_what_ink_assumes_and_cannot_do_is_told() -> None:
    warnings = INK.encoded(INK.sound(diarize=True)).warnings
    assert [(one.kind, one.field) for one in warnings] == [("unsupported", "diarize"), ("defaulted", "language")]


def test_words_have_times_and_make_sentences() -> None:
    heard = INK.heard(reply(TOLD["transcript"]))
    assert (heard.text, heard.language, heard.seconds, heard.id) == ("Hello there.", "en", 1.2, "r-1")
    assert heard.words == (Word(text="Hello", start=0.0, end=0.35), Word(text="there.", start=0.4, end=0.8))
    assert heard.segments == (Segment(text="Hello there.", start=0.0, end=0.8),)


def test_words_may_be_lacking() -> None:
    assert INK.heard(reply({"type": "transcript", "text": ""})).words == ()


@pytest.mark.parametrize("document", [{}, {"text": None}, {"text": "a", "words": [{"word": "a"}]}, [], "a"])
def test_a_reply_without_a_text_is_malformed(document: object) -> None:
    with pytest.raises(MalformedReplyError):
        INK.heard(reply(document))
