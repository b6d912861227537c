"""The exchanges of speech and of transcription are replayed through their wire."""

from typing import Any

from genmux.testing.replay import Outcome, VoiceSeen, replay
from tests.recordings import RECORDINGS, needs_recordings
from tests.unit.testing.recorded_exchanges import Record, replay_one

SPEAK = {
    "method": "POST",
    "host": "api.deepgram.com",
    "path": "/v1/speak?encoding=mp3&model=aura-2-thalia-en",
    "headers": {},
}
LISTEN = {**SPEAK, "path": "/v1/listen?model=nova-3&smart_format=true&utterances=true", "body_b64": "UklGRg=="}
SOUND = {"status": 200, "headers": {"content-type": "audio/mpeg", "dg-char-count": "5"}, "body_b64": "SUQzBA=="}
HEARD: dict[str, Any] = {
    "metadata": {"duration": 1.5},
    "results": {
        "channels": [
            {"alternatives": [{"transcript": "hi", "words": [{"word": "hi", "start": 0, "end": 1, "speaker": 0}]}]}
        ]
    },
}


def replayed(record: Record, request: Any, response: Any, provider: str = "deepgram") -> Outcome:
    return replay_one(record, {"request": request, "response": response, "provider": provider}, api="deepgram-speak")


def test_speech_is_asked_for_as_it_was_recorded_and_told_by_its_size(record: Record) -> None:
    outcome = replayed(record, {**SPEAK, "json": {"text": "Hello"}}, SOUND)
    assert (outcome.status, outcome.request_round_trip, outcome.differences) == ("ok", True, ())
    assert outcome.voice == VoiceSeen(
        kind="speech", bytes=4, encoding="mp3", sample_rate=24_000, usage={"characters.input": 5}
    )


def test_a_transcription_is_told_by_its_text_and_by_how_much_is_in_it(record: Record) -> None:
    outcome = replayed(record, LISTEN, {"status": 200, "headers": {}, "json": HEARD})
    assert (outcome.status, outcome.request_round_trip) == ("ok", True)
    assert outcome.voice == VoiceSeen(
        kind="transcript", text="hi", seconds=1.5, words=1, segments=1, speakers=("speaker_0",)
    )


def test_what_the_wire_would_ask_for_otherwise_is_told_with_its_place(record: Record) -> None:
    request = {**SPEAK, "path": f"{SPEAK['path']}&bit_rate=32000", "json": {"text": "Hello"}}
    outcome = replayed(record, request, SOUND)
    assert outcome.request_round_trip is False
    assert outcome.differences == ('request.query.bit_rate: recorded "32000", written nothing',)


def test_an_error_is_read_as_one_and_a_reply_that_makes_no_sense_fails(record: Record) -> None:
    refused = {"status": 429, "headers": {}, "json": {"err_code": "TOO_MANY_REQUESTS", "err_msg": "later"}}
    outcome = replayed(record, {**SPEAK, "json": {"text": "Hello"}}, refused)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.kind, outcome.voice) == ("ok", "rate_limit", VoiceSeen(kind="speech"))
    broken = replayed(record, LISTEN, {"status": 200, "headers": {}, "json": {"results": {}}})
    assert broken.status == "failed"


def test_another_exchange_of_a_provider_of_voice_is_not_claimed(record: Record) -> None:
    token = {"status": 200, "headers": {}, "json": {"token": "t"}}
    assert replayed(record, {**SPEAK, "path": "/v1/auth/grant"}, token).status == "unsupported"


@needs_recordings
def test_recordings_of_voice_are_read_without_a_difference() -> None:
    folders = [RECORDINGS / name for name in ("elevenlabs", "deepgram", "google/tts")]
    outcomes = [*replay(folders)]
    assert len(outcomes) == 15  # of all that was recorded of them
    assert {one.status for one in outcomes} == {"ok"}
    assert {one.request_round_trip for one in outcomes} <= {True, None}
    assert all(one.voice is not None for one in outcomes)
    assert sum(one.error is not None for one in outcomes) == 1  # Gemini said nothing once


@needs_recordings
def test_a_recorded_submission_of_a_transcript_is_one_that_was_taken() -> None:
    upload, submitted = [*replay([RECORDINGS / "assemblyai"])]
    assert upload.status == "unsupported"
    assert submitted.job is not None
    assert (submitted.status, submitted.job.call, submitted.job.state) == ("ok", "submit", "accepted")
