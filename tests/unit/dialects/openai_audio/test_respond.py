"""What callers get back."""

import base64

import msgspec
import pytest

from genmux.contract.http import HttpReply
from genmux.dialects.openai_audio import EVENTS, AcceptedSpeech, AcceptedTranscription, dialect
from genmux.dialects.openai_audio.schema import ResponseFormat
from genmux.types.audio import AudioFormat
from genmux.types.errors import RateLimitError
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechResult, SpeechStart
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript, TranscriptDelta, TranscriptDone, TranscriptSegment
from genmux.types.usage import Usage
from tests.unit.dialects.openai_audio.sounding import events, hear, say

SERVER = dialect.server
SPOKEN = SpeechResult(
    audio=b"sound", format=AudioFormat(encoding="opus"), usage=Usage(meters={"tokens.input": 2, "tokens.output": 5})
)
TOLD = Transcript(
    text="Hello there. Bye.",
    language="en",
    seconds=2.5,
    segments=(
        Segment(text="Hello there.", start=0.0, end=1.5, speaker="B"),
        Segment(text="Bye.", start=1.5, end=2.5),
    ),
    words=(Word(text="Hello", start=0.0, end=0.5),),
)


def wanting(response_format: ResponseFormat, **wishes: bool) -> AcceptedTranscription:
    return AcceptedTranscription(request=hear(**wishes), response_format=response_format)


def test_speech_goes_out_as_it_is_with_its_media_type() -> None:
    answer = SERVER.respond_speech(SPOKEN, AcceptedSpeech(request=say()))
    assert (answer.body, answer.headers) == (b"sound", (("content-type", "audio/ogg"),))


def test_speech_can_be_told_in_events_with_its_usage() -> None:
    answer = SERVER.respond_speech(SPOKEN, AcceptedSpeech(request=say(), stream_format="sse"))
    delta, done = events(answer.body)
    assert dict(answer.headers)["content-type"] == EVENTS
    assert delta == {"type": "speech.audio.delta", "audio": base64.b64encode(b"sound").decode()}
    assert done == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": 2, "output_tokens": 5, "total_tokens": 7},
    }


def test_streamed_bytes_are_nothing_but_the_sound() -> None:
    writer = SERVER.speech_writer(AcceptedSpeech(request=say()))
    parts = [SpeechStart(format=AudioFormat()), SpeechDelta(b"ab"), UsagePart(Usage())]
    assert b"".join(map(writer.write, parts)) + writer.close() + writer.fail(RateLimitError("x")) == b"ab"


def test_streamed_events_end_with_the_usage_or_with_an_error() -> None:
    writer = SERVER.speech_writer(AcceptedSpeech(request=say(), stream_format="sse"))
    assert writer.write(SpeechStart(format=AudioFormat())) == b""
    assert events(writer.write(SpeechDelta(b"ab")))[0]["type"] == "speech.audio.delta"
    assert writer.write(UsagePart(SPOKEN.usage)) == b""
    assert events(writer.close())[0]["usage"]["total_tokens"] == 7
    assert events(writer.fail(RateLimitError("slowly")))[0]["error"]["message"] == "slowly"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("text", "Hello there. Bye.\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,500\nB: Hello there.\n\n2\n00:00:01,500 --> 00:00:02,500\nBye.\n\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nB: Hello there.\n\n00:00:01.500 --> 00:00:02.500\nBye.\n\n"),
    ],
)
def test_a_transcript_goes_out_as_text_and_as_subtitles(wanted: ResponseFormat, text: str) -> None:
    answer = SERVER.respond_transcription(msgspec.structs.replace(TOLD, words=()), wanting(wanted))
    assert (answer.body.decode(), dict(answer.headers)["content-type"]) == (text, "text/plain; charset=utf-8")


