"""`genmux say`: a text is spoken into a file, a pipe, or the speaker."""

import hashlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from genmux.cli.answers import money
from genmux.cli.console import err, note, out, print_json, warn, write_bytes
from genmux.cli.files import said
from genmux.cli.options import Reach, Switch
from genmux.cli.session import connected
from genmux.types.audio import ENCODINGS, AudioEncoding
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from genmux.client.client import Client
    from genmux.types.speech import SpeechResult

WORDS = 40
"""So many letters of a text become the name of a file."""

ENDINGS: dict[str, AudioEncoding] = {**{f".{one}": one for one in ENCODINGS}, ".ogg": "opus"}
"""What a file is written in, by the ending of its name."""


def say(  # noqa: PLR0913 — one option each
    *text: Annotated[str, Parameter(help="What to say; also from standard input.")],
    model: Annotated[
        str | None, Parameter(name=("--model", "-m"), help="provider/model, an alias, or a bare name.")
    ] = None,
    voice: Annotated[str | None, Parameter(help="One of the model's voices; `genmux voices` lists them.")] = None,
    out_: Annotated[
        str | None, Parameter(name=("--out", "-o"), help="The file to write; `-` for standard output.")
    ] = None,
    format: Annotated[  # noqa: A002 — as everybody calls it
        AudioEncoding | None, Parameter(help="How it is written: that of the file's name, else WAV.")
    ] = None,
    speed: Annotated[float | None, Parameter(help="1 is the usual one.")] = None,
    language: Annotated[str | None, Parameter(help="The language of the text, such as en.")] = None,
    instructions: Annotated[str | None, Parameter(help="How to speak, where a model heeds that.")] = None,
    play: Annotated[bool, Switch, Parameter(help="Play it; that needs the package sounddevice.")] = False,
    common: Reach | None = None,
) -> None:
    """Speak a text. A pipe gets the sound (WAV), a terminal the name of the file that is written.

    `genmux say "Good morning" --out morning.mp3`, `genmux say "…" | genmux transcribe -`
    """
    common = common or Reach()
    with connected(common) as client:
        words = said(text)
        if not words.strip():
            raise InvalidRequestError("there is no text: give it as an argument or pipe it in")
        told: dict[str, Any] = {
            "model": model,
            "voice": voice,
            "speed": speed,
            "language": language,
            "instructions": instructions,
        }
        if play:
            _play(client, words, told)
            return
        place = _place(out_, words, format, piped=not sys.stdout.isatty() and not common.json)
        made = format or (None if place is None else ENDINGS.get(place.suffix.lower())) or "wav"
        result = client.speak(words, format=made, **told)
        for warning in result.warnings:
            warn(str(warning))
        _deliver(result, place, common)


def _place(told: str | None, words: str, made: AudioEncoding | None, *, piped: bool) -> Path | None:
    """The file to write, None for standard output. Raises InvalidRequestError for a folder that is not there."""
    if told == "-" or (told is None and piped):
        return None
    place = Path(told or ".").expanduser()
    if place.is_dir():
        name = re.sub(r"[^\w]+", "-", words.lower())[:WORDS].strip("-") or "speech"
        place /= f"{name}-{hashlib.sha256(words.encode()).hexdigest()[:6]}.{made or 'wav'}"
    if made is None and place.suffix and place.suffix.lower() not in ENDINGS:
        message = f"{str(place)!r} has no ending that says a format; endings are {', '.join(ENDINGS)}, or say --format"
        raise InvalidRequestError(message, param="out")
    if not place.parent.is_dir():
        raise InvalidRequestError(f"there is no folder {str(place.parent)!r} to write into", param="out")
    return place


def _deliver(result: "SpeechResult", place: Path | None, common: Reach) -> None:
    """Write the sound, and say what it is."""
    if place is None:
        write_bytes(result.audio)
    else:
        try:
            result.save(place)
        except OSError as error:
            message = f"{str(place)!r} cannot be written: {error.strerror or error}"
            raise InvalidRequestError(message, param="out") from error
    if common.json and place is not None:
        facts = {
            "file": str(place),
            "media_type": result.media_type,
            "seconds": result.seconds,
            "words": result.words,
            "model": f"{result.provider}/{result.model}",
            "cost": result.cost,
            "warnings": result.warnings,
        }
        print_json(facts)
        return
    if place is not None:
        out.print(str(place))
    if err.is_terminal:
        seconds = "" if result.seconds is None else f" · {result.seconds:.1f} s"
        cost = money(result.cost.amount if result.cost else None)
        note(f"{result.provider}/{result.model} · {result.format.encoding}{seconds} · {cost}")


def _play(client: "Client", words: str, told: dict[str, Any]) -> None:
    """Play it as it comes."""
    from genmux.cli.sound_devices import Speaker
    from genmux.types.speech import SpeechDelta, SpeechStart

    with client.stream_speech(words, format="pcm", **told) as parts:
        speaker: Speaker | None = None
        try:
            for part in parts:
                if isinstance(part, SpeechStart):
                    speaker = Speaker(part.format)
                elif isinstance(part, SpeechDelta) and speaker is not None:
                    speaker.play(part.data)
            if speaker is not None:
                speaker.wait()
        finally:
            if speaker is not None:
                speaker.close()
