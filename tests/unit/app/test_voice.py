"""Ears for the turns of a cascade, and the models that are usual."""

from collections.abc import Sequence

from genmux.app.voice import GateEars, settings_of, usual_model
from genmux.services.settings import Defaults, Settings
from genmux.types.realtime import TurnDetection

FRAME = 1_024
"""Bytes of a frame of 32 ms."""


class Scripted:
    """Is told how likely each frame is speech."""

    def __init__(self, *likelihoods: float) -> None:
        self._left = [*likelihoods]
        self.resets = 0

    def feed(self, data: bytes) -> Sequence[float]:
        many = len(data) // FRAME
        found, self._left = self._left[:many], self._left[many:]
        return found

    def reset(self) -> None:
        self.resets += 1


def test_a_pause_is_told_before_the_end_of_a_turn() -> None:
    ear = Scripted(*[0.0] * 10, *[0.9] * 20, *[0.0] * 20)
    ears = GateEars(ear, settings_of(TurnDetection(silence_ms=400)))

    heard = [one for _ in range(50) for one in ears.feed(bytes(FRAME))]

    assert [one.kind for one in heard] == ["started", "paused", "stopped"]
    assert heard[0].at_ms == 220  # where speech began, less its pad
    assert heard[1].at_ms == heard[2].at_ms == 960


def test_a_pause_that_was_short_is_taken_back() -> None:
    ears = GateEars(Scripted(*[0.9] * 10, *[0.0] * 5, *[0.9] * 5), settings_of(None))

    assert [one.kind for one in ears.feed(bytes(FRAME * 20))] == ["started", "paused", "resumed"]


def test_times_go_on_when_what_was_heard_is_forgotten() -> None:
    ear = Scripted(*[0.0] * 10, *[0.9] * 10)
    ears = GateEars(ear, settings_of(None))
    ears.feed(bytes(FRAME * 10))

    ears.reset()
    [started] = ears.feed(bytes(FRAME * 10))

    assert (started.kind, started.at_ms, ear.resets) == ("started", 320, 1)


def test_what_is_configured_comes_before_what_runs_on_this_machine() -> None:
    assert usual_model(Settings(), "text_to_speech") == "local/hibari"
    assert usual_model(Settings(), "transcribe") == "local/whisper-tiny"
    mine = Settings(defaults=Defaults(models={"transcribe": "acme/ears"}))
    assert usual_model(mine, "transcribe") == "acme/ears"
