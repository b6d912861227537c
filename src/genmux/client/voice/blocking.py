"""Speech and transcription for code without an event loop. Live sessions need one: they are with `AsyncClient`."""

import abc
import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self, cast

from genmux.client.loop import LoopThread
from genmux.client.voice.calls import Progress
from genmux.types.audio import AudioEncoding
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechResult, Voice
from genmux.types.transcription import Transcript, TranscriptPart

if TYPE_CHECKING:
    from genmux.client.async_client import AsyncClient
    from genmux.client.voice.sounds import Sound
    from genmux.flows.voice.speech_stream import SpeechStream


class BlockingSpeech:
    """Speech as it comes: iterate it for all parts, or `audio()` for the sound alone; `result()` is what has come so far.

    Use it as `with`, or call `close` when leaving early.
    """

    def __init__(self, stream: "SpeechStream", loop: LoopThread) -> None:
        self._stream = stream
        self._loop = loop

    def __iter__(self) -> Iterator[SpeechPart]:
        """The parts, in order; a later loop goes on where an earlier one left off."""
        while (part := self._loop.run(_next(self._stream))) is not None:
            yield part

    def audio(self) -> Iterator[bytes]:
        """Only the sound."""
        return (part.data for part in self if isinstance(part, SpeechDelta))

    def result(self) -> SpeechResult:
        """What has come so far; complete after the end."""
        return self._stream.result()

    def close(self) -> None:
        """Stop. May be called again."""
        self._loop.run(self._stream.aclose())

    def __enter__(self) -> Self:
        """Use it as `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at the end of the block."""
        self.close()


class BlockingVoice(abc.ABC):
    """What speaks and writes down. The keywords are those of `AsyncClient`; what is none of them is a parameter of the model."""

    _client: "AsyncClient"
    _loop: LoopThread

    def speak(  # noqa: PLR0913 — what can be said of speech
        self,
        text: str,
        *,
        model: str | None = None,
        voice: str | None = None,
        format: AudioEncoding | None = None,  # noqa: A002 — as everybody calls it
        speed: float | None = None,
        language: str | None = None,
        instructions: str | None = None,
        timestamps: bool = False,
        **params: Any,
    ) -> SpeechResult:
        """Speak a text, however long; `result.save(path)` writes it to a file.

        `format` is made out of what the model makes, `speed` is 1 for the usual one, `language` a BCP 47 tag, and `timestamps`
        asks when each word is said. `sample_rate` (Hz) and `seed` may be said, too.
        """
        work = self._client.speak(
            text,
            model=model,
            voice=voice,
            format=format,
            speed=speed,
            language=language,
            instructions=instructions,
            timestamps=timestamps,
            **params,
        )
        return self._loop.run(work)

    def stream_speech(  # noqa: PLR0913 — as above
        self,
        text: str | Iterable[str],
        *,
        model: str | None = None,
        voice: str | None = None,
        format: AudioEncoding | None = None,  # noqa: A002 — as above
        speed: float | None = None,
        language: str | None = None,
        instructions: str | None = None,
        timestamps: bool = False,
        **params: Any,
    ) -> BlockingSpeech:
        """The same as it comes. See `speak`.

        A text that is still being written may be given piece by piece: an iterator, which is read in a thread of the client's.
        """
        written = hasattr(text, "__iter__") and not isinstance(text, str | bytes)
        work = self._client.stream_speech(
            _written(cast("Iterable[str]", text)) if written else cast("str", text),
            model=model,
            voice=voice,
            format=format,
            speed=speed,
            language=language,
            instructions=instructions,
            timestamps=timestamps,
            **params,
        )
        return BlockingSpeech(self._loop.run(work), self._loop)

    def voices(self, model: str | None = None) -> tuple[Voice, ...]:
        """The voices of a model that speaks, for nothing: as its provider lists them, else those that genmux knows of."""
        return self._loop.run(self._client.voices(model))

    def transcribe(  # noqa: PLR0913 — what can be said of a transcription
        self,
        audio: "Sound",
        *,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        words: bool = False,
        segments: bool = False,
        diarize: bool = False,
        translate: bool = False,
        progress: Progress | None = None,
        **params: Any,
    ) -> Transcript:
        """Write down what is said; `.srt()` and `.vtt()` of the transcript are subtitles.

        `audio` is a path, a URL, a `data:` URI, bytes, speech that was made, an asset or a job, or the id of one. `prompt` are
        words and names that may come; `words` and `segments` ask for times, `diarize` for who speaks, `translate` for English.
        `progress` is called in a thread of the client's.
        """
        work = self._client.transcribe(
            audio,
            model=model,
            language=language,
            prompt=prompt,
            words=words,
            segments=segments,
            diarize=diarize,
            translate=translate,
            progress=progress,
            **params,
        )
        return self._loop.run(work)

    def stream_transcription(  # noqa: PLR0913 — as above
        self,
        audio: "Sound",
        *,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        words: bool = False,
        segments: bool = False,
        diarize: bool = False,
        translate: bool = False,
        **params: Any,
    ) -> Generator[TranscriptPart]:
        """The text as it comes, and all of it in a `TranscriptDone` at the end. See `transcribe`."""
        parts = self._client.stream_transcription(
            audio,
            model=model,
            language=language,
            prompt=prompt,
            words=words,
            segments=segments,
            diarize=diarize,
            translate=translate,
            **params,
        )
        try:
            while (part := self._loop.run(_following(parts))) is not None:
                yield part
        finally:
            self._loop.run(parts.aclose())


async def _written(texts: Iterable[str]) -> AsyncGenerator[str]:
    """What an iterator gives, without holding up the event loop."""
    pieces = iter(texts)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


async def _next(stream: "SpeechStream") -> SpeechPart | None:
    return await anext(stream, None)


async def _following(parts: AsyncGenerator[TranscriptPart]) -> TranscriptPart | None:
    return await anext(parts, None)
