"""Speech, transcription and live sessions, for code with an event loop."""

import abc
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from genmux.app import App
from genmux.client.gateway import at_gateway
from genmux.client.jobs.api import JobsApi
from genmux.client.params import AnyTool
from genmux.client.requests import Asked, options_of
from genmux.client.voice.asking import OPTIONS, ask_speech, ask_transcription
from genmux.contract.operations import Operation
from genmux.flows.call.options import CallOptions
from genmux.types.audio import AudioEncoding
from genmux.types.speech import SpeechResult, Voice
from genmux.types.transcription import Transcript, TranscriptDone, TranscriptPart

if TYPE_CHECKING:
    from genmux.client.jobs.line import JobLine
    from genmux.client.voice.live import AnyFormat, AnyTranscribing, AnyTurns, LiveSession
    from genmux.client.voice.sounds import Sound
    from genmux.flows.voice.limits import SessionLimits
    from genmux.flows.voice.speech_stream import SpeechStream
    from genmux.types.realtime_events import RealtimeEvent

Progress = Callable[[float], object]
"""Is told how much of a sound is written down, as a part of 1."""


class VoiceCalls(abc.ABC):
    """What speaks, writes down and converses. `timeout`, `retries`, `budget_limit` and `tags` may be said with each call.

    What is no keyword of a call is a parameter of the model, by its own name. Raises ProviderError.
    """

    _app: App
    _model: str | None
    _options: CallOptions
    _gateway: bool

    @property
    @abc.abstractmethod
    def jobs(self) -> JobsApi:
        """Where the jobs are."""

    @abc.abstractmethod
    def _check_open(self) -> None:
        """Raise ConfigurationError after closing."""

    @abc.abstractmethod
    def _job_line(self) -> "JobLine":
        """Where the jobs and their files are."""

    # ---------------------------------------------------------------- speech
    async def speak(  # noqa: PLR0913 — what can be said of speech
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
        asked = await self._speech(
            text,
            model,
            {
                **params,
                "voice": voice,
                "format": format,
                "speed": speed,
                "language": language,
                "instructions": instructions,
                "timestamps": timestamps,
            },
        )
        return await self._app.speaking.speak(asked.request, asked.options)

    async def stream_speech(  # noqa: PLR0913 — as above
        self,
        text: str | AsyncIterable[str],
        *,
        model: str | None = None,
        voice: str | None = None,
        format: AudioEncoding | None = None,  # noqa: A002 — as above
        speed: float | None = None,
        language: str | None = None,
        instructions: str | None = None,
        timestamps: bool = False,
        **params: Any,
    ) -> "SpeechStream":
        """The same as it comes: iterate it for all parts, or its `audio()` for the sound alone. See `speak`.

        A text that is still being written may be given piece by piece; what is complete of it is spoken meanwhile.
        """
        written = cast("AsyncIterable[str] | None", text if hasattr(text, "__aiter__") else None)
        asked = await self._speech(
            text if written is None else "",
            model,
            {
                **params,
                "voice": voice,
                "format": format,
                "speed": speed,
                "language": language,
                "instructions": instructions,
                "timestamps": timestamps,
            },
        )
        if written is not None:
            return await self._app.speaking.stream_written(asked.request, written, asked.options)
        return await self._app.speaking.stream(asked.request, asked.options)

    async def voices(self, model: str | None = None) -> tuple[Voice, ...]:
        """The voices of a model that speaks, for nothing: as its provider lists them, else those that genmux knows of."""
        from genmux.flows.voice.listing import voices_of

        self._check_open()
        return await voices_of(self._app.calls, self._named("text_to_speech", model), self._options)

    # ---------------------------------------------------------------- transcription
    async def transcribe(  # noqa: PLR0913 — what can be said of a transcription
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
        """
        told = {
            **params,
            "language": language,
            "prompt": prompt,
            "words": words,
            "segments": segments,
            "diarize": diarize,
            "translate": translate,
        }
        asked, by_job = await self._transcription(audio, model, told)
        if by_job:
            from genmux.client.voice.by_job import transcript_by_job

            return await transcript_by_job(self.jobs, asked, progress=progress)
        return await self._app.transcribing.transcribe(asked.request, asked.options, progress=progress)

    async def stream_transcription(  # noqa: PLR0913 — as above
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
    ) -> AsyncGenerator[TranscriptPart]:
        """The text as it comes, and all of it in a `TranscriptDone` at the end. See `transcribe`."""
        told = {
            **params,
            "language": language,
            "prompt": prompt,
            "words": words,
            "segments": segments,
            "diarize": diarize,
            "translate": translate,
        }
        asked, by_job = await self._transcription(audio, model, told)
        if by_job:
            from genmux.client.voice.by_job import transcript_by_job

            yield TranscriptDone(await transcript_by_job(self.jobs, asked))
            return
        parts = await self._app.transcribing.stream(asked.request, asked.options)
        try:
            async for part in parts:
                yield part
        finally:
            await parts.aclose()

    # ---------------------------------------------------------------- sessions
    def realtime(  # noqa: PLR0913 — what can be said of a session
        self,
        model: str | None = None,
        *,
        instructions: str | None = None,
        voice: str | None = None,
        tools: Sequence[AnyTool] = (),
        input: "AnyFormat | None" = None,  # noqa: A002 — as the session calls it
        output: "AnyFormat | None" = None,
        turns: "AnyTurns | None" = None,
        transcription: "AnyTranscribing | None" = None,
        record: str | Path | None = None,
        limits: "SessionLimits | None" = None,
        raw: bool = False,
        on_event: "Callable[[RealtimeEvent], Any] | None" = None,
        **params: Any,
    ) -> "LiveSession":
        """A live conversation: `async with client.realtime(…) as session`. A text model gets ears and a voice.

        Functions among `tools` are run when the model calls them. `record` is a folder for both sides as WAV files and the
        transcript, `limits` how long the session may last, `raw` keeps the provider's messages in the events. `on_event` hears
        every event beside whoever iterates the session. All other fields of `SessionConfig` may be said, too.
        """
        from genmux.client.voice.live import LiveSession, config_of

        self._check_open()
        told = {name: value for name, value in params.items() if name not in OPTIONS}
        config, functions = config_of(
            {
                **told,
                "instructions": instructions,
                "voice": voice,
                "tools": tools,
                "input": input,
                "output": output,
                "turns": turns,
                "transcription": transcription,
            }
        )
        return LiveSession(
            self._app,
            self._named("realtime", model),
            config,
            options=options_of({name: params[name] for name in params if name in OPTIONS}, self._options),
            functions=functions,
            limits=limits,
            record=record,
            raw=raw,
            on_event=on_event,
            ready=self._app.ready,
        )

    # ---------------------------------------------------------------- how they are asked
    async def _speech(self, text: Any, model: str | None, params: Mapping[str, Any]) -> Asked:
        self._check_open()
        asked = ask_speech(text, params, model=self._named("text_to_speech", model), options=self._options)
        if self._app.waits:
            await self._app.ready()
        return asked

    async def _transcription(self, audio: Any, model: str | None, params: Mapping[str, Any]) -> tuple[Asked, bool]:
        """What was asked for, and whether it is a job."""
        from genmux.client.voice.sounds import sound_of

        self._check_open()
        app = self._app
        if app.waits:
            await app.ready()
        name = self._named("transcribe", model)
        first = app.calls.journeys.routes.members(name, "transcribe")[0]
        wire: Any = app.targets.wire(first, "transcribe")
        sound = await sound_of(audio, app=app, line=self._job_line, model=first)
        return ask_transcription(sound, params, model=name, options=self._options), hasattr(wire, "submit")

    def _named(self, operation: Operation, model: str | None) -> str:
        """The model that is meant: the call's, the client's, what is configured, what runs on this machine."""
        chosen = model or self._model
        if self._gateway:
            return at_gateway(chosen)
        if chosen:
            return chosen
        from genmux.app.voice import usual_model

        return usual_model(self._app.settings, operation)
