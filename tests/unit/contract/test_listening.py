"""What all sessions have in common that only listen."""

import pytest

from genmux.contract.listening import Listener, Sound, Turns, hears
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError, MessageError
from genmux.types.realtime import AppendAudio, ClearAudio, CloseSession, CommitAudio, SendText, SessionConfig
from genmux.types.realtime_events import (
    InputTranscriptDelta,
    InputTranscriptDone,
    SpeechStarted,
    SpeechStopped,
    UsageReported,
)

PCM = AudioFormat(encoding="pcm", sample_rate=8_000)
CAN = hears((PCM,), longest=60)


def listener(least_ms: int = 0) -> Listener:
    return Listener(SessionConfig(), CAN, commit={"type": "end"}, close={"type": "bye"}, least_ms=least_ms)


def test_sound_goes_out_in_frames_that_are_neither_too_short_nor_too_long() -> None:
    sound = Sound(PCM, least_ms=50, most_ms=100)
    assert sound.frames(bytes(798)) == []
    assert [len(one) for one in sound.frames(bytes(4_002))] == [1_600, 1_600, 1_600]
    assert sound.rest() == []


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(AudioError):
        listener().send(AppendAudio(b"abc"))


def test_what_is_held_back_goes_before_the_end_of_a_turn_and_before_goodbye() -> None:
    ear = listener(50)
    assert [*ear.send(AppendAudio(b"ab"))] == []
    assert [*ear.send(CommitAudio())] == [b"ab", '{"type":"end"}']
    assert [*ear.send(CloseSession())] == ['{"type":"bye"}']


@pytest.mark.parametrize("command", [SendText("hello"), ClearAudio()])
def test_who_only_listens_takes_nothing_else(command: object) -> None:
    with pytest.raises(MessageError, match="send sound"):
        listener().send(command)  # pyright: ignore[reportArgumentType]


def test_a_turn_begins_once_and_ends_once_and_is_an_item() -> None:
    turns = Turns()
    events = [
        *turns.says("Hel", since=0.2), *turns.starts(0.3), *turns.says("Hello"), *turns.says(""), *turns.stops(1.0),
        *turns.stops(1.1), *turns.done("Hello.", until=1.2),
    ]  # fmt: skip
    assert events[0] == SpeechStarted(item_id="heard_1", audio_ms=200)
    assert events[1] == InputTranscriptDelta(item_id="heard_1", text="Hel", interim=True)
    assert events[3] == SpeechStopped(item_id="heard_1", audio_ms=1_000)
    assert events[5] == InputTranscriptDone(item_id="heard_1", text="Hello.")
    assert len(events) == 7
    assert turns.item == "heard_2"


def test_seconds_that_were_heard_never_become_less() -> None:
    turns = Turns()
    found = [*turns.used(2.0), *turns.used(1.5)]
    assert [one.usage.meters for one in found if isinstance(one, UsageReported)] == [{"seconds.input.audio": 2.0}] * 2


def test_a_connection_that_broke_is_worth_a_new_one_and_a_refusal_is_not() -> None:
    assert listener().closed(None, "").reconnect
    assert not listener().closed(1000, "").reconnect
    refused = listener().closed(1008, "Unauthorized Connection: Missing Authorization header")
    assert not refused.reconnect
    assert refused.error is not None
    assert refused.error.kind == "permission"
