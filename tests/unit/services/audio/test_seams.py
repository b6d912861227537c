"""Sounds that are joined while they come do not click where they meet."""

import numpy as np

from genmux.services.audio.seams import Seams
from genmux.services.audio.tools import FADE, LocalAudioTools
from genmux.types.audio import AudioFormat

MADE = AudioFormat(sample_rate=8_000)
RAMP = MADE.size(FADE * 1_000)
LOUD = np.full(400, 10_000, np.int16).tobytes()


def joined(*sounds: bytes, size: int) -> bytes:
    seams = Seams(MADE, FADE)
    made = b""
    for sound in sounds:
        for at in range(0, len(sound), size):
            made += seams.feed(sound[at : at + size])
        made += seams.end()
    return made


def test_each_sound_begins_and_ends_in_silence_however_it_comes() -> None:
    whole = joined(LOUD, LOUD, size=10_000)
    assert len(whole) == 2 * len(LOUD)
    assert joined(LOUD, LOUD, size=7) == joined(LOUD, LOUD, size=2) == whole
    samples = np.frombuffer(whole, np.int16)
    assert np.abs(samples[[0, 399, 400, 799]]).max() < 100
    assert set(samples[RAMP : 400 - RAMP]) == {10_000}


def test_it_is_what_joining_them_at_once_gives() -> None:
    tools = LocalAudioTools(lambda _head, _told: "audio/wav")
    seams = tools.seams(MADE)
    assert seams.feed(LOUD) + seams.end() == joined(LOUD, size=64)
    tools.close()


def test_a_sound_that_is_shorter_than_both_ramps_keeps_its_length() -> None:
    for count in (0, 1, 5, 40):
        short = LOUD[: 2 * count]
        assert len(joined(short, size=3)) == len(short)


def test_half_a_sample_at_the_end_is_left_out() -> None:
    assert len(joined(LOUD + b"\1", size=11)) == len(LOUD)
    assert joined(LOUD + b"\1", LOUD, size=11) == joined(LOUD, LOUD, size=11)
