import pytest

from genmux.services.audio.resampler import Resampler
from tests.unit.services.audio.sounds import pitch, tone


@pytest.mark.parametrize(("source", "target"), [(24_000, 16_000), (16_000, 24_000), (8_000, 24_000), (48_000, 8_000)])
def test_frames_of_twenty_milliseconds_keep_their_length_and_pitch(source: int, target: int) -> None:
    one = Resampler(source, target)
    sound, step = tone(1.0, rate=source), source // 50 * 2
    made = b"".join(one.feed(sound[at : at + step]) for at in range(0, len(sound), step)) + one.flush()
    assert len(made) == 2 * target
    assert pitch(made, target) == pytest.approx(440, abs=1)


@pytest.mark.parametrize(("live", "most"), [(False, 40), (True, 21)])
@pytest.mark.parametrize(("source", "target"), [(24_000, 16_000), (16_000, 24_000)])
def test_it_holds_back_no_more_than_some_milliseconds(live: bool, most: int, source: int, target: int) -> None:
    one = Resampler(source, target, live=live)
    step, made = source // 50 * 2, 0
    for number in range(1, 50):
        made += len(one.feed(tone(0.02, rate=source)[:step]))
        assert number * 20 - made / (target // 500) <= most


def test_after_a_flush_it_begins_anew() -> None:
    one, sound = Resampler(24_000, 16_000), tone(0.3)
    assert one.feed(sound) + one.flush() == one.feed(sound) + one.flush()


def test_the_same_rate_changes_nothing_but_waits_for_whole_samples() -> None:
    one = Resampler(16_000, 16_000)
    assert one.feed(b"\x01\x02\x03") == b"\x01\x02"
    assert one.feed(b"\x04") == b"\x03\x04"
    assert one.feed(b"\x05") + one.flush() == b""
    assert one.feed(b"\x06\x07") == b"\x06\x07"
