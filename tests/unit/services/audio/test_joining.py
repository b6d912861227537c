import numpy as np
import pytest

from genmux.services.audio.tools import LocalAudioTools
from genmux.types.audio import AudioEncoding
from genmux.types.errors import AudioError
from tests.unit.services.audio.sounds import form, pitch, samples, tone


async def test_sounds_follow_each_other_without_a_click(tools: LocalAudioTools) -> None:
    one = tone(0.5)[:-26]  # ends in the middle of a wave
    made = await tools.join([one, one, one], form())
    assert len(made) == 3 * len(one)
    sound = samples(made)
    own = np.abs(np.diff(samples(tone(0.5)))).max()
    assert np.abs(np.diff(sound)).max() <= own + 1
    assert abs(sound[len(one) // 2]) < 50


async def test_the_middle_of_each_sound_is_left_as_it_is(tools: LocalAudioTools) -> None:
    one = tone(0.5)
    made = await tools.join([one, one], form())
    assert made[400 : len(one) - 400] == one[400:-400]


@pytest.mark.parametrize("encoding", ["pcmu", "wav", "mp3", "opus"])
async def test_sounds_of_other_formats_are_joined_too(tools: LocalAudioTools, encoding: AudioEncoding) -> None:
    one = await tools.convert(tone(0.5), form(), form(encoding))
    back = await tools.convert(await tools.join([one, one], form(encoding)), form(encoding), form())
    assert len(back) / 48_000 == pytest.approx(1.0, abs=0.15)
    assert pitch(back) == pytest.approx(440, abs=3)


async def test_nothing_joined_is_nothing(tools: LocalAudioTools) -> None:
    assert await tools.join([], form()) == b""
    assert await tools.join([b"", b"\x01"], form()) == b""


async def test_a_sound_that_is_empty_or_broken_cannot_be_converted(tools: LocalAudioTools) -> None:
    with pytest.raises(AudioError, match="empty"):
        await tools.convert(b"", form("mp3"), form())
    with pytest.raises(AudioError, match="cannot be read"):
        await tools.convert(b"no sound" * 100, form("mp3"), form())
