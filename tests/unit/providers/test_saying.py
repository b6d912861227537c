"""Texts are spoken while they are being written: the codecs of ElevenLabs and Cartesia, as their documents show them."""

import itertools
from typing import Any

import msgspec
import pytest

from genmux.contract.saying import OpensAtOnce, SpeaksLive, live_capabilities
from genmux.types.audio import AudioFormat
from genmux.types.errors import MessageError
from genmux.types.realtime import AppendAudio, CancelResponse, CloseSession, CreateResponse, SendText, SessionConfig
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    OutputTranscriptDelta,
    ResponseDone,
    ResponseStarted,
    SessionCreated,
    SessionFailed,
    Unknown,
)
from genmux.types.usage import Usage
from tests.unit.providers.listened import heard, names
from tests.unit.providers.voiced import Voiced, query

ELEVEN = Voiced("elevenlabs", "eleven_flash_v2_5")
SONIC = Voiced("cartesia", "sonic-3")
PHONE = SessionConfig(voice="v/1", speed=1.1, language="de-DE", output=AudioFormat(encoding="pcmu", sample_rate=8_000))


def saying(voiced: Voiced, config: SessionConfig | None = None) -> Any:
    assert isinstance(voiced.wire, SpeaksLive)
    return voiced.wire.saying(config or SessionConfig(voice="v"), voiced.model)


def told(frames: Any) -> list[Any]:
    return [msgspec.json.decode(one) for one in frames]


@pytest.mark.parametrize("voiced", [ELEVEN, SONIC])
def test_the_session_is_there_at_once_and_hears_nothing(voiced: Voiced) -> None:
    codec = saying(voiced)
    assert isinstance(codec, OpensAtOnce)
    assert [*codec.opened()] == [SessionCreated()]
    with pytest.raises(MessageError, match="send text"):
        codec.send(AppendAudio(b"ab"))
    assert codec.closed(None, "").reconnect
    for frame in (b"\xff", "[]", '{"audio": "!!", "data": "!!", "type": "chunk"}'):
        assert [*codec.receive(frame)] == [Unknown(name="no message")]


def test_an_answer_of_elevenlabs_begins_with_a_blank_and_ends_when_it_is_closed() -> None:
    codec = saying(ELEVEN, PHONE)
    expected = {
        "model_id": "eleven_flash_v2_5",
        "output_format": "ulaw_8000",
        "language_code": "de",
        "inactivity_timeout": "180",
    }
    assert query(codec.connect()) == ("/v1/text-to-speech/v%2F1/multi-stream-input", expected)
    assert codec.output == AudioFormat(encoding="pcmu", sample_rate=8_000)
    assert [*codec.opening()] == []
    first = {"context_id": "said_1"}
    assert told(codec.send(SendText("Hel", answer=False))) == [{"text": " ", "voice_settings": {"speed": 1.1}, **first}]
    assert told(codec.send(SendText("lo th", answer=False))) == [{"text": "Hello ", **first}]
    assert told(codec.send(SendText("ere."))) == [
        {"text": "there. ", "flush": True, **first},
        {"close_context": True, **first},
    ]
    assert told(codec.send(SendText("So ", answer=False)))[1] == {"text": "So ", "context_id": "said_2"}
    assert told(codec.send(CreateResponse()))[0] == {"text": "", "flush": True, "context_id": "said_2"}
    assert told(codec.send(CloseSession())) == [{"close_socket": True}]
    with pytest.raises(MessageError, match="send some first"):
        codec.send(CreateResponse())


def test_words_without_gaps_are_not_held_back_for_ever() -> None:
    codec = saying(ELEVEN)
    assert len(codec.send(SendText("あ" * 60, answer=False))) == 1
    assert told(codec.send(SendText("あ", answer=False))) == [{"text": "あ" * 61 + " ", "context_id": "said_1"}]


def test_settings_of_the_voice_are_told_elevenlabs_with_each_answer_and_all_else_in_the_address() -> None:
    codec = saying(ELEVEN, SessionConfig(voice="v", params={"stability": 0.4, "auto_mode": True}))
    assert query(codec.connect())[1]["auto_mode"] == "true"
    assert "stability" not in query(codec.connect())[1]
    assert told(codec.send(SendText("Hi")))[0]["voice_settings"] == {"stability": 0.4}


@pytest.mark.parametrize(
    ("name", "live"), [("eleven_turbo_v2", True), ("eleven_v3", False), ("eleven_v4_turbo", False)]
)
def test_what_elevenlabs_has_no_socket_for_does_not_speak_live(name: str, *, live: bool) -> None:
    voiced = Voiced("elevenlabs", name)
    assert (live_capabilities(voiced.wire, voiced.model) is not None) is live


