"""Transcripts as subtitles: SubRip (`.srt`) and WebVTT (https://www.w3.org/TR/webvtt1/, 2019-04-04)."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from genmux.types.timed_words import Segment, Word

LINE = 42
"""Characters of a line of a subtitle, at most, as broadcasters have it."""

LONGEST = 6.0
"""Seconds that one subtitle is shown at most."""


class Written(Protocol):
    """What was said, as a transcript tells it."""

    @property
    def text(self) -> str:
        """All of it."""
        ...

    @property
    def seconds(self) -> float | None:
        """How long the sound is."""
        ...

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Its sentences."""
        ...

    @property
    def words(self) -> tuple[Word, ...]:
        """Its words."""
        ...


def srt(transcript: Written) -> str:
    """As SubRip."""
    cues = enumerate(cues_of(transcript), 1)
    return "".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_told(cue)}\n\n" for number, cue in cues
    )


def vtt(transcript: Written) -> str:
    """As WebVTT."""
    cues = cues_of(transcript)
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_escaped(_told(cue))}\n\n" for cue in cues
    )


def cues_of(transcript: Written) -> tuple[Segment, ...]:
    """What is shown at a time: as many words as fit, else the segments, else all of it at once."""
    if transcript.words:
        return tuple(_gathered(transcript.words))
    if transcript.segments:
        return transcript.segments
    text = transcript.text.strip()
    return (Segment(text=text, start=0.0, end=transcript.seconds or 0.0),) if text else ()


def _gathered(words: Iterable[Word]) -> Iterator[Segment]:
    held: list[Word] = []
    for word in words:
        if held and not _goes_on(held, word):
            yield _cue(held)
            held = []
        held.append(word)
    if held:
        yield _cue(held)


def _goes_on(held: list[Word], word: Word) -> bool:
    """Whether a word is shown with those before it."""
    length = sum(len(one.text) + 1 for one in held) + len(word.text)
    ended = held[-1].text.rstrip("\"')”’").endswith((".", "!", "?", "…"))
    same = held[0].speaker == word.speaker
    return same and not ended and length <= 2 * LINE and word.end - held[0].start <= LONGEST


def _cue(words: list[Word]) -> Segment:
    text = " ".join(one.text.strip() for one in words)
    return Segment(text=text, start=words[0].start, end=words[-1].end, speaker=words[0].speaker)


def _told(cue: Segment) -> str:
    """Its lines, with who speaks; a blank line would end it."""
    text = " ".join(cue.text.split())
    if cue.speaker is not None:
        text = f"{cue.speaker}: {text}"
    if len(text) <= LINE:
        return text
    middle = min(
        (at for at, one in enumerate(text) if one == " "), key=lambda at: abs(at - len(text) // 2), default=None
    )
    return text if middle is None else f"{text[:middle]}\n{text[middle + 1 :]}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    ms = max(0, round(seconds * 1_000))
    hours, ms = divmod(ms, 3_600_000)
    minutes, ms = divmod(ms, 60_000)
    whole, ms = divmod(ms, 1_000)
    return f"{hours:02}:{minutes:02}:{whole:02}{point}{ms:03}"
