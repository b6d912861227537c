"""ElevenLabs' speech of texts that are being written (`multi-stream-input`), in front of a scripted peer; from its documents (2026-11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from genmux.contract.sessions import Frame
from genmux.testing.simulator.voice.realtime_contexts import BAD, OVER, Contexts, read, spoken_format, written
from genmux.testing.simulator.voice.realtime_speech import Hangup, Opened
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import AudioChunk, OutputTranscriptDelta, RealtimeEvent, ResponseDone, SessionFailed

MOST = 5
"""So many texts may be under way at once."""

CODES = {
    ErrorKind.AUTHENTICATION: "invalid_api_key",
    ErrorKind.QUOTA_EXCEEDED: "quota_exceeded",
    ErrorKind.RATE_LIMIT: "too_many_concurrent_requests",
    ErrorKind.OVERLOADED: "system_busy",
}


class ElevenLabsSpeech(Contexts):
    """One connection. An error ends it."""

    def __init__(self) -> None:
        super().__init__()
        self._flushed: set[str] = set()
        self._letters = ""

    def open(self, query: Mapping[str, str]) -> Opened:
        """The session begins at once; the address says how it speaks."""
        kind, _, rate = query.get("output_format", "mp3_44100").partition("_")
        try:
            output, self.telephone = spoken_format(kind, int(rate.partition("_")[0]))
        except ProviderError as error:
            raise self._end(error) from error
        return Opened(config=SessionConfig(output=output), model=query.get("model_id", "eleven_flash_v2_5"))

    def setup(self, frame: Frame) -> Opened:
        """There is no first message."""
        raise NotImplementedError(frame)

    def greet(self, session: str) -> Sequence[Frame]:
        """Nothing is said first."""
        del session
        return ()

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What a message wants."""
        told = read(frame)
        if told.get("close_socket"):
            raise Hangup(1000, "")
        context = str(told.get("context_id", "default"))
        if told.get("close_context"):
            if context in self._flushed and self.knows(context):
                return self.completes(context)
            return self.stops(context)
        text = told.get("text") or ""
        if text and not text.endswith(" "):
            raise Hangup(BAD, "a text must end with a single space")
        if not self.knows(context) and text != " ":
            raise Hangup(BAD, "the first text of a context must be a single space")
        self.adds(context, text)
        if len(self._texts) > MOST:
            raise Hangup(BAD, f"Maximum simultaneous contexts per WebSocket connection exceeded ({MOST})")
        if told.get("flush"):
            self._flushed.add(context)
        return ()

    def write(self, event: RealtimeEvent) -> Sequence[Frame]:
        """An event."""
        match event:
            case OutputTranscriptDelta(text=text):
                self._letters += text
            case AudioChunk(data=data, response_id=response):
                letters, self._letters = self._letters, ""
                sound: dict[str, Any] = {
                    "audio": self.sound(data),
                    "contextId": self.context(response),
                    "alignment": _alignment(letters) if letters else None,
                    "normalizedAlignment": None,
                    "isFinal": None,
                }
                return [written(sound)]
            case ResponseDone(response_id=response, status="failed", reason=reason):
                self.context(response)
                raise self._end(ProviderError(reason or "failed", kind=ErrorKind.SERVER))
            case ResponseDone(response_id=response):
                return [written({"audio": None, "isFinal": True, "contextId": self.context(response)})]
            case SessionFailed(error=ProviderError() as error) if error.code != OVER:
                raise self._end(error)
            case _:
                pass
        return ()

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """An error, which ends it."""
        raise self._end(error)

    def _end(self, error: ProviderError) -> Hangup:
        code = CODES.get(error.kind, str(error.kind))
        told = {"message": error.message, "error": code, "code": BAD}
        return Hangup(BAD, error.message, last=[written(told)])


def _alignment(letters: str) -> dict[str, Any]:
    """Letters, of which each is said in 50 ms."""
    starts = [number * 50 for number in range(len(letters))]
    return {"chars": [*letters], "charStartTimesMs": starts, "charDurationsMs": [50] * len(letters)}
