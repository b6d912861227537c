"""Speech, as a client of a host."""

import base64

import pytest

from genmux.contract.http import Framing, WireEvent
from genmux.contract.params import Param
from genmux.dialects.openai_audio import client
from genmux.types.audio import AudioFormat
from genmux.types.errors import ConfigurationError, NetworkError, ProviderError
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechStart
from tests.unit.dialects.openai_audio.sounding import document, event, model, reply, say, sent, speaker

B64 = base64.b64encode(b"sound").decode()


def test_a_request_names_model_text_voice_and_format() -> None:
    encoded = speaker().encode(say(voice="alloy", format="wav", speed=1.5, instructions="Softly."), model())

    assert encoded.http.url == "/audio/speech"
    assert encoded.http.framing is Framing.RAW
    assert document(encoded.http) == {
        "model": "host-m",
        "input": "Hello.",
        "voice": "alloy",
        "response_format": "wav",
        "instructions": "Softly.",
        "speed": 1.5,
    }
    assert encoded.warnings == ()


def test_what_the_host_does_not_take_is_left_out_with_a_warning_unless_it_changes_nothing() -> None:
    encoded = speaker(takes=["speed"]).encode(
        say(instructions="Softly.", language="de", sample_rate=8_000, user="u", timestamps=True), model()
    )

    assert {"instructions", "language", "timestamps"} == {one.field for one in encoded.warnings}
    assert document(encoded.http) == {"model": "host-m", "input": "Hello."}


def test_without_a_voice_the_usual_one_of_the_model_is_asked_for() -> None:
    known = model(voice=Param(type="string", default="coral"))
    assert document(speaker().encode(say(), known).http)["voice"] == "coral"


def test_a_voice_of_ones_own_goes_as_an_object_where_the_host_wants_that() -> None:
    wire = speaker(voice_ids="voice_")
    assert document(wire.encode(say(voice="voice_12"), model()).http)["voice"] == {"id": "voice_12"}
    assert document(wire.encode(say(voice="alloy"), model()).http)["voice"] == "alloy"


def test_a_host_has_its_own_names_for_fields_and_formats() -> None:
    wire = speaker(rename={"voice": "voice_id"}, format_names={"opus": "ogg"}, takes=["sample_rate"])
    encoded = wire.encode(say(voice="jane", format="opus", sample_rate=16_000), model())
    assert document(encoded.http) == {
        "model": "host-m",
        "input": "Hello.",
        "voice_id": "jane",
        "response_format": "ogg",
        "sample_rate": 16_000,
    }


def test_fields_of_another_dialect_stay_here_with_a_warning() -> None:
    encoded = speaker().encode(say(dialect="elevenlabs", extra={"stability": 1}), model())
    assert [one.field for one in encoded.warnings] == ["extra"]
    assert "stability" not in document(encoded.http)


@pytest.mark.parametrize(
    ("media_type", "body", "encoding"),
    [
        ("audio/mpeg", b"\xff\xf3", "mp3"),
        ("audio/wav", b"RIFF", "wav"),
        ("application/octet-stream", b"OggS\x00", "opus"),
        ("application/octet-stream", b"fLaC\x00", "flac"),
        ("application/octet-stream", b"\x00\x01", "aac"),
    ],
)
def test_the_encoding_is_what_the_reply_says_then_what_it_begins_with_then_what_was_asked(
    media_type: str, body: bytes, encoding: str
) -> None:
    result = speaker().decode(reply(body, media_type), sent(say(format="aac")))
    assert (result.audio, result.format.encoding) == (body, encoding)


def test_raw_samples_tell_how_long_they_last() -> None:
    result = speaker().decode(reply(bytes(48_000), "audio/pcm"), sent(say(format="pcm")))
    assert (result.format, result.seconds) == (AudioFormat(encoding="pcm", sample_rate=24_000), 1.0)


def test_a_media_type_can_tell_the_rate() -> None:
    result = speaker().decode(reply(bytes(16_000), "audio/pcm;rate=8000"), sent(say(format="pcm")))
    assert (result.format.sample_rate, result.seconds) == (8_000, 1.0)


def test_samples_that_look_like_json_are_still_samples() -> None:
    assert speaker().decode(reply(b'{"error":1}', "audio/pcm"), sent(say(format="pcm"))).audio == b'{"error":1}'


