"""What a provider says about the session and about what the user says."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.error_map import stream_error
from genmux.dialects.openai_realtime.memory import Memory
from genmux.dialects.openai_realtime.usage import read_usage
from genmux.types.realtime_events import (
    AudioChunk,
    InputCleared,
    InputCommitted,
    InputTimeout,
    InputTranscriptDelta,
    InputTranscriptDone,
    OutputTranscriptDelta,
    PlaybackChanged,
    RateLimits,
    RealtimeEvent,
    SessionClosed,
    SessionCreated,
    SessionFailed,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
)


class Heard(msgspec.Struct, kw_only=True):
    """A message of a provider; one that means nothing to a session has no events."""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return ()


class SessionFacts(msgspec.Struct):
    """Of a session's object, what a session of ours must know."""

    id: str | None = None
    expires_at: float | None = None


class Created(Heard, tag="session.created"):
    """The session is there."""

    session: SessionFacts = msgspec.field(default_factory=SessionFacts)

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (SessionCreated(provider_session=self.session.id, expires_at=self.session.expires_at or None),)


class Updated(Heard, tag="session.updated"):
    """The session was changed."""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (SessionUpdated(),)


class Closed(Heard, tag="session.closed"):
    """The session is over (translation)."""

    reason: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (SessionClosed(reason=self.reason),)


class Failure(Heard, tag="error"):
    """Something went wrong; the session goes on unless the connection is closed (rule D8)."""

    error: Any = None
    event_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says. `event_id` inside of the error is that of our message, beside it that of this one."""
        error = self.error if isinstance(self.error, dict) else {"message": str(self.error or "")}
        memory.expired = memory.expired or error.get("code") == "session_expired"
        command = error.get("event_id")
        failure = stream_error({"error": error})
        return (SessionFailed(error=failure, command=command if isinstance(command, str) else None),)


class Speaking(Heard, tag="input_audio_buffer.speech_started"):
    """Somebody speaks."""

    audio_start_ms: int | None = None
    item_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (SpeechStarted(item_id=self.item_id, audio_ms=self.audio_start_ms),)


class Silent(Heard, tag="input_audio_buffer.speech_stopped"):
    """Nobody speaks any more."""

    audio_end_ms: int | None = None
    item_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (SpeechStopped(item_id=self.item_id, audio_ms=self.audio_end_ms),)


class Committed(Heard, tag="input_audio_buffer.committed"):
    """What was said is a turn."""

    item_id: str | None = None
    previous_item_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (InputCommitted(item_id=self.item_id, previous_item_id=self.previous_item_id),)


class Cleared(Heard, tag="input_audio_buffer.cleared"):
    """What was said is forgotten."""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (InputCleared(),)


class TimedOut(Heard, tag="input_audio_buffer.timeout_triggered"):
    """Nobody said anything for long."""

    item_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (InputTimeout(item_id=self.item_id),)


class Writing(Heard, tag="conversation.item.input_audio_transcription.delta"):
    """More of what the user said."""

    item_id: str | None = None
    delta: str | None = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (InputTranscriptDelta(item_id=self.item_id, text=self.delta or ""),)


class Rewriting(Heard, tag="conversation.item.input_audio_transcription.updated"):
    """What the user said so far, anew (xAI)."""

    item_id: str | None = None
    transcript: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (InputTranscriptDelta(item_id=self.item_id, text=self.transcript, interim=True),)


class Written(Heard, tag="conversation.item.input_audio_transcription.completed"):
    """What the user said. xAI sends it several times, and `in_progress` is not the last."""

    item_id: str | None = None
    transcript: str = ""
    status: str | None = None
    usage: Any = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        if self.status == "in_progress":
            return (InputTranscriptDelta(item_id=self.item_id, text=self.transcript, interim=True),)
        return (InputTranscriptDone(item_id=self.item_id, text=self.transcript, usage=read_usage(self.usage)),)


class Unwritten(Heard, tag="conversation.item.input_audio_transcription.failed"):
    """What the user said could not be written down."""

    item_id: str | None = None
    error: dict[str, Any] = msgspec.field(default_factory=dict)

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        told = self.error.get("message") or self.error.get("code") or "the transcription failed"
        return (InputTranscriptDone(item_id=self.item_id, error=str(told)),)


class Limits(Heard, tag="rate_limits.updated"):
    """What is left."""

    rate_limits: list[dict[str, Any]] = msgspec.field(default_factory=list)

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (RateLimits(limits=tuple(self.rate_limits)),)


class Playing(Heard, tag="output_audio_buffer.started"):
    """The provider plays."""

    response_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (PlaybackChanged(response_id=self.response_id, what="started"),)


class Played(Heard, tag="output_audio_buffer.stopped"):
    """The provider has played all."""

    response_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (PlaybackChanged(response_id=self.response_id, what="stopped"),)


class Unplayed(Heard, tag="output_audio_buffer.cleared"):
    """The provider plays no more."""

    response_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (PlaybackChanged(response_id=self.response_id, what="cleared"),)


class ConversationCreated(Heard, tag="conversation.created"):
    """There is a conversation; there always is."""


class Ping(Heard, tag="ping"):
    """xAI asks whether somebody is there; the socket's own pings answer that."""


class TranslatedInput(Heard, tag="session.input_transcript.delta"):
    """More of what the user says (translation)."""

    delta: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (InputTranscriptDelta(text=self.delta),)


class TranslatedAudio(Heard, tag="session.output_audio.delta"):
    """More of the translation."""

    delta: bytes = b""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (AudioChunk(data=self.delta),)


class TranslatedText(Heard, tag="session.output_transcript.delta"):
    """More of the translation in writing."""

    delta: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (OutputTranscriptDelta(text=self.delta),)


SessionMessage = (
    Created
    | Updated
    | Closed
    | Failure
    | Speaking
    | Silent
    | Committed
    | Cleared
    | TimedOut
    | Writing
    | Rewriting
    | Written
    | Unwritten
    | Limits
    | Playing
    | Played
    | Unplayed
    | ConversationCreated
    | Ping
    | TranslatedInput
    | TranslatedAudio
    | TranslatedText
)
"""All of these."""
