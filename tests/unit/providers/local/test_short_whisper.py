from typing import Any

import pytest

pytest.importorskip("faster_whisper", reason="the extra is not installed: pip install 'genmux[voice]'")

import numpy as np

from genmux.providers.local.short_whisper import LEAST, MARGIN, frames_of


def window(said: int, frames: int = 3_000) -> Any:
    """A window in which so many frames are sound."""
    made = np.zeros((80, frames), np.float32)
    made[:, :said] = -0.4
    return made


def test_what_was_said_and_some_silence_is_encoded():
    assert frames_of(window(1_600)) == 1_600 + MARGIN
    assert frames_of(window(1_601)) == 1_602 + MARGIN


def test_of_a_short_sound_as_much_is_encoded_as_the_model_needs():
    assert frames_of(window(10)) == frames_of(window(0)) == LEAST


def test_of_a_long_sound_no_more_than_its_window_is_encoded():
    assert frames_of(window(2_950)) == frames_of(window(3_000)) == 3_000


def test_a_frame_that_is_zero_in_the_middle_of_speech_ends_nothing():
    made = window(1_800)
    made[:, 400:600] = 0
    assert frames_of(made) == 1_800 + MARGIN
