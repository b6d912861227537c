"""Cartesia's speech of texts that are being written (`/tts/websocket`), in front of a scripted peer; from its documents (2026-11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from genmux.contract.sessions import Frame
from genmux.testing.simulator.voice.realtime_contexts import OVER, Contexts, read, refused, spoken_format, written
from genmux.testing.simulator.voice.realtime_speech import Opened
from genmux.types.audio import AudioFormat
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.realtime import Command, SessionConfig, UpdateSession
from genmux.types.realtime_events import AudioChunk, OutputTranscriptDelta, RealtimeEvent, ResponseDone, SessionFailed

STATUSES = {
    ErrorKind.AUTHENTICATION: (401, "unauthorized"),
    ErrorKind.QUOTA_EXCEEDED: (402, "quota_exceeded"),
    ErrorKind.RATE_LIMIT: (429, "concurrency_limited"),
    ErrorKind.INVALID_REQUEST: (400, "invalid_request"),
}


class CartesiaSpeech(Contexts):
    """One connection. An error ends a text; the others go on."""

    def __init__(self) -> None:
        super().__init__()
        self._config = SessionConfig()
        self._latest = ""

    def open(self, query: Mapping[str, str]) -> Opened:
        """The session begins at once; each message says how it is to be spoken."""
        del query
        return Opened(config=self._config, model="sonic-3")

    def setup(self, frame: Frame) -> Opened:
        """There is no first message."""
        raise NotImplementedError(frame)

    def greet(self, session: str) -> Sequence[Frame]:
        """Nothing is said first."""
        del session
        return ()

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What a message wants. Raises ProviderError for what it lacks."""
        told = read(frame)
        context = self._latest = str(told.get("context_id", ""))
        if not context:
            raise refused("context_id is missing")
        if told.get("cancel"):
            return self.stops(context)
        lacking = [name for name in ("model_id", "transcript", "voice", "output_format") if name not in told]
        if lacking:
            raise refused(f"{', '.join(lacking)} is missing")
        changed = self._formatted(told["output_format"])
        self.adds(context, told["transcript"])
        return changed if told.get("continue") else [*changed, *self.completes(context)]

    def write(self, event: RealtimeEvent) -> Sequence[Frame]:
        """An event."""
        match event:
            case OutputTranscriptDelta(text=text, response_id=response):
                words = text.split()
                times = {"words": words, "start": [0.0] * len(words), "end": [0.1] * len(words)}
                return [self._said("timestamps", 206, response, word_timestamps=times)] if words else ()
            case AudioChunk(data=data, response_id=response):
                return [self._said("chunk", 206, response, data=self.sound(data))]
            case ResponseDone(response_id=response, status="failed", reason=reason):
                error = ProviderError(reason or "failed", kind=ErrorKind.SERVER)
                return [self._failed(error, self.context(response))]
            case ResponseDone(response_id=response):
                return [self._said("done", 200, response)]
            case SessionFailed(error=ProviderError() as error) if error.code != OVER:
                return [self._failed(error, self.context(None))]
            case _:
                return ()

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """An error; the session goes on."""
        return [self._failed(error, self._latest)]

    def _formatted(self, told: Mapping[str, Any]) -> list[Command]:
        """How it is to be spoken from now on, where that is another way."""
        if told.get("container") != "raw":
            raise refused("output_format.container must be raw")
        output, self.telephone = spoken_format(str(told.get("encoding")), int(told.get("sample_rate", 0)))
        if output == self._config.output:
            return []
        self._config = SessionConfig(output=AudioFormat(sample_rate=output.sample_rate))
        return [UpdateSession(self._config, ("output",))]

    def _said(self, kind: str, status: int, response: str | None, **fields: Any) -> str:
        context = self.context(response)
        return written({"type": kind, "context_id": context, "status_code": status, "done": kind == "done", **fields})

    def _failed(self, error: ProviderError, context: str) -> str:
        status, code = STATUSES.get(error.kind, (500, "internal"))
        told = {"status_code": status, "error_code": code, "title": code, "message": error.message}
        return written({"type": "error", "context_id": context, "done": True, **told})
