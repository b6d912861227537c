import os
from pathlib import Path

import numpy as np
import pytest

from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS
from genmux.services.audio.mel import loudness_of_bands
from genmux.services.audio.resampler import Resampler
from genmux.services.audio.turn_end import TurnEnd
from genmux.types.errors import ConfigurationError
from tests.unit.services.audio.sounds import samples, tone

MODEL = weights_folder(os.environ) / WEIGHTS["smart-turn"].file


def test_a_tone_is_loudest_in_its_own_band() -> None:
    for hertz, band in ((440.0, 11), (1_000.0, 26), (4_000.0, 62)):
        heard = loudness_of_bands((samples(tone(1.0, rate=16_000, hertz=hertz)) / 32_768).astype(np.float32))
        assert heard.shape == (80, 100)
        assert abs(int(heard[:, 50].argmax()) - band) <= 1


def test_how_loud_a_sound_is_as_a_whole_does_not_matter() -> None:
    sound = (samples(tone(1.0, rate=16_000)) / 32_768).astype(np.float32)
    assert np.allclose(loudness_of_bands(sound), loudness_of_bands(sound / 8), atol=1e-2)


def test_a_model_that_is_not_there_or_is_none_is_told_with_the_way_to_get_it(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(ConfigurationError, match="genmux local install smart-turn"):
        TurnEnd(tmp_path / "none.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        TurnEnd(tmp_path / "broken.onnx")


@pytest.mark.skipif(not MODEL.is_file(), reason="no weights: run `genmux local install smart-turn`")
def test_a_question_is_complete_and_half_a_sentence_is_not() -> None:
    hibari = pytest.importorskip("hibari")
    voice, turn = hibari.Hibari(), TurnEnd(MODEL)

    def likely(text: str, *, part: float = 1.0) -> float:
        sound = (voice(text, seed=1) * 32_767).astype("<i2")
        resampler = Resampler(24_000, 16_000)
        data = resampler.feed(sound[: int(len(sound) * part)].tobytes()) + resampler.flush()
        return turn.likelihood(data)

    assert likely("What is the capital of France?") > 0.5
    assert likely("I would like to order a large pizza with, um,") < 0.5
