"""Speech and transcripts are replayed as chat is."""

import base64
from typing import Any

import pytest

from genmux.testing.replay import Outcome
from genmux.testing.replay.forms import read_form
from tests.unit.testing.recorded_exchanges import ASK, ERROR, Record, replay_one, reply

ASK_SPEECH: dict[str, Any] = {
    **ASK,
    "path": "/v1/audio/speech",
    "json": {"model": "tts-1", "input": "Hi", "voice": "alloy", "response_format": "wav", "speed": 1.0},
}
FORM = (
    '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    '--b\r\ncontent-disposition: form-data; name="timestamp_granularities[]"\r\n\r\nword\r\n'
    '--b\r\ncontent-disposition: form-data; name="response_format"\r\n\r\nverbose_json\r\n'
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--b--\r\n'
)
WORDS = [{"word": "Hi", "start": 0.0, "end": 1.0}]
SEGMENTS = [{"id": 0, "text": "Hi", "start": 0.0, "end": 1.0, "no_speech_prob": 0.5}]


def packed(data: bytes | str) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def asked(form: str, path: str = "/v1/audio/transcriptions") -> dict[str, Any]:
    request = {name: value for name, value in ASK.items() if name != "json"}
    return {**request, "path": path, "body_b64": packed(form)}


def sound(data: bytes = b"RIFF", media_type: str = "audio/wav") -> dict[str, Any]:
    return {"status": 200, "headers": {"content-type": media_type}, "body_b64": packed(data)}


def played(record: Record, exchange: dict[str, Any], *, provider: str = "openai", **more: Any) -> Outcome:
    return replay_one(record, {**exchange, "provider": provider}, **more)


def test_speech_goes_round(record: Record) -> None:
    outcome = played(record, {"request": ASK_SPEECH, "response": sound()})

    assert (outcome.status, outcome.request_round_trip, outcome.response_round_trip) == ("ok", True, True)


def test_speech_whose_request_was_not_kept_is_told_by_its_sound(record: Record) -> None:
    known = played(record, {"request": None, "response": sound()}, provider="groq")
    unknown = played(record, {"request": None, "response": sound()}, provider="heroku")

    assert (known.status, known.request_round_trip, known.response_round_trip) == ("ok", None, True)
    assert unknown.status == "unsupported"


def test_a_request_for_speech_that_leaves_otherwise_is_told(record: Record) -> None:
    request = {**ASK_SPEECH, "json": {**ASK_SPEECH["json"], "instructions": "Softly."}}
    outcome = played(record, {"request": request, "response": sound()})

    assert outcome.request_round_trip is False
    assert outcome.differences == ('request.instructions: recorded "Softly.", written nothing',)


def test_a_request_for_speech_that_we_refuse_is_told(record: Record) -> None:
    request = {**ASK_SPEECH, "json": {**ASK_SPEECH["json"], "input": ""}}
    outcome = played(record, {"request": request, "response": sound()})

    assert (outcome.status, outcome.request_round_trip) == ("ok", False)
    assert outcome.differences[0].startswith("request: not accepted: ")


@pytest.mark.parametrize("request_", [ASK_SPEECH, asked(FORM)])
@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [(reply(429, json=ERROR), "ok", "rate_limit"), (reply(json=ERROR), "ok", "rate_limit"),
     (reply(json={"novelty": 1}), "failed", "malformed_reply")],
)  # fmt: skip
def test_errors_are_understood_and_go_round(
    record: Record, request_: dict[str, Any], answer: dict[str, Any], status: str, kind: str
) -> None:
    outcome = played(record, {"request": request_, "response": answer})

    assert (outcome.status, outcome.error and outcome.error.kind) == (status, kind)


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "Hi"},
        {
            "text": "Hi",
            "language": "english",
            "duration": 1.0,
            "words": WORDS,
            "segments": SEGMENTS,
            "task": "transcribe",
        },
        {
            "text": "Hi",
            "duration": 1.0,
            "segments": [{**SEGMENTS[0], "speaker": "B", "type": "transcript.text.segment"}],
        },
        {"text": "Hi", "usage": {"type": "duration", "seconds": 2}, "x_groq": {"id": "r"}, "segments": None},
    ],
)
@pytest.mark.parametrize("request_", [asked(FORM), None])
def test_a_transcript_goes_round_whatever_it_has(
    record: Record, request_: dict[str, Any] | None, answer: dict[str, Any]
) -> None:
    exchange = {"request": request_, "response": reply(json=answer)}
    outcome = played(record, exchange, api="openai-stt")

    assert (outcome.status, outcome.request_round_trip, outcome.response_round_trip) == ("ok", request_ and True, True)
    assert outcome.result is not None
    assert (outcome.result.text, outcome.result.finish, outcome.differences) == ("Hi", None, ())


