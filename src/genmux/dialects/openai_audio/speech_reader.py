"""Reads speech while it is made: as bytes, or as events that have them in base64."""

import base64
import binascii
from collections.abc import Iterable, Iterator

import msgspec

from genmux.contract.error_map import stream_error
from genmux.contract.http import WireEvent, malformed
from genmux.dialects.openai_audio.schema import AUDIO_DELTA, AUDIO_DONE, DONE, OBJECT, SPEECH_EVENT
from genmux.dialects.openai_audio.usage import spoken_usage
from genmux.types.audio import AudioFormat
from genmux.types.errors import NetworkError, Retry
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechStart


class SoundReader:
    """Reads bytes as they come; `made` is how they are written. Their end tells nothing of whether they are complete."""

    def __init__(self, made: AudioFormat) -> None:
        self._made = made
        self._begun = False

    def feed(self, event: WireEvent) -> Iterable[SpeechPart]:
        """More bytes. Raises ProviderError where an error stands in place of the sound."""
        if not event.data:
            return ()
        if self._begun:
            return (SpeechDelta(event.data),)
        _refuse_error(event.data)
        self._begun = True
        return SpeechStart(format=self._made), SpeechDelta(event.data)

    def close(self) -> Iterable[SpeechPart]:
        """The end. Raises ProviderError(malformed_reply) when there was no sound at all."""
        if not self._begun:
            raise malformed("the reply has no sound")
        return ()


class EventsReader:
    """Reads events; `made` is how their sound is written."""

    def __init__(self, made: AudioFormat) -> None:
        self.made = made
        self._begun = False
        self._done = False

    def feed(self, event: WireEvent) -> Iterable[SpeechPart]:
        """Read one event. Raises ProviderError for one that tells of an error; those that nobody knows say nothing."""
        if event.data.startswith(DONE):
            return ()
        told = event.read(SPEECH_EVENT)
        kind = told.type or event.event or ""
        if told.error or kind == "error":
            raise stream_error(msgspec.json.decode(event.data))
        if kind == AUDIO_DONE:
            self._done = True
            return (UsagePart(spoken_usage(told.usage)),) if told.usage else ()
        if kind != AUDIO_DELTA or not (sound := bytes_of(told.sound or "")):
            return ()
        start = () if self._begun else (SpeechStart(format=self.made),)
        self._begun = True
        return (*start, SpeechDelta(sound))

    def close(self) -> Iterable[SpeechPart]:
        """The stream has ended. Raises NetworkError when it was not told that it is complete."""
        if not self._done:
            message = "the stream ended before the speech was complete"
            raise NetworkError(message, retry=Retry.UNSURE)
        if not self._begun:
            raise malformed("the speech has no sound")
        return ()


def bytes_of(text: str) -> bytes:
    """What base64 stands for. Raises ProviderError(malformed_reply)."""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise malformed(f"the sound is not base64: {error}") from error


def data_of(body: bytes) -> Iterator[WireEvent]:
    """The events of a stream that came whole, each with one line of data, as hosts write them."""
    for line in body.splitlines():
        data = line.removeprefix(b"data:").strip()
        if line.startswith(b"data:") and data and not data.startswith(DONE):
            yield WireEvent(data)


def is_page(data: bytes) -> bool:
    """Whether it is a page of HTML, as something between us and the host may answer."""
    return data[:64].lstrip().lower().startswith((b"<!doctype", b"<html"))


def _refuse_error(data: bytes) -> None:
    """Raise for a page, and for an error in JSON, that came with a status of success."""
    if is_page(data):
        raise malformed("the reply is a page of HTML and no sound")
    if not data.startswith(b"{"):
        return
    try:
        told = OBJECT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    raise stream_error(told) if told.get("error") else malformed("the reply is JSON and no sound")
