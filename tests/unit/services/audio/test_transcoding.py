import gc
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.services.audio.tools import LocalAudioTools
from genmux.services.audio.transcoding import transcoder
from genmux.types.audio import ENCODINGS, AudioEncoding
from genmux.types.errors import AudioError
from tests.unit.services.audio.sounds import form, pitch, samples, tone

TOOLS = LocalAudioTools(lambda _start, _claimed: "audio/wav")
SOUND = tone()


def through(
    data: bytes, source: AudioEncoding, target: AudioEncoding, *, step: int = 1_000, rate: int = 24_000
) -> bytes:
    one = TOOLS.transcoder(form(source, rate), form(target, rate))
    return b"".join(one.feed(data[at : at + step]) for at in range(0, len(data), step)) + one.close()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_sound_survives_every_format_and_back(encoding: AudioEncoding) -> None:
    back = through(through(SOUND, "pcm", encoding), encoding, "pcm")
    assert pitch(back) == pytest.approx(440, abs=1.5)
    assert len(back) == pytest.approx(len(SOUND), rel=0.08)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_comes_out_does_not_depend_on_where_the_bytes_are_cut(encoding: AudioEncoding) -> None:
    there = [through(SOUND, "pcm", encoding, step=step) for step in (len(SOUND), 4_801)]
    assert len({len(one) for one in there}) == 1
    back = {through(there[0], encoding, "pcm", step=step) for step in (len(there[0]), 977)}
    assert len(back) == 1


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 999), min_size=1, max_size=60),
    rates=st.tuples(*[st.sampled_from([8_000, 16_000, 22_050, 24_000, 48_000])] * 2),
    channels=st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2)]),
    encodings=st.tuples(*[st.sampled_from(["pcm", "pcmu", "pcma"])] * 2),
)
def test_raw_sound_is_the_same_at_any_cut(cuts, rates, channels, encodings) -> None:
    source, target = (form(encodings[at], rates[at], channels[at]) for at in (0, 1))
    data = SOUND[: sum(cuts)]
    whole, one = transcoder(source, target), transcoder(source, target)
    made, at = b"", 0
    for cut in cuts:
        made += one.feed(data[at : at + cut])
        at += cut
    assert made + one.close() == whole.feed(data) + whole.close()


def test_half_a_sample_waits_for_the_other_half() -> None:
    one = transcoder(form(), form("pcmu"))
    assert one.feed(b"\x01") == b""
    assert len(one.feed(b"\x02\x03")) == 1
    assert one.close() == b""


def test_the_time_a_sound_takes_is_kept_at_another_rate() -> None:
    one = transcoder(form(rate=24_000), form(rate=16_000))
    made = one.feed(SOUND) + one.close()
    assert len(made) == 2 * 16_000
    assert pitch(made, 16_000) == pytest.approx(440, abs=1)


def test_two_channels_become_their_mean_and_one_becomes_two() -> None:
    one = transcoder(form(channels=2), form())
    assert one.feed(b"\x64\x00\xc8\x00") + one.close() == b"\x96\x00"
    one = transcoder(form(), form(channels=2))
    assert one.feed(b"\x64\x00") + one.close() == b"\x64\x00\x64\x00"


def test_the_loudest_samples_do_not_turn_over() -> None:
    loud = tone(loud=1.0)
    one = transcoder(form(), form(rate=48_000))
    made = samples(one.feed(loud) + one.close())
    assert abs(made).max() >= 32_000
    assert abs(made[1:] - made[:-1]).max() < 4_000


@pytest.mark.parametrize("encoding", ["mp3", "opus", "aac", "m4a", "webm"])
def test_a_stream_is_sent_while_it_is_written(encoding: AudioEncoding) -> None:
    one = transcoder(form(), form(encoding))
    assert len(one.feed(SOUND)) > 1_000


@pytest.mark.parametrize(("encoding", "most"), [("wav", 1_000), ("mp3", 4_000), ("opus", 1_000), ("aac", 4_000)])
def test_a_stream_is_heard_while_it_arrives(encoding: AudioEncoding, most: int) -> None:
    data = through(SOUND, "pcm", encoding)
    assert len(data) > most
    one = transcoder(form(encoding), form())
    assert one.feed(data[:most])
    one.close()


@pytest.mark.parametrize("encoding", ["mp3", "opus", "flac", "aac", "m4a", "webm", "wav"])
def test_garbage_in_a_stream_is_an_error(encoding: AudioEncoding) -> None:
    one = transcoder(form(encoding), form())
    with pytest.raises(AudioError, match="cannot be read"):
        one.feed(b"this is no sound at all " * 400) + one.close()


def test_nothing_in_is_nothing_out() -> None:
    for encoding in ENCODINGS:
        one = transcoder(form(encoding), form())
        assert one.close() == b""
        assert one.close() == b""


def test_a_transcoder_that_is_dropped_leaves_no_thread_behind() -> None:
    one = transcoder(form("mp3"), form())
    one.feed(through(SOUND, "pcm", "mp3")[:3_000])
    threads = [thread for thread in threading.enumerate() if thread.name == "genmux-sound"]
    assert threads
    del one
    gc.collect()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("rate", [0, 100, 1_000_000])
def test_a_rate_that_no_sound_has_is_refused(rate: int) -> None:
    with pytest.raises(AudioError, match="4000 to 384000"):
        transcoder(form(), form(rate=rate))


def test_more_than_two_channels_are_refused() -> None:
    with pytest.raises(AudioError, match="1 and 2 are"):
        transcoder(form(channels=6), form())


def test_a_rate_that_a_codec_lacks_is_written_at_the_next_higher_one() -> None:
    one = transcoder(form(rate=22_050), form("opus", 22_050))
    data = one.feed(tone(rate=22_050)) + one.close()
    back = transcoder(form("opus"), form())
    assert pitch(back.feed(data) + back.close()) == pytest.approx(440, abs=1.5)
