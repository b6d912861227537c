"""Speech and transcripts on the wire: OpenAI's dialect outside, the simulator's voice and ears inside."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import PurePath
from typing import Any, NamedTuple

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.forms import FormPart, split_form
from genmux.contract.local import Pause
from genmux.dialects.openai_audio import EVENTS, AcceptedSpeech, AcceptedTranscription, OpenAIAudioServer
from genmux.providers.mock.script import Fault
from genmux.providers.mock.voice import EARS, VOICE, Manner, hear, speak
from genmux.testing.simulator.exchange import Events, Exchange
from genmux.testing.simulator.http import BODY_LIMIT, Request
from genmux.testing.simulator.sounds import encoded, pieces
from genmux.testing.simulator.steps import EVENT_STREAM, Headers
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.errors import InvalidRequestError, ProviderError
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechResult
from genmux.types.transcription import AudioFile, Transcript, TranscriptDelta, TranscriptDone, TranscriptPart
from genmux.types.usage import Usage

SERVER = OpenAIAudioServer()

BY_TOKENS = "gpt-4o"
"""What the names of models that count tokens of sound have in them."""

Refuse = Callable[[ProviderError], Answer]


class Upload(NamedTuple):
    """A form: its texts by name, and its file."""

    fields: dict[str, Any]
    audio: AudioFile


class Speech(msgspec.Struct, frozen=True):
    """One text that is spoken."""

    refuse: Refuse
    accepted: AcceptedSpeech
    manner: Manner

    def exchange(self, *, headers: Headers, now: float) -> Exchange:
        """The means to answer it. Sound is always streamed; as bytes it comes without words for errors."""
        media_type = EVENTS if self.accepted.events else AudioFormat(encoding=self.encoding).media_type
        return Exchange(
            whole=self.whole,
            events=self.events,
            stream_headers=(("content-type", media_type),),
            bare=not self.accepted.events,
            refuse=self.refuse,
            fault=self.manner.fault,
            pace=self.manner.pace,
            headers=headers,
            now=now,
        )

    @property
    def encoding(self) -> AudioEncoding:
        """The encoding that is asked for."""
        return self.accepted.request.format or "mp3"

    def whole(self, fault: Fault | None) -> Answer:
        """All of the sound. Raises the error for which a fault stands."""
        made = [part for part in self._parts(fault) if not isinstance(part, Pause)]
        audio = b"".join(part.data for part in made if isinstance(part, SpeechDelta))
        result = SpeechResult(audio=audio, format=AudioFormat(encoding=self.encoding), usage=self._usage(len(audio)))
        return SERVER.respond_speech(result, self.accepted)

    def events(self, fault: Fault | None, tokens: int | None) -> Events:
        """The sound as it comes, as far as so many pieces. Raises the error of a fault where there is no event for it."""
        writer = SERVER.speech_writer(self.accepted)
        begun, size = False, 0
        try:
            for part in self._parts(fault):
                if isinstance(part, Pause):
                    yield part
                elif isinstance(part, SpeechDelta):
                    if tokens is not None and tokens <= 0:
                        return
                    tokens = None if tokens is None else tokens - 1
                    begun, size = True, size + len(part.data)
                    yield writer.write(part)
        except ProviderError as error:
            if not begun or not self.accepted.events:
                raise
            yield writer.fail(error)
            return
        if last := writer.close(self._usage(size)):
            yield last

    def _parts(self, fault: Fault | None) -> Iterator[SpeechPart | Pause]:
        """Bare samples word by word; compressed sound is made whole, and given in pieces."""
        asked = msgspec.structs.replace(self.accepted.request, format="wav" if self.encoding == "wav" else "pcm")
        parts = speak(VOICE, asked, msgspec.structs.replace(self.manner, fault=fault))
        if self.encoding in ("pcm", "wav"):
            yield from (part for part in parts if not isinstance(part, UsagePart))
            return
        made: list[bytes] = []
        for part in parts:
            if isinstance(part, SpeechDelta):
                made.append(part.data)
            elif isinstance(part, Pause):
                yield part
        yield from map(SpeechDelta, pieces(encoded(b"".join(made), self.encoding)))

    def _usage(self, size: int) -> Usage:
        """Tokens, as a model that is billed by them would count: four characters each in, 960 bytes each out."""
        return Usage(meters={"tokens.input": -(-len(self.manner.text) // 4), "tokens.output": -(-size // 960)})


class Hearing(msgspec.Struct, frozen=True):
    """One sound that is written down."""

    refuse: Refuse
    accepted: AcceptedTranscription
    manner: Manner

    def exchange(self, *, headers: Headers, now: float) -> Exchange:
        """The means to answer it."""
        return Exchange(
            whole=self.whole,
            events=self.events if self.accepted.stream else None,
            stream_headers=EVENT_STREAM,
            refuse=self.refuse,
            fault=self.manner.fault,
            duration=self.manner.latency,
            pace=self.manner.pace,
            headers=headers,
            now=now,
        )

    def whole(self, fault: Fault | None) -> Answer:
        """All of the text. Raises the error for which a fault stands."""
        (told,) = [part.transcript for part in self._parts(fault) if isinstance(part, TranscriptDone)]
        return SERVER.respond_transcription(told, self.accepted)

    def events(self, fault: Fault | None, tokens: int | None) -> Events:
        """The text as it comes; an error after the first word is written into it."""
        writer = SERVER.transcript_writer(self.accepted)
        begun = False
        try:
            for part in self._parts(fault):
                if isinstance(part, Pause):
                    yield part
                    continue
                if tokens is not None and isinstance(part, TranscriptDelta):
                    if tokens == 0:
                        return
                    tokens -= 1
                if written := writer.write(part):
                    begun = True
                    yield written
        except ProviderError as error:
            if not begun:
                raise
            yield writer.fail(error)
            return
        yield writer.close()

    def _parts(self, fault: Fault | None) -> Iterator[TranscriptPart | Pause]:
        for part in hear(EARS, self.accepted.request, msgspec.structs.replace(self.manner, fault=fault)):
            if isinstance(part, TranscriptDone):
                usage = _heard(part.transcript, self.accepted.request.model)
                yield TranscriptDone(msgspec.structs.replace(part.transcript, usage=usage))
            else:
                yield part


def read_upload(request: Request) -> Upload:
    """Read a form with one file. Raises InvalidRequestError that says what is missing."""
    from multipart import MultipartError, MultipartParser, parse_options_header

    _, options = parse_options_header(request.head.headers.get("content-type", ""))
    if not (boundary := options.get("boundary")):
        raise InvalidRequestError("the body is no form: its content type has no `boundary`", param="content-type")
    parser = MultipartParser(
        BytesIO(request.body),
        boundary,
        spool_limit=BODY_LIMIT,
        memory_limit=2 * BODY_LIMIT,
        disk_limit=2 * BODY_LIMIT,
    )
    try:
        parts = [*parser.parts()]
    except MultipartError as error:
        raise InvalidRequestError(f"the form cannot be read: {error}") from error
    files = [part for part in parts if part.filename is not None]
    texts, _ = split_form(
        FormPart(name=part.name or "", value=part.raw.decode("utf-8", "replace"))
        for part in parts
        if part.filename is None
    )
    if len(files) != 1 or files[0].name != "file":
        raise InvalidRequestError("`file` is missing; the form must have one", param="file")
    file = files[0]
    media_type = file.content_type or "application/octet-stream"
    return Upload(
        texts, AudioFile(data=file.raw, media_type=media_type, name=file.filename or "audio", size=len(file.raw))
    )


def words_of(name: str) -> str:
    """The text that the name of a file tells: `they-sing.mp3` is `they sing`."""
    return " ".join(PurePath(name).stem.replace("-", " ").replace("_", " ").split())


def _heard(told: Transcript, model: str) -> Usage:
    """Seconds; for models that are billed by tokens, ten of those a second of sound, and one for each word."""
    if BY_TOKENS not in model:
        return told.usage
    heard = round(10 * (told.seconds or 0))
    written = len(told.text.split())
    meters = {"tokens.input": heard, "tokens.input.audio": heard, "tokens.output": written}
    return Usage(meters={**told.usage.meters, **meters})
