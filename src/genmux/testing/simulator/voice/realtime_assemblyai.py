"""AssemblyAI's live transcription (`/v3/ws`), in front of a scripted peer; from its documents (2026-11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from genmux.contract.sessions import Frame
from genmux.testing.simulator.voice.realtime_contexts import read, refused, written
from genmux.testing.simulator.voice.realtime_heard import BAD, Heard, Turn
from genmux.testing.simulator.voice.realtime_speech import Hangup, Opened
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.realtime import AppendAudio, Command, CommitAudio

SHORTEST, LONGEST = 50, 1_000
"""Milliseconds of sound that a message may hold; the last one may be shorter."""

WRONG_SIZE = 3007
EXPIRES = "2030-01-01T00:00:00Z"
WORDS = {
    ErrorKind.AUTHENTICATION: "Not authorized",
    ErrorKind.QUOTA_EXCEEDED: "account balance is negative",
    ErrorKind.RATE_LIMIT: "Too many concurrent sessions: rate limit exceeded",
}


class AssemblyAISpeech(Heard):
    """One connection. The text of a turn that is over comes twice where formatting is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._formats = False
        self._short = False

    def open(self, query: Mapping[str, str]) -> Opened:
        """The session begins at once; the address says how it listens."""
        self._formats = query.get("format_turns") == "true"
        raw = query.get("encoding", "pcm_s16le") == "pcm_s16le"
        model, rate = query.get("speech_model", ""), query.get("sample_rate", "16000")
        return self.opened(model, rate, query.get("min_turn_silence"), raw=raw)

    def greet(self, session: str) -> Sequence[Frame]:
        """It is there."""
        return [written({"type": "Begin", "id": f"session-{session}", "expires_at": EXPIRES})]

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What a message wants. Raises Hangup for too much or too little sound."""
        if isinstance(frame, bytes):
            ms = self.hears(frame)
            if self._short or ms > LONGEST:
                raise Hangup(WRONG_SIZE, f"Input Duration violation: a message holds {SHORTEST} to {LONGEST} ms")
            self._short = ms < SHORTEST
            return [AppendAudio(frame)]
        self._short = False
        match read(frame).get("type"):
            case "ForceEndpoint":
                return [CommitAudio()]
            case "Terminate":
                seconds = int(self.ms / 1_000)
                told = {"audio_duration_seconds": seconds, "session_duration_seconds": seconds}
                raise Hangup(1000, "", last=[written({"type": "Termination", **told})])
            case other:
                raise refused(f"there is no message {other!r}")

    def begins(self, turn: Turn) -> Sequence[Frame]:
        """Somebody speaks."""
        return [written({"type": "SpeechStarted", "timestamp": turn.start})]

    def goes_on(self, turn: Turn) -> Sequence[Frame]:
        """More was said."""
        return [_turn(turn)]

    def ends(self, turn: Turn) -> Sequence[Frame]:
        """The turn is over."""
        plain = _turn(turn, end_of_turn=True)
        return [plain, _turn(turn, end_of_turn=True, turn_is_formatted=True)] if self._formats else [plain]

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """An error, which ends it."""
        words = WORDS.get(error.kind, error.message)
        told = written({"type": "Error", "error_code": BAD, "error": words})
        raise Hangup(BAD if error.kind in WORDS else 1011, words, last=[told])


def _turn(turn: Turn, *, end_of_turn: bool = False, turn_is_formatted: bool = False) -> str:
    told: dict[str, Any] = {
        "type": "Turn",
        "turn_order": turn.number,
        "turn_is_formatted": turn_is_formatted,
        "end_of_turn": end_of_turn,
        "transcript": turn.text,
        "end_of_turn_confidence": 0.9 if end_of_turn else 0.1,
        "words": [
            {"text": word, "start": start, "end": end, "confidence": 0.9, "word_is_final": end_of_turn}
            for word, start, end in turn.words
        ],
    }
    return written(told)
