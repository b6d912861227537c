"""The three models of a cascade, called as anything is called: checked, held, priced, settled."""

import struct
from collections.abc import AsyncIterator

import msgspec

from genmux.flows.call.flow import CallFlow
from genmux.flows.call.options import CallOptions
from genmux.flows.call.stream import PartStream
from genmux.flows.voice.speaking import Speaking
from genmux.flows.voice.speech_stream import SpeechStream
from genmux.flows.voice.transcribing import Transcribing
from genmux.types.audio import AudioFormat
from genmux.types.chat import ChatRequest
from genmux.types.money import Cost
from genmux.types.parts import Part
from genmux.types.speech import SpeechDelta, SpeechRequest
from genmux.types.transcription import AudioFile, Transcript, TranscriptionRequest
from genmux.types.usage import Usage


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """Which models hear, think and speak, and how."""

    transcribe: str
    chat: str
    speak: str
    voice: str | None = None
    language: str | None = None
    speed: float | None = None
    prompt: str | None = None


class CallVoices:
    """Calls them. Sound is spoken in the format `made`."""

    def __init__(
        self,
        calls: CallFlow,
        speaking: Speaking,
        transcribing: Transcribing,
        models: Models,
        options: CallOptions,
        *,
        made: AudioFormat,
    ) -> None:
        self._calls = calls
        self._speaking = speaking
        self._transcribing = transcribing
        self._models = models
        self._options = options
        self._made = made

    async def hear(self, sound: bytes, made: AudioFormat) -> Transcript:
        """Write down what is said."""
        models, file = self._models, wave(sound, made)
        audio = AudioFile(
            data=file, media_type="audio/wav", name="turn.wav", size=len(file), seconds=made.ms(len(sound)) / 1_000
        )
        request = TranscriptionRequest(
            model=models.transcribe, audio=audio, language=models.language, prompt=models.prompt
        )
        return await self._transcribing.transcribe(request, self._options)

    async def think(self, request: ChatRequest) -> "Thought":
        """Answer."""
        asked = msgspec.structs.replace(request, model=self._models.chat)
        return Thought(await self._calls.stream(asked, self._options))

    async def speak(self, text: str) -> "Sounding":
        """Say something."""
        models = self._models
        request = SpeechRequest(
            model=models.speak,
            text=text,
            voice=models.voice,
            language=models.language,
            speed=models.speed,
            format=self._made.encoding,
            sample_rate=self._made.sample_rate,
        )
        return Sounding(await self._speaking.stream(request, self._options))


class Thought:
    """An answer as it comes, with what it used and did cost at the end."""

    def __init__(self, stream: PartStream) -> None:
        self._stream = stream
        self.usage: Usage | None = None
        self.cost: Cost | None = None

    async def __aiter__(self) -> AsyncIterator[Part]:
        """Its parts."""
        async for part in self._stream:
            yield part
        self.usage, self.cost = self._stream.result().usage, self._stream.cost

    async def aclose(self) -> None:
        """Stop it."""
        await self._stream.aclose()


class Sounding:
    """Speech as it comes, with what it did cost at the end."""

    def __init__(self, stream: SpeechStream) -> None:
        self._stream = stream
        self.cost: Cost | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Its sound."""
        async for part in self._stream:
            if isinstance(part, SpeechDelta):
                yield part.data
        self.cost = self._stream.cost

    async def aclose(self) -> None:
        """Stop it."""
        await self._stream.aclose()


def wave(sound: bytes, made: AudioFormat) -> bytes:
    """Samples as a WAV file (RIFF, https://datatracker.ietf.org/doc/html/rfc2361)."""
    size, width, rate = len(sound), made.sample_bytes, made.sample_rate
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, made.channels, rate, rate * width, width),
        *(8 * width // made.channels, b"data", size),
    )
    return head + sound
