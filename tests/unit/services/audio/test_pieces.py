import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.services.audio.silences import cuts
from genmux.services.audio.tools import LocalAudioTools, way_to_cut
from genmux.types.errors import AudioError
from genmux.types.transcription import AudioFile
from tests.unit.services.audio.sounds import form, silence, tone

TALK = b"".join([tone(2.0) + silence(0.5)] * 6)
"""Fifteen seconds; it is silent from 2.0 to 2.5, from 4.5 to 5.0, and so on."""


async def talk(tools: LocalAudioTools) -> AudioFile:
    return await tools.measured(AudioFile(data=await tools.convert(TALK, form(), form("mp3"))))


async def test_a_long_sound_is_cut_where_it_is_silent(tools: LocalAudioTools) -> None:
    parts = await tools.pieces(await talk(tools), seconds=6.0, size=None)
    assert parts[0].start == 0
    assert all(one.seconds <= 6.0 for one in parts)
    assert sum(one.seconds for one in parts) == pytest.approx(15.0, abs=0.1)
    assert all((one.start - 0.03) % 2.5 >= 2.0 for one in parts[1:])


async def test_each_part_is_a_file_of_its_own_that_goes_with_the_last_who_has_it(tools: LocalAudioTools) -> None:
    parts = await tools.pieces(await talk(tools), seconds=6.0, size=None)
    paths = [Path(one.audio.path or "") for one in parts]
    for one in parts:
        told = await tools.measured(AudioFile(path=one.audio.path))
        assert (told.media_type, told.size) == ("audio/flac", one.audio.size)
        assert told.seconds == pytest.approx(one.seconds, abs=0.01)
    last = parts[-1]
    del parts, one
    assert all(path.exists() for path in paths)
    del last
    assert not any(path.exists() for path in paths)


async def test_a_sound_that_is_short_enough_stays_whole(tools: LocalAudioTools) -> None:
    audio = await talk(tools)
    (only,) = await tools.pieces(audio, seconds=15.2, size=10_000_000)
    assert (only.audio, only.start, only.seconds) == (audio, 0.0, audio.seconds)


async def test_parts_have_no_more_bytes_than_allowed(tools: LocalAudioTools) -> None:
    noise = np.random.default_rng(1).integers(-20_000, 20_000, 24_000 * 20).astype("<i2").tobytes()
    audio = await tools.measured(AudioFile(data=await tools.convert(noise, form(), form("wav"))))
    for size in (40_000, 300_000):
        parts = await tools.pieces(audio, seconds=None, size=size)
        assert len(parts) >= (3 if size < 88_000 else 1)
        assert all((one.audio.size or 0) <= size for one in parts)
        assert sum(one.seconds for one in parts) == pytest.approx(20, abs=0.1)


def test_parts_are_written_without_loss_unless_they_would_be_short() -> None:
    assert way_to_cut(None, 25_000_000)[0] == "flac"
    assert way_to_cut(None, 1_000_000)[0] == "opus"
    assert way_to_cut(1_400.0, 25_000_000)[1] < 1_400
    with pytest.raises(AudioError, match="a second of it takes more"):
        way_to_cut(None, 1_000)


@given(
    levels=st.lists(st.floats(-100, 0, width=32), min_size=1, max_size=400),
    most=st.integers(1, 120),
)
def test_no_part_is_longer_than_allowed_and_none_is_empty(levels: list[float], most: int) -> None:
    begins = [0, *cuts(np.array(levels, np.float32), most), len(levels)]
    lengths = [after - before for before, after in itertools.pairwise(begins)]
    assert all(0 < one <= most for one in lengths)