def test_speech_in_json_is_base64_and_has_its_usage() -> None:
    told = {"audio_data": B64, "usage": {"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10}}
    result = speaker(json_speech=True).decode(reply(told), sent(say(format="wav")))
    assert (result.audio, result.usage.meters) == (
        b"sound",
        {"tokens.input": 3, "tokens.output": 7, "tokens.output.audio": 7},
    )


def test_speech_in_events_is_asked_for_and_read_whole_with_its_usage() -> None:
    wire = speaker(events=True)
    assert document(wire.encode(say(), model()).http)["stream_format"] == "sse"
    body = (
        f'data: {{"type":"speech.audio.delta","audio":"{B64}"}}\n\n'
        f'data: {{"type":"speech.audio.delta","audio":"{B64}"}}\n\n'
        'data: {"type":"speech.audio.done","usage":{"input_tokens":2,"output_tokens":9,"total_tokens":11}}\n\n'
    )
    result = wire.decode(reply(body.encode(), "text/event-stream"), sent(say()))
    assert (result.audio, result.usage.output) == (b"soundsound", 9)


@pytest.mark.parametrize(
    ("body", "media_type", "kind"),
    [
        ({"error": {"message": "no", "code": "rate_limit_exceeded"}}, "application/json", "rate_limit"),
        (b"", "audio/mpeg", "malformed_reply"),
        (b"<p>", "text/html", "malformed_reply"),
        (b" <!DOCTYPE html>", "application/octet-stream", "malformed_reply"),
        ({"audio_data": "?"}, "application/json", "malformed_reply"),
        (b'data: {"error":{"message":"no","code":"rate_limit_exceeded"}}\n\n', "text/event-stream", "rate_limit"),
    ],
)
def test_an_error_and_silence_are_no_speech(body: object, media_type: str, kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        speaker().decode(reply(body, media_type), sent(say()))
    assert caught.value.kind == kind


def test_bytes_are_heard_as_they_come() -> None:
    reader = speaker().reader(sent(say(format="pcm")))
    parts = [*reader.feed(WireEvent(b"ab")), *reader.feed(WireEvent(b"")), *reader.feed(WireEvent(b"cd"))]
    assert [*parts, *reader.close()] == [
        SpeechStart(format=AudioFormat(encoding="pcm", sample_rate=24_000)),
        SpeechDelta(b"ab"),
        SpeechDelta(b"cd"),
    ]


def test_a_stream_of_bytes_without_bytes_or_with_an_error_in_json_is_an_error() -> None:
    with pytest.raises(ProviderError, match="no sound"):
        speaker().reader(sent(say())).close()
    with pytest.raises(ProviderError, match="page of HTML"):
        speaker().reader(sent(say())).feed(WireEvent(b"<html><body>"))
    with pytest.raises(ProviderError, match="too much"):
        speaker().reader(sent(say())).feed(WireEvent(b'{"error":{"message":"too much"}}'))


@pytest.mark.parametrize("field", ["audio", "audio_data"])
def test_events_are_heard_as_they_come(field: str) -> None:
    wire = speaker(json_speech=True)
    encoded = wire.encode(say(), model(), stream=True)
    assert (document(encoded.http)["stream"], encoded.http.framing) == (True, Framing.SSE)

    reader = wire.reader(sent(say(format="mp3")))
    parts = [*reader.feed(event(type="speech.audio.delta", **{field: B64}))]
    parts += reader.feed(event(type="something.new"))
    parts += reader.feed(event(type="speech.audio.done", usage={"input_tokens": 2, "output_tokens": 5}))
    parts += reader.close()

    assert isinstance(parts[0], SpeechStart)
    assert parts[1] == SpeechDelta(b"sound")
    assert isinstance(parts[2], UsagePart)
    assert parts[2].usage.output == 5


def test_events_that_end_too_early_are_a_broken_stream() -> None:
    reader = speaker(events=True).reader(sent(say()))
    assert [*reader.feed(event(type="speech.audio.delta", audio=B64))]
    with pytest.raises(NetworkError, match="before the speech was complete"):
        reader.close()


def test_an_error_event_is_raised() -> None:
    reader = speaker(events=True).reader(sent(say()))
    with pytest.raises(ProviderError, match="overloaded"):
        reader.feed(event(type="error", error={"message": "overloaded"}))


def test_a_host_that_does_not_stream_has_no_reader() -> None:
    assert not hasattr(client({"streams": False}), "reader")
    assert not hasattr(client({"operation": "transcribe", "streams": False}), "reader")
    assert hasattr(client({}), "reader")


def test_an_unknown_option_names_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"`speedy`.*the options are operation, speech"):
        client({"speedy": True})
