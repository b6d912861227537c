"""Speech that carries its text, and ears that hear it: `mock/voice` and `mock/ears`."""

import struct
from collections.abc import Iterator

import msgspec

from genmux.contract.local import Pause
from genmux.providers.mock.faults import error_of
from genmux.providers.mock.hearing import Sound, read_sound
from genmux.providers.mock.media_files import CHARACTERS_PER_SECOND
from genmux.providers.mock.modem import RATE, Heard, heard, size_of, spoken
from genmux.providers.mock.script import Fault
from genmux.providers.mock.sound import RATE as CHORD_RATE
from genmux.providers.mock.sound import wav
from genmux.types.audio import AudioFormat
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechRequest, SpeechStart, SpeechWords, SpokenWord
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import (
    Transcript,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptPart,
    TranscriptSegment,
)
from genmux.types.usage import Usage

VOICE, EARS, CHORD = "voice", "ears", "speech"
MODELS = (VOICE, EARS)
"""The models that speak and hear; `speech` speaks too, with a chord."""

PAUSE = 0.5
"""So many seconds of silence end a segment, as the end of a sentence does."""

_ENDS = (".", "!", "?", "…", "。")


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes: what is said without the wishes in it, seconds before it and between words, and what goes wrong."""

    text: str
    latency: float = 0.0
    pace: float = 0.0
    fault: Fault | None = None


def speak(model: str, request: SpeechRequest, manner: Manner) -> Iterator[SpeechPart | Pause]:
    """The sound, word by word. Raises the error that it shall end with."""
    if manner.latency:
        yield Pause(manner.latency)
    _strike(manner, model, 0)
    if model == CHORD:
        _strike_at_end(manner, model, 0)
        yield SpeechStart(format=AudioFormat(encoding="wav", sample_rate=CHORD_RATE))
        yield SpeechDelta(wav(max(len(manner.text) / CHARACTERS_PER_SECOND, 0.1), manner.text))
        return
    written = request.format == "wav"
    yield SpeechStart(format=AudioFormat(encoding="wav" if written else "pcm", sample_rate=RATE))
    if written:
        yield SpeechDelta(wav_head(size_of(manner.text)))
    number = 0
    for number, piece in enumerate(spoken(manner.text), start=1):
        yield SpeechDelta(piece.samples)
        if piece.word is not None and request.timestamps:
            yield SpeechWords((SpokenWord(text=piece.word.text, start=piece.word.start, end=piece.word.end),))
        _strike(manner, model, number)
        yield Pause(manner.pace)
    _strike_at_end(manner, model, number)
    yield UsagePart(Usage(meters={"characters.input": len(manner.text)}))


def hear(model: str, request: TranscriptionRequest, manner: Manner) -> Iterator[TranscriptPart | Pause]:
    """The text that a sound of `mock/voice` carries, word by word; of another sound, the text of the prompt.

    Raises AudioError for a sound that cannot be read, and the error that it shall end with.
    """
    if manner.latency:
        yield Pause(manner.latency)
    _strike(manner, model, 0)
    sound = read_sound(request.audio)
    words: list[Heard] = []
    for word in heard(sound.samples, sound.rate):
        yield Pause(manner.pace if word is not None else 0)
        if word is not None:
            words.append(word)
            yield TranscriptDelta(word.text if len(words) == 1 else f" {word.text}")
            _strike(manner, model, len(words))
    _strike_at_end(manner, model, len(words))
    if not words and manner.text:
        words = [Heard(manner.text, 0.0, sound.seconds)]
        yield TranscriptDelta(manner.text)
    whole = _transcript(words, sound, request)
    yield from map(TranscriptSegment, whole.segments)
    yield TranscriptDone(whole)


def wav_head(size: int) -> bytes:
    """The head of a WAV with so many bytes of samples, as `mock/voice` makes them."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", size + 36, b"WAVE") + form + struct.pack("<4sI", b"data", size)


def _transcript(words: list[Heard], sound: Sound, request: TranscriptionRequest) -> Transcript:
    speaker = "A" if request.diarize else None
    told = tuple(Word(text=one.text, start=one.start, end=one.end, speaker=speaker) for one in words)
    return Transcript(
        text=" ".join(one.text for one in words),
        language=request.language,
        seconds=round(sound.seconds, 3),
        words=told if request.words else (),
        segments=tuple(_segments(told)) if request.segments or request.diarize else (),
        usage=Usage(meters={"seconds.input.audio": round(sound.seconds, 3)}),
    )


def _segments(words: tuple[Word, ...]) -> Iterator[Segment]:
    """One for each sentence; a pause ends one too."""
    held: list[Word] = []
    for word in words:
        if held and (held[-1].text.endswith(_ENDS) or word.start - held[-1].end >= PAUSE):
            yield _segment(held)
            held = []
        held.append(word)
    if held:
        yield _segment(held)


def _segment(words: list[Word]) -> Segment:
    text = " ".join(one.text for one in words)
    return Segment(text=text, start=words[0].start, end=words[-1].end, speaker=words[0].speaker)


def _strike(manner: Manner, model: str, words: int) -> None:
    """Raise the error that comes after so many words."""
    if manner.fault is not None and manner.fault.after == words:
        raise error_of(manner.fault, model=model)


def _strike_at_end(manner: Manner, model: str, words: int) -> None:
    """Raise the error that should have come after more words than there are."""
    if manner.fault is not None and manner.fault.after > words:
        raise error_of(manner.fault, model=model)
