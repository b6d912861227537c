"""Flux, Deepgram's live transcription (`/v2/listen`), in front of a scripted peer; from its documents (2026-11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from genmux.contract.sessions import Frame
from genmux.testing.simulator.voice.realtime_contexts import read, refused, written
from genmux.testing.simulator.voice.realtime_heard import BAD, Heard, Turn
from genmux.testing.simulator.voice.realtime_speech import Hangup, Opened
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.realtime import AppendAudio, Command, CommitAudio

CODES = {
    ErrorKind.AUTHENTICATION: "INVALID_AUTH",
    ErrorKind.PERMISSION: "INSUFFICIENT_PERMISSIONS",
    ErrorKind.QUOTA_EXCEEDED: "ASR_PAYMENT_REQUIRED",
    ErrorKind.RATE_LIMIT: "TOO_MANY_REQUESTS",
    ErrorKind.INVALID_REQUEST: "INVALID_JSON",
}


class FluxSpeech(Heard):
    """One connection. Every message has a number."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._request = ""
        self._forced = False

    def open(self, query: Mapping[str, str]) -> Opened:
        """The session begins at once; the address says how it listens."""
        model, rate = query.get("model", ""), query.get("sample_rate", "")
        raw = query.get("encoding") == "linear16"
        return self.opened(model, rate, query.get("eot_timeout_ms"), raw=raw)

    def greet(self, session: str) -> Sequence[Frame]:
        """It is there."""
        self._request = f"request-{session}"
        return [self._told({"type": "Connected"})]

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What a message wants."""
        if isinstance(frame, bytes):
            self.hears(frame)
            return [AppendAudio(frame)]
        match read(frame).get("type"):
            case "ForceEndTurn":
                self._forced = True
                return [CommitAudio()]
            case "CloseStream":
                raise Hangup(1000, "")
            case other:
                raise refused(f"there is no message {other!r}")

    def begins(self, turn: Turn) -> Sequence[Frame]:
        """Somebody speaks."""
        return [self._turn("StartOfTurn", turn)]

    def goes_on(self, turn: Turn) -> Sequence[Frame]:
        """More was said."""
        return [self._turn("Update", turn)]

    def ends(self, turn: Turn) -> Sequence[Frame]:
        """The turn is over."""
        trigger, self._forced = "manual" if self._forced else "model", False
        return [self._turn("EndOfTurn", turn, trigger=trigger)]

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """An error, which ends it."""
        code = CODES.get(error.kind, "INTERNAL_SERVER_ERROR")
        told = self._told({"type": "Error", "code": code, "description": error.message})
        raise Hangup(BAD if error.kind in CODES else 1011, code, last=[told])

    def _turn(self, event: str, turn: Turn, **more: Any) -> str:
        told = {
            "event": event,
            "turn_index": turn.number,
            "audio_window_start": turn.start / 1_000,
            "audio_window_end": turn.end / 1_000,
            "transcript": turn.text,
            "words": [{"word": word, "confidence": 0.9} for word, _, _ in turn.words],
            "end_of_turn_confidence": 0.9 if event == "EndOfTurn" else 0.1,
        }
        return self._told({"type": "TurnInfo", **told, **more})

    def _told(self, message: dict[str, Any]) -> str:
        number, self._number = self._number, self._number + 1
        return written({"request_id": self._request, "sequence_id": number, **message})
