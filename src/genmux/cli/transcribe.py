"""`genmux transcribe`: what is said in a file, or in what is piped in, as text or subtitles."""

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.text import Text

from genmux.cli.answers import money
from genmux.cli.console import err, harmless, note, print_json, warn, write
from genmux.cli.options import Reach, Switch
from genmux.cli.session import connected
from genmux.types.errors import AudioError, InvalidRequestError
from genmux.types.parts import WarningPart
from genmux.types.transcription import Transcript, TranscriptDelta, TranscriptDone, TranscriptPart, TranscriptSegment

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 60
"""So many letters of what was said last are shown while it goes on."""


def transcribe(  # noqa: PLR0913 — one option each
    file: Annotated[
        str,
        Parameter(
            help="A file, a URL, the id of an asset or a job; `-` for what is piped in.", allow_leading_hyphen=True
        ),
    ] = "-",
    /,
    *,
    model: Annotated[
        str | None, Parameter(name=("--model", "-m"), help="provider/model, an alias, or a bare name.")
    ] = None,
    srt: Annotated[bool, Switch, Parameter(help="Print subtitles for players (SubRip).")] = False,
    vtt: Annotated[bool, Switch, Parameter(help="Print subtitles for web pages (WebVTT).")] = False,
    words: Annotated[bool, Switch, Parameter(help="Ask for the time of each word.")] = False,
    language: Annotated[str | None, Parameter(help="What is spoken, such as en; else it is found out.")] = None,
    prompt: Annotated[str | None, Parameter(help="Words and names that may come.")] = None,
    translate: Annotated[bool, Switch, Parameter(help="Write it down in English, whatever is spoken.")] = False,
    diarize: Annotated[bool, Switch, Parameter(help="Tell who speaks.")] = False,
    common: Reach | None = None,
) -> None:
    """Write down what is said: `genmux transcribe talk.mp3 --srt > talk.srt`.

    The text goes to standard output as it comes, what is to be said of it to standard error. `--json` prints the whole
    transcript with its times.
    """
    common = common or Reach()
    if srt and vtt:
        raise InvalidRequestError("--srt and --vtt are two forms of the same; choose one")
    whole = srt or vtt or common.json
    with connected(common) as client:
        parts = client.stream_transcription(
            _sound(file),
            model=model,
            language=language,
            prompt=prompt,
            words=words,
            segments=whole or diarize,
            diarize=diarize,
            translate=translate,
        )
        with closing(parts):
            transcript = _Screen(live=not (whole or diarize)).follow(parts)
        if common.json:
            print_json(transcript)
        elif srt or vtt:
            write(transcript.srt() if srt else transcript.vtt())
        elif diarize:
            write("".join(f"{one.speaker or 'somebody'}: {one.text.strip()}\n" for one in transcript.segments))
        _footnote(transcript, common)


def _sound(file: str) -> Any:
    """What was named, or the bytes that were piped in. Raises AudioError where there are none."""
    if file != "-":
        return file
    if sys.stdin is None or sys.stdin.isatty():
        raise InvalidRequestError("there is no sound: name a file, or pipe one in")
    data = sys.stdin.buffer.read()
    if not data:
        raise AudioError("nothing was piped in; there is no sound to be written down", param="audio")
    return data


class _Screen:
    """Where it is shown: with `live` the text on standard output as it comes, else how far it is on standard error."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._waiting = err.status(Text("listening", style="dim"), spinner="dots")
        self._shown = ""

    def follow(self, parts: "Iterator[TranscriptPart]") -> Transcript:
        """Show all of it; gives the transcript."""
        if err.is_terminal:
            self._waiting.start()
        transcript = Transcript(text="")
        try:
            for part in parts:
                if isinstance(part, TranscriptDone):
                    transcript = part.transcript
                else:
                    self._show(part)
        finally:
            self._waiting.stop()
        if self._live:
            write("\n" if self._shown else f"{transcript.text.strip()}\n")
        for warning in transcript.warnings:
            warn(str(warning))
        return transcript

    def _show(self, part: TranscriptPart) -> None:
        match part:
            case TranscriptDelta(text=text) if self._live:
                text = text if self._shown else text.lstrip()
                if text:
                    self._waiting.stop()
                    write(text)
                    self._shown += text
            case TranscriptSegment(segment=segment):
                minutes, seconds = divmod(int(segment.end), 60)
                told = " ".join(segment.text.split())[-SHOWN:]
                self._waiting.update(Text(harmless(f"{minutes}:{seconds:02} {told}"), style="dim"))
            case WarningPart(warning=warning):
                warn(str(warning))
            case _:
                pass


def _footnote(transcript: Transcript, common: Reach) -> None:
    if not err.is_terminal or common.json:
        return
    facts = [f"{transcript.provider}/{transcript.model}", transcript.language or ""]
    facts.append("" if transcript.seconds is None else f"{transcript.seconds:.1f} s")
    facts.append(money(transcript.cost.amount if transcript.cost else None))
    note(" · ".join(fact for fact in facts if fact))