def test_the_usual_transcript_is_the_text_with_the_usage() -> None:
    answer = SERVER.respond_transcription(TOLD, wanting("json"))
    assert msgspec.json.decode(answer.body) == {
        "text": "Hello there. Bye.",
        "usage": {"type": "duration", "seconds": 2.5},
    }


def test_tokens_are_told_before_seconds() -> None:
    usage = Usage(meters={"tokens.input": 9, "tokens.input.audio": 7, "tokens.output": 3, "seconds.input.audio": 2.5})
    answer = SERVER.respond_transcription(msgspec.structs.replace(TOLD, usage=usage), wanting("json"))
    assert msgspec.json.decode(answer.body)["usage"] == {
        "type": "tokens",
        "input_tokens": 9,
        "input_token_details": {"text_tokens": 2, "audio_tokens": 7},
        "output_tokens": 3,
        "total_tokens": 12,
    }


def test_a_verbose_transcript_has_all_that_official_clients_want() -> None:
    answer = SERVER.respond_transcription(TOLD, wanting("verbose_json", words=True, segments=True))
    told = msgspec.json.decode(answer.body)
    assert (told["language"], told["duration"], told["task"]) == ("english", 2.5, "transcribe")
    assert told["words"] == [{"word": "Hello", "start": 0.0, "end": 0.5}]
    assert told["segments"][1] == {
        "id": 1,
        "seek": 0,
        "start": 1.5,
        "end": 2.5,
        "text": "Bye.",
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0,
        "compression_ratio": 0.0,
        "no_speech_prob": 0.0,
    }


def test_only_the_times_that_were_asked_for_are_told_and_the_length_is_never_missing() -> None:
    short = msgspec.structs.replace(TOLD, seconds=None, language=None)
    told = msgspec.json.decode(SERVER.respond_transcription(short, wanting("verbose_json", words=True)).body)
    assert "segments" not in told
    assert (told["duration"], told["language"]) == (2.5, "unknown")


def test_speakers_are_told_and_nobody_is_nameless() -> None:
    told = msgspec.json.decode(SERVER.respond_transcription(TOLD, wanting("diarized_json", diarize=True)).body)
    assert [(one["id"], one["speaker"], one["type"]) for one in told["segments"]] == [
        ("seg_0", "B", "transcript.text.segment"),
        ("seg_1", "A", "transcript.text.segment"),
    ]


def test_what_another_dialect_told_besides_does_not_go_out() -> None:
    foreign = msgspec.structs.replace(TOLD, extra={"channels": 2})
    assert b"channels" not in SERVER.respond_transcription(foreign, wanting("json")).body
    own = msgspec.structs.replace(TOLD, extra={"openai_audio": {"x_groq": {"id": "r"}}})
    assert b"x_groq" in SERVER.respond_transcription(own, wanting("json")).body


@pytest.mark.parametrize(("wanted", "shown"), [("json", 2), ("diarized_json", 3)])
def test_a_stream_tells_deltas_the_end_and_segments_where_speakers_were_asked_for(
    wanted: ResponseFormat, shown: int
) -> None:
    writer = SERVER.transcript_writer(wanting(wanted))
    parts = [TranscriptDelta("Hi"), TranscriptDelta(""), TranscriptSegment(TOLD.segments[0]), TranscriptDone(TOLD)]
    written = b"".join(map(writer.write, parts))
    told = events(written + writer.close())
    assert len(told) == shown
    assert (told[0]["delta"], told[-1]["type"], told[-1]["text"]) == ("Hi", "transcript.text.done", TOLD.text)
    assert writer.close() == b"data: [DONE]\n\n"
    assert events(writer.fail(RateLimitError("slowly")))[0]["type"] == "error"


def test_an_error_has_the_form_and_the_status_that_clients_expect() -> None:
    answer = SERVER.refuse(RateLimitError("slowly"))
    reply = HttpReply(status=answer.status, headers={}, body=answer.body)
    assert (reply.status, msgspec.json.decode(reply.body)["error"]["type"]) == (429, "rate_limit_error")
