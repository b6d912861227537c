import importlib.util

import numpy as np
import pytest

from genmux.services.audio import detectors
from genmux.services.audio.detectors import Detector, Ear, LevelDetector, SileroDetector, detector
from genmux.services.audio.resampler import Resampler
from genmux.services.audio.vad import FRAME, SpeechGate
from tests.unit.services.audio.sounds import silence, tone

has_model = all(importlib.util.find_spec(name) for name in ("onnxruntime", "faster_whisper"))
needs_model = pytest.mark.skipif(not has_model, reason="the extra is not installed: pip install 'genmux[voice]'")
EITHER = pytest.mark.parametrize("kind", [pytest.param("silero", marks=needs_model), "level"], ids=["silero", "level"])


def made(kind: str) -> Detector:
    one = detector() if kind == "silero" else LevelDetector()
    assert isinstance(one, SileroDetector if kind == "silero" else LevelDetector)
    return one


def noise(seconds: float, loud: float = 0.002) -> bytes:
    chance = np.random.default_rng(1)
    return (chance.normal(0, loud, int(seconds * 16_000)) * 32_767).astype("<i2").tobytes()


@EITHER
def test_silence_and_faint_noise_are_no_speech(kind: str) -> None:
    for sound in (silence(1.0, rate=16_000), noise(1.0)):
        assert max(Ear(made(kind)).feed(sound)[3:]) < 0.35


@EITHER
def test_it_does_not_matter_where_the_bytes_are_cut(kind: str) -> None:
    sound = noise(0.2) + tone(0.4, rate=16_000) + noise(0.2)
    whole = Ear(made(kind)).feed(sound)
    ear = Ear(made(kind))
    pieces = [one for at in range(0, len(sound), 333) for one in ear.feed(sound[at : at + 333])]
    assert pieces == whole
    assert len(whole) == len(sound) // (2 * FRAME)


@EITHER
def test_what_was_heard_can_be_forgotten(kind: str) -> None:
    sound = noise(0.2) + tone(0.4, rate=16_000)
    ear = Ear(made(kind))
    first = ear.feed(sound)
    ear.reset()
    assert ear.feed(sound) == first


def test_what_is_louder_than_the_noise_is_speech_to_a_detector_without_a_model() -> None:
    likelihoods = Ear(LevelDetector()).feed(noise(0.5) + tone(0.5, rate=16_000) + noise(0.5))
    assert max(likelihoods[3:14]) < 0.1
    assert min(likelihoods[17:30]) > 0.9
    assert max(likelihoods[-14:]) < 0.1


def test_without_the_model_loudness_is_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "_silero", lambda: None)
    assert isinstance(detector(), LevelDetector)


@needs_model
@pytest.mark.skipif(importlib.util.find_spec("hibari") is None, reason="there is nobody to speak")
def test_the_model_hears_where_somebody_speaks() -> None:
    from hibari import Hibari

    spoken = (Hibari()("Good morning, how are you today?", seed=1) * 32_767).astype("<i2").tobytes()
    resampler = Resampler(24_000, 16_000)
    said = resampler.feed(spoken) + resampler.flush()
    sound = noise(1.0) + said + noise(1.0)
    gate, ear = SpeechGate(), Ear()
    events = [event for likelihood in ear.feed(sound) for event in gate.feed(likelihood)]
    assert [event.kind for event in events if event.kind in ("began", "ended")] == ["began", "ended"]
    ended = events[-1]
    assert 850 <= ended.start_ms <= 1_250
    assert ended.end_ms == pytest.approx(1_000 + len(said) / 32, abs=350)
