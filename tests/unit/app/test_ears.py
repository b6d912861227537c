import pytest

pytest.importorskip("numpy")
pytest.importorskip("soxr")

from genmux.app.ears import VadEars, settings_of
from genmux.services.audio.detectors import Ear
from genmux.types.realtime import TurnDetection

FRAME = bytes(1_024)
LOUD = b"\x01\x40" * 512


class Scripted:
    """Takes for speech what is not silent."""

    def likelihood(self, frame: object) -> float:
        return float(bool(frame.any()))  # type: ignore[attr-defined]

    def reset(self) -> None: ...


def ears(**wished: object) -> VadEars:
    return VadEars(TurnDetection(kind="local", **wished), ear=Ear(Scripted()))  # type: ignore[arg-type]


def test_a_turn_starts_pauses_and_stops_at_its_own_moments() -> None:
    noticed = ears().feed(FRAME * 10 + LOUD * 20 + FRAME * 30)
    assert [(one.kind, one.at_ms) for one in noticed] == [
        ("suspected", 320),
        ("started", 320),
        ("paused", 34 * 32),
        ("stopped", 30 * 32),
    ]


def test_the_first_frame_that_is_speech_is_a_suspicion() -> None:
    assert [(one.kind, one.at_ms) for one in ears().feed(FRAME * 10 + LOUD)] == [("suspected", 320)]


def test_a_noise_is_suspected_and_dismissed() -> None:
    noticed = ears().feed(FRAME * 10 + LOUD * 3 + FRAME * 30)
    assert [(one.kind, one.at_ms) for one in noticed] == [("suspected", 320), ("dismissed", 17 * 32)]


def test_milliseconds_go_on_after_what_was_heard_is_forgotten() -> None:
    one = ears()
    one.feed(FRAME * 10 + LOUD * 20)
    one.reset()
    assert [(event.kind, event.at_ms) for event in one.feed(FRAME * 10 + LOUD * 20)] == [
        ("suspected", 40 * 32),
        ("started", 40 * 32),
    ]


def test_wishes_change_how_soon_a_turn_is_over() -> None:
    quick = ears(silence_ms=64).feed(LOUD * 20 + FRAME * 2)
    assert [one.kind for one in quick] == ["suspected", "started", "paused", "stopped"]
    assert not [one for one in ears(silence_ms=2_000).feed(LOUD * 20 + FRAME * 40) if one.kind == "stopped"]
    assert settings_of(TurnDetection(kind="semantic")).silence_ms == 1_200
    assert settings_of(TurnDetection(kind="semantic", eagerness="high")).silence_ms == 600
    assert settings_of(TurnDetection(kind="semantic", eagerness="high", silence_ms=300)).silence_ms == 300
    assert settings_of(TurnDetection(threshold=0.8)).release == pytest.approx(0.65)
    assert settings_of(TurnDetection(threshold=0.0)).threshold > 0


def test_other_wishes_hold_from_then_on_for_what_is_being_said() -> None:
    one = ears()
    one.feed(LOUD * 20)
    one.tune(TurnDetection(silence_ms=64))
    assert [event.kind for event in one.feed(FRAME * 2)] == ["paused", "stopped"]
