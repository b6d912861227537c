"""What is said beside the dialect: asked for by those who listen, and told to nobody else."""

import msgspec
import pytest

from genmux.dialects.openai_audio import dialect
from genmux.types.audio import AudioFormat
from genmux.types.errors import InvalidRequestError
from genmux.types.speech import SpeechResult, SpokenWord
from genmux.types.timed_words import Segment
from genmux.types.transcription import AudioFile, Transcript

SERVER = dialect.server
SOUND = AudioFile(data=b"RIFF", media_type="audio/wav")
SPOKEN = SpeechResult(
    audio=b"\1\0", format=AudioFormat(sample_rate=16_000), words=(SpokenWord(text="hi", start=0.0, end=0.1),)
)


def test_speech_as_events_tells_its_format_and_its_words() -> None:
    body = {"model": "m", "input": "hi", "stream_format": "sse", "genmux": {"timestamps": True, "params": {"x": 1}}}
    accepted = SERVER.accept_speech(msgspec.json.encode(body))
    assert (accepted.request.timestamps, accepted.request.params, accepted.request.extra) == (True, {"x": 1}, None)
    events = [msgspec.json.decode(line[6:]) for line in SERVER.respond_speech(SPOKEN, accepted).body.split(b"\n\n")[:2]]
    assert events[0]["genmux"] == {"format": {"encoding": "pcm", "sample_rate": 16_000, "channels": 1}}
    assert events[1]["genmux"]["words"] == [{"text": "hi", "start": 0.0, "end": 0.1}]


def test_a_transcript_tells_all_that_is_known_of_it() -> None:
    accepted = SERVER.accept_form({"model": "m", "genmux": '{"segments":true,"language":"de-DE"}'}, SOUND)
    assert (accepted.request.segments, accepted.request.words, accepted.request.language) == (True, False, "de-DE")
    made = Transcript(text="hi", language="de", seconds=1.0, segments=(Segment(text="hi", start=0.0, end=1.0),))
    told = msgspec.json.decode(SERVER.respond_transcription(made, accepted).body)
    assert told["text"] == "hi"
    assert told["genmux"] == {
        "language": "de",
        "seconds": 1.0,
        "segments": [{"text": "hi", "start": 0.0, "end": 1.0}],
    }


def test_nobody_else_hears_of_it() -> None:
    speech = SERVER.accept_speech(b'{"model":"m","input":"hi","stream_format":"sse"}')
    assert b"genmux" not in SERVER.respond_speech(SPOKEN, speech).body
    written = SERVER.accept_form({"model": "m"}, SOUND)
    assert b"genmux" not in SERVER.respond_transcription(Transcript(text="hi"), written).body


@pytest.mark.parametrize("wrong", [3, {"words": "yes"}, {"wods": True}])
def test_what_is_not_understood_is_named(wrong: object) -> None:
    with pytest.raises(InvalidRequestError, match="genmux"):
        SERVER.accept_speech(msgspec.json.encode({"model": "m", "input": "hi", "genmux": wrong}))
    with pytest.raises(InvalidRequestError, match="genmux"):
        SERVER.accept_form({"model": "m", "genmux": "no JSON"}, SOUND)