def test_an_answer_of_elevenlabs_can_be_stopped() -> None:
    codec = saying(ELEVEN)
    codec.send(SendText("Hello the", answer=False))
    assert told(codec.send(CancelResponse())) == [{"context_id": "said_1", "close_context": True}]
    assert told(codec.send(SendText("So")))[:2] == [
        {"text": " ", "context_id": "said_2"},
        {"text": "So ", "flush": True, "context_id": "said_2"},
    ]
    ended, unknown = heard(codec, [{"isFinal": True, "contextId": "said_1"}, {"isFinal": True, "contextId": "x"}])
    assert ended == ResponseDone(response_id="said_1", status="cancelled", usage=Usage(meters={"characters.input": 9}))
    assert unknown == Unknown(name="no answer")


def test_answers_are_counted_over_all_connections_of_a_session() -> None:
    numbers = itertools.count(3)
    for voiced, number in ((ELEVEN, 3), (SONIC, 4)):
        codec = voiced.wire.saying(SessionConfig(voice="v"), voiced.model, numbers)
        assert told(codec.send(SendText("Hi")))[0]["context_id"] == f"said_{number}"


def test_elevenlabs_says_sound_letters_and_the_end() -> None:
    codec = saying(ELEVEN)
    codec.send(SendText("Hi you"))
    events = heard(
        codec,
        [
            {"audio": "AAEC", "contextId": "said_1", "alignment": {"chars": ["H", "i"], "charStartTimesMs": [0, 9]}},
            {"audio": "AwQF", "contextId": "said_1", "alignment": None, "normalizedAlignment": None},
            {"audio": None, "isFinal": True, "contextId": "said_1"},
        ],
    )
    same = {"response_id": "said_1", "item_id": "said_1"}
    assert events == [
        ResponseStarted(response_id="said_1"),
        AudioChunk(data=b"\0\1\2", **same),
        OutputTranscriptDelta(text="Hi", **same),
        AudioChunk(data=b"\3\4\5", **same),
        AudioDone(**same),
        ResponseDone(response_id="said_1", usage=Usage(meters={"characters.input": 6})),
    ]


def test_an_error_of_elevenlabs_ends_it() -> None:
    failed = heard(saying(ELEVEN), [{"message": "no credits", "error": "quota_exceeded", "code": 1008}])[0]
    assert isinstance(failed, SessionFailed)
    assert failed.error is not None
    assert (failed.error.kind, failed.recoverable) == ("quota_exceeded", False)


def test_each_answer_of_cartesia_is_a_context() -> None:
    codec = saying(SONIC, PHONE)
    assert codec.connect().url == "/tts/websocket"
    first, last = told([*codec.send(SendText("Hello ", answer=False)), *codec.send(SendText("there."))])
    assert first == {
        "context_id": "said_1",
        "transcript": "Hello ",
        "continue": True,
        "model_id": "sonic-3",
        "voice": {"id": "v/1"},
        "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8_000},
        "add_timestamps": True,
        "language": "de",
        "generation_config": {"speed": 1.1},
    }
    assert (last["context_id"], last["transcript"], last["continue"]) == ("said_1", "there.", False)
    codec.send(SendText("So ", answer=False))
    second = told(codec.send(CreateResponse()))[0]
    assert (second["context_id"], second["transcript"], second["continue"]) == ("said_2", "", False)
    assert [*codec.send(CloseSession())] == []


def test_answers_of_cartesia_are_told_apart_and_can_be_stopped() -> None:
    codec = saying(SONIC)
    codec.send(SendText("Hello"))
    codec.send(SendText("you"))
    events = heard(
        codec,
        [
            {"type": "chunk", "context_id": "said_1", "data": "AAEC", "done": False},
            {
                "type": "timestamps",
                "context_id": "said_1",
                "word_timestamps": {"words": ["Hello"], "start": [0], "end": [1]},
            },
            {"type": "done", "context_id": "said_1", "done": True},
            {"type": "chunk", "context_id": "said_1", "data": "AAEC"},
            {"type": "flush_done", "context_id": "said_2"},
        ],
    )
    assert names(events) == [
        "ResponseStarted", "AudioChunk", "OutputTranscriptDelta", "AudioDone", "ResponseDone", "Unknown", "Unknown",
    ]  # fmt: skip
    assert events[4] == ResponseDone(response_id="said_1", usage=Usage(meters={"characters.input": 5}))
    assert told(codec.send(CancelResponse())) == [{"context_id": "said_2", "cancel": True}]
    assert [*codec.send(CancelResponse(response_id="said_1"))] == []


def test_an_error_of_one_answer_of_cartesia_leaves_the_others() -> None:
    codec = saying(SONIC)
    codec.send(SendText("Hello"))
    error = {
        "type": "error",
        "context_id": "said_1",
        "done": True,
        "status_code": 429,
        "error_code": "concurrency_limited",
    }
    failed, done = heard(codec, [{**error, "message": "You have exceeded your plan's concurrency limit."}])
    assert isinstance(failed, SessionFailed)
    assert failed.error is not None
    assert (failed.error.kind, failed.recoverable) == ("rate_limit", True)
    assert isinstance(done, ResponseDone)
    assert done.status == "failed"
