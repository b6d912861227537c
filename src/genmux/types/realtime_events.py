"""A live conversation as values: what we hear (events).

Events are stamped by the session; a codec fills in what the provider says.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from genmux.types.errors import ProviderError
from genmux.types.money import Cost
from genmux.types.realtime import SessionState
from genmux.types.usage import Usage


class RealtimeEvent(msgspec.Struct, kw_only=True, tag_field="type", omit_defaults=True):
    """Something happened in a session.

    `time` (seconds of the session's clock), `provider`, `model` and `session` (our id of it) are set by the session, never by a codec;
    `item_id` and `response_id` are the provider's, or made where it has none. `raw` is the provider's message, on request.
    """

    time: float = 0.0
    provider: str | None = None
    model: str | None = None
    session: str | None = None
    item_id: str | None = None
    response_id: str | None = None
    raw: Any = None


class SessionCreated(RealtimeEvent, tag="session_created"):
    """It is there; `provider_session` is the provider's id of it, `expires_at` in seconds since 1970."""

    provider_session: str | None = None
    expires_at: float | None = None


class SessionUpdated(RealtimeEvent, tag="session_updated"):
    """It was changed."""


class StateChanged(RealtimeEvent, tag="state_changed"):
    """The connection stands elsewhere. After a reconnect, `state_restored` tells whether the provider knows what was before."""

    state: SessionState = SessionState.DISCONNECTED
    state_restored: bool | None = None
    reason: str | None = None


class SpeechSuspected(RealtimeEvent, tag="speech_suspected"):
    """Somebody may be speaking since `audio_ms`: whoever plays sound holds it, until speech has started or is dismissed."""

    audio_ms: int | None = None


class SpeechDismissed(RealtimeEvent, tag="speech_dismissed"):
    """It was a noise, or no more than a word that shows attention: the sound that was held goes on."""

    audio_ms: int | None = None


class SpeechStarted(RealtimeEvent, tag="speech_started"):
    """Somebody speaks, since `audio_ms` milliseconds of what was sent."""

    audio_ms: int | None = None


class SpeechStopped(RealtimeEvent, tag="speech_stopped"):
    """Nobody speaks any more."""

    audio_ms: int | None = None


class InputCommitted(RealtimeEvent, tag="input_committed"):
    """What was said is a turn."""

    previous_item_id: str | None = None


class InputCleared(RealtimeEvent, tag="input_cleared"):
    """What was said is forgotten."""


class InputTimeout(RealtimeEvent, tag="input_timeout"):
    """Nobody said anything for long."""


class ItemAdded(RealtimeEvent, tag="item_added"):
    """Something is in the conversation. `call_id` and `name` are those of a tool call, or of its result."""

    role: str | None = None
    kind: str | None = None
    previous_item_id: str | None = None
    text: str | None = None
    call_id: str | None = None
    name: str | None = None


class ItemDone(RealtimeEvent, tag="item_done"):
    """Something in the conversation is complete."""

    role: str | None = None
    kind: str | None = None


class ItemDeleted(RealtimeEvent, tag="item_deleted"):
    """Something is out of the conversation."""


class ItemTruncated(RealtimeEvent, tag="item_truncated"):
    """Of what the model said, the rest counts as not said."""

    audio_ms: int = 0
    content_index: int = 0


class InputTranscriptDelta(RealtimeEvent, tag="input_transcript_delta"):
    """More of what the user said, in writing. With `interim`, it replaces the last interim one and may change."""

    text: str = ""
    interim: bool = False


class InputTranscriptDone(RealtimeEvent, tag="input_transcript_done"):
    """What the user said, in writing; `error` where that failed."""

    text: str = ""
    usage: Usage | None = None
    error: str | None = None


class ResponseStarted(RealtimeEvent, tag="response_started"):
    """The model begins to answer."""


class AudioChunk(RealtimeEvent, tag="audio_chunk"):
    """More of what the model says, in the session's output format."""

    data: bytes = b""
    content_index: int = 0


class PassedAudio(AudioChunk, tag="passed_audio"):
    """The same as the provider's `frame`, for a caller who speaks its dialect: `size` bytes, which nobody has read."""

    frame: str = ""
    size: int = 0


class AudioDone(RealtimeEvent, tag="audio_done"):
    """The sound of an item is complete."""

    content_index: int = 0


class OutputTextDelta(RealtimeEvent, tag="text_chunk"):
    """More of what the model writes."""

    text: str = ""
    content_index: int = 0


class TextDone(RealtimeEvent, tag="text_done"):
    """What the model wrote."""

    text: str = ""
    content_index: int = 0


class OutputTranscriptDelta(RealtimeEvent, tag="output_transcript_delta"):
    """More of what the model says, in writing."""

    text: str = ""
    content_index: int = 0


class OutputTranscriptDone(RealtimeEvent, tag="output_transcript_done"):
    """What the model said, in writing."""

    text: str = ""
    content_index: int = 0


class ToolCallDelta(RealtimeEvent, tag="tool_call_delta"):
    """More of the arguments of a tool call, as JSON text."""

    call_id: str = ""
    arguments: str = ""


class ToolCalled(RealtimeEvent, tag="tool_call"):
    """The model wants a tool; `arguments` is JSON text."""

    call_id: str = ""
    name: str = ""
    arguments: str = "{}"


class ToolCallsCancelled(RealtimeEvent, tag="tool_call_cancelled"):
    """The model does not want these results any more."""

    call_ids: tuple[str, ...] = ()


class Interrupted(RealtimeEvent, tag="interrupted"):
    """The model was interrupted: nothing more of its answer is to be played. `heard_ms` is what was heard of the item."""

    reason: str | None = None
    heard_ms: int | None = None


class GenerationComplete(RealtimeEvent, tag="generation_complete"):
    """The model has finished; its sound may still be playing."""


class Idle(RealtimeEvent, tag="idle"):
    """Nothing more will come until somebody says something."""


ResponseStatus = Literal["completed", "cancelled", "failed", "incomplete"]


class ResponseDone(RealtimeEvent, tag="response_done"):
    """An answer has ended. `filtered` says that a content policy cut it off; `cost` is set by the session.

    An empty `usage` is told with the next answer, and so is its cost; None is told by nobody.
    """

    status: ResponseStatus = "completed"
    reason: str | None = None
    filtered: bool = False
    usage: Usage | None = None
    cost: Cost | None = None


class UsageReported(RealtimeEvent, tag="usage"):
    """What was used so far beside answers, such as seconds of a session.

    Of a session that only listens, `cost` is what was heard since it was told last; it is set by the session.
    """

    usage: Usage = msgspec.field(default_factory=Usage)
    cost: Cost | None = None


class RateLimits(RealtimeEvent, tag="rate_limits"):
    """What is left: a table of `name`, `limit`, `remaining` and `reset_seconds` each."""

    limits: tuple[Mapping[str, Any], ...] = ()


class PlaybackChanged(RealtimeEvent, tag="playback"):
    """What the provider plays by itself (WebRTC, telephone): `started`, `stopped` or `cleared`."""

    what: Literal["started", "stopped", "cleared"] = "started"


class GoingAway(RealtimeEvent, tag="going_away"):
    """The provider will close the connection in so many seconds."""

    seconds: float | None = None


class ResumptionHandle(RealtimeEvent, tag="resumption_handle"):
    """With this a new connection can go on where this one ends."""

    handle: str | None = None
    resumable: bool = True


class BudgetSpent(RealtimeEvent, tag="budget_spent"):
    """The session has cost what it may, and is closed after this."""

    message: str = ""


class SessionFailed(RealtimeEvent, tag="error"):
    """Something went wrong. With `recoverable`, the session goes on; `command` is the id of what was sent, where that is told."""

    error: ProviderError | None = None
    recoverable: bool = True
    command: str | None = None


class SessionClosed(RealtimeEvent, tag="session_closed"):
    """It is over; nothing follows."""

    reason: str | None = None
    usage: Usage | None = None


class Unknown(RealtimeEvent, tag="unknown"):
    """The provider said what is in no table of ours; `name` is its word for it."""

    name: str = ""