@pytest.mark.parametrize(
    "text",
    ["Hi there\n", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHi\n\n", "1\n00:00:00,000 --> 00:00:01,000\nHi\n\n"],
)
def test_a_transcript_in_plain_text_and_subtitles_goes_round(record: Record, text: str) -> None:
    answer = {"status": 200, "headers": {"content-type": "text/plain"}, "text": text}
    outcome = played(record, {"request": None, "response": answer}, provider="groq", api="groq-stt")

    assert (outcome.status, outcome.response_round_trip, outcome.differences) == ("ok", True, ())


def test_a_transcript_that_is_streamed_goes_round(record: Record) -> None:
    form = FORM.replace("whisper-1", "gpt-4o-transcribe").replace("verbose_json", "json").replace(
        'name="timestamp_granularities[]"\r\n\r\nword', 'name="stream"\r\n\r\ntrue'
    )  # fmt: skip
    sse = (
        'data: {"type":"transcript.text.delta","delta":"Hi"}\n\n'
        'data: {"type":"transcript.text.done","text":"Hi","usage":{"type":"tokens","input_tokens":3,"output_tokens":1}}\n\n'
        "data: [DONE]\n\n"
    )
    answer = {"status": 200, "headers": {"content-type": "text/event-stream"}, "sse": sse}
    outcome = played(record, {"request": asked(form), "response": answer})

    assert (outcome.status, outcome.request_round_trip, outcome.response_round_trip) == ("ok", True, True)
    assert outcome.differences == ()


def test_a_stream_that_was_cut_off_is_an_error(record: Record) -> None:
    answer = {"status": 200, "headers": {}, "sse": 'data: {"type":"transcript.text.delta","delta":"Hi"}\n\n'}
    outcome = played(record, {"request": asked(FORM.replace("whisper-1", "gpt-transcribe")), "response": answer})

    assert outcome.error is not None
    assert outcome.error.kind == "network"


def test_a_form_that_we_refuse_is_told(record: Record) -> None:
    exchange = {"request": asked(FORM.replace("verbose_json", "pdf")), "response": reply(json={"text": "Hi"})}
    outcome = played(record, exchange)

    assert (outcome.status, outcome.request_round_trip) == ("ok", False)
    assert outcome.differences[0].startswith("request: not accepted: `response_format` is 'pdf'")


def test_translations_are_told_by_their_path(record: Record) -> None:
    form = FORM.replace('--b\r\ncontent-disposition: form-data; name="timestamp_granularities[]"\r\n\r\nword\r\n', "")
    exchange = {"request": asked(form, "/v1/audio/translations"), "response": reply(json={"text": "Hi"})}

    assert played(record, exchange).status == "ok"


def test_a_form_is_read_as_far_as_it_was_kept() -> None:
    whole = read_form(FORM.encode())
    assert whole is not None
    assert whole.fields == {
        "model": "whisper-1",
        "timestamp_granularities[]": ["word"],
        "response_format": "verbose_json",
    }
    cut = read_form(FORM.encode()[:-10])
    assert cut is not None
    assert (cut.fields, cut.whole) == (whole.fields, False)
    within = read_form(FORM.encode()[: FORM.index("whisper-1") + 4])
    assert within is not None
    assert within.fields == {}
    assert read_form(b"[multipart form data omitted]") is None
    assert read_form(b"") is None
