from hypothesis import given
from hypothesis import strategies as st

from genmux.services.audio.vad import FRAME_MS, SpeechGate, VadEvent, VadSettings

SPEECH, SILENCE = 0.9, 0.1


def heard(*stretches: tuple[float, int], settings: VadSettings | None = None) -> list[VadEvent]:
    """What happens when so likely frames come so many times."""
    gate = SpeechGate(settings)
    told = [event for likelihood, count in stretches for _ in range(count) for event in gate.feed(likelihood)]
    return [*told, *gate.close()]


def kinds(events: list[VadEvent]) -> list[str]:
    return [event.kind for event in events]


def test_speech_is_suspected_then_begins_pauses_and_ends() -> None:
    events = heard((SILENCE, 10), (SPEECH, 20), (SILENCE, 30))
    assert kinds(events) == ["suspected", "began", "paused", "ended"]
    suspected, began, paused, ended = events
    assert suspected.at_ms == 11 * FRAME_MS
    assert began.at_ms == 18 * FRAME_MS  # 8 frames are the first 250 ms
    assert began.start_ms == ended.start_ms == 10 * FRAME_MS - 100
    assert paused.at_ms == 34 * FRAME_MS  # 4 frames are the first 100 ms
    assert ended.at_ms == 43 * FRAME_MS  # 13 frames are the first 400 ms
    assert ended.end_ms == 30 * FRAME_MS + 100


def test_a_short_noise_is_no_speech() -> None:
    assert kinds(heard((SILENCE, 5), (SPEECH, 3), (SILENCE, 20))) == ["suspected", "dismissed"]


def test_a_soft_beginning_is_suspected_before_it_is_speech() -> None:
    events = heard((SILENCE, 10), (0.25, 2), (SPEECH, 20), (SILENCE, 30))
    assert kinds(events) == ["suspected", "began", "paused", "ended"]
    assert events[0].at_ms == 11 * FRAME_MS
    assert events[1].at_ms == 20 * FRAME_MS  # only what is speech counts for the first 250 ms
    assert kinds(heard((0.15, 40))) == []


def test_a_short_pause_does_not_end_it() -> None:
    events = heard((SPEECH, 20), (SILENCE, 8), (SPEECH, 10), (SILENCE, 20))
    assert kinds(events) == ["suspected", "began", "paused", "resumed", "paused", "ended"]
    assert heard((SPEECH, 20), (SILENCE, 2), (SPEECH, 10))[2].kind == "ended"  # too short to be told


def test_what_is_between_is_what_was_before() -> None:
    assert kinds(heard((0.45, 40))) == ["suspected", "dismissed"]
    assert kinds(heard((SPEECH, 10), (0.45, 40))) == ["suspected", "began", "ended"]


def test_the_beginning_does_not_reach_into_what_was_said_before() -> None:
    settings = VadSettings(silence_ms=130, pad_ms=500)
    events = [one for one in heard((SPEECH, 20), (SILENCE, 5), (SPEECH, 20), settings=settings) if one.kind == "ended"]
    assert events[0].start_ms == 0
    assert events[0].end_ms is not None
    assert events[1].start_ms == events[0].end_ms


def test_the_end_of_the_sound_ends_what_was_said() -> None:
    assert kinds(heard((SPEECH, 20))) == ["suspected", "began", "ended"]
    assert kinds(heard((SPEECH, 2))) == ["suspected", "dismissed"]


@given(st.lists(st.floats(0, 1), max_size=300))
def test_whatever_is_heard_events_follow_one_another_and_speech_never_overlaps(likelihoods: list[float]) -> None:
    after = {
        None: {"suspected"},
        "suspected": {"began", "dismissed"},
        "dismissed": {"suspected"},
        "began": {"paused", "ended"},
        "paused": {"resumed", "ended"},
        "resumed": {"paused", "ended"},
        "ended": {"suspected"},
    }
    last, over, now = None, 0.0, 0.0
    for event in heard(*((one, 1) for one in likelihoods)):
        assert event.kind in after[last]
        assert now <= event.at_ms <= len(likelihoods) * FRAME_MS
        assert over <= event.start_ms <= event.at_ms
        if event.end_ms is not None:
            assert event.start_ms <= event.end_ms <= event.at_ms
        last, now = event.kind, event.at_ms
        over = event.end_ms or over if event.kind == "ended" else over
    assert last in (None, "ended", "dismissed")
