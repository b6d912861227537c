"""Replies that are nothing but sound."""

import pytest

from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.speaking import SoundReader, decoded, sound_of, spoken
from genmux.types.audio import AudioFormat
from genmux.types.errors import MalformedReplyError
from genmux.types.speech import SpeechDelta, SpeechStart

PCM = AudioFormat(encoding="pcm", sample_rate=8_000)
PAGE = b"<html><head><title>Oops</title></head></html>"


def reply(body: bytes, media_type: str) -> HttpReply:
    return HttpReply(status=200, headers={"content-type": media_type}, body=body)


def test_samples_are_counted_as_time() -> None:
    assert sound_of(reply(bytes(16_000), "audio/pcm"), PCM).seconds == 1.0
    assert spoken(b"abc", AudioFormat(encoding="mp3")).seconds is None


@pytest.mark.parametrize(
    ("body", "media_type"), [(b"", "audio/mpeg"), (b"{}", "application/json; charset=utf-8"), (PAGE, "text/html")]
)
def test_a_reply_that_is_no_sound_is_malformed(body: bytes, media_type: str) -> None:
    with pytest.raises(MalformedReplyError):
        sound_of(reply(body, media_type), PCM)


def test_a_stream_begins_once_and_empty_pieces_say_nothing() -> None:
    reader = SoundReader(PCM)
    parts = [part for data in (b"", b"ab", b"", b"cd") for part in reader.feed(WireEvent(data))]
    assert parts == [SpeechStart(format=PCM), SpeechDelta(b"ab"), SpeechDelta(b"cd")]
    assert [*reader.close()] == []


@pytest.mark.parametrize("data", [PAGE, b'{"detail": {"status": "quota_exceeded"}}'])
def test_a_page_or_a_document_in_place_of_a_stream_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        [*SoundReader(PCM).feed(WireEvent(data))]


@pytest.mark.parametrize("data", [b"{", b"<\x00{\x01" * 20, b"{\xff" * 20])
def test_samples_that_look_a_little_like_text_are_samples(data: bytes) -> None:
    assert [*SoundReader(PCM).feed(WireEvent(data))][1] == SpeechDelta(data)


def test_a_stream_without_sound_is_malformed() -> None:
    with pytest.raises(MalformedReplyError):
        SoundReader(PCM).close()


@pytest.mark.parametrize("text", ["a", "!!!!", "é"])
def test_what_is_no_base64_is_malformed(text: str) -> None:
    with pytest.raises(MalformedReplyError):
        decoded(text)
