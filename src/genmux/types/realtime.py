"""A live conversation as values: what is set up, what we say (commands), what we hear (events).

The words are those of `docs/explanation/sessions.md`; which provider calls what how is told there, too.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool
from genmux.types.errors import ProviderError
from genmux.types.money import Cost
from genmux.types.usage import Usage

Modality = Literal["audio", "text"]
Role = Literal["user", "assistant", "system"]


class SessionState(StrEnum):
    """Where the connection of a session stands."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    ERROR = "error"
    CLOSED = "closed"


class TurnDetection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who finds out when somebody has finished speaking, and how.

    `server` listens for silence, `semantic` for sense, `client` is told by commits, `local` listens here (a cascade).
    `silence_ms` of silence end a turn; `prefix_ms` before speech are kept; `threshold` is between 0 and 1. `eagerness` is
    for `semantic`. Whether an answer is begun, and whether it is interrupted, of itself.
    """

    kind: Literal["server", "semantic", "client", "local"] = "server"
    threshold: float | None = None
    prefix_ms: int | None = None
    silence_ms: int | None = None
    eagerness: Literal["low", "medium", "high", "auto"] | None = None
    idle_ms: int | None = None
    answers: bool = True
    interrupts: bool = True


class Transcribing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether and how what the user says is written down, too."""

    model: str | None = None
    language: str | None = None
    prompt: str | None = None


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a session is to be. What is None is left to the provider.

    `input` and `output` are how sound goes in and comes out; a session converts to what its model takes. `params` are the
    provider's own settings by name.
    """

    instructions: str | None = None
    modalities: tuple[Modality, ...] = ("audio",)
    voice: str | None = None
    language: str | None = None
    speed: float | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    input: AudioFormat = AudioFormat()
    output: AudioFormat = AudioFormat()
    turns: TurnDetection | None = None
    transcription: Transcribing | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: Any = None
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)


class RealtimeTurn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a session as something that costs: `seconds` of sound that the model may hear and make in it."""

    model: str
    seconds: float
    user: str | None = None


# ---------------------------------------------------------------- what we say
class AppendAudio(msgspec.Struct, frozen=True, tag="append_audio", gc=False):
    """More of what the user says, in the session's input format."""

    data: bytes


class CommitAudio(msgspec.Struct, frozen=True, tag="commit_audio"):
    """The user has finished: what was said is a turn."""


class ClearAudio(msgspec.Struct, frozen=True, tag="clear_audio"):
    """Forget what was said since the last commit."""


class StartActivity(msgspec.Struct, frozen=True, tag="start_activity"):
    """The user begins to speak, where the client finds that out."""


class SendText(msgspec.Struct, frozen=True, tag="send_text", omit_defaults=True):
    """A message in writing; `answer` says whether it is answered at once."""

    text: str
    role: Role = "user"
    answer: bool = True
    item_id: str | None = None


class SendImage(msgspec.Struct, frozen=True, tag="send_image"):
    """A picture, such as a frame of a video."""

    data: bytes
    media_type: str = "image/jpeg"


class SendToolResult(msgspec.Struct, frozen=True, tag="tool_result", omit_defaults=True):
    """What a tool gave. `answer` says whether the model goes on with it at once."""

    call_id: str
    name: str
    output: str
    answer: bool = True


class CreateResponse(msgspec.Struct, frozen=True, tag="create_response", omit_defaults=True):
    """Let the model answer now."""

    instructions: str | None = None
    modalities: tuple[Modality, ...] | None = None
    metadata: Mapping[str, str] | None = None
    extra: Mapping[str, Any] | None = None


class CancelResponse(msgspec.Struct, frozen=True, tag="cancel_response", omit_defaults=True):
    """Let the model stop."""

    response_id: str | None = None


class TruncateItem(msgspec.Struct, frozen=True, tag="truncate_item", omit_defaults=True):
    """Of what the model said, only the first `audio_ms` milliseconds were heard."""

    item_id: str
    audio_ms: int
    content_index: int = 0


class DeleteItem(msgspec.Struct, frozen=True, tag="delete_item"):
    """Take something out of the conversation."""

    item_id: str


class UpdateSession(msgspec.Struct, frozen=True, tag="update_session"):
    """Change what can be changed. `changed` names the fields of `config` that are meant."""

    config: SessionConfig
    changed: tuple[str, ...]


class CloseSession(msgspec.Struct, frozen=True, tag="close_session", omit_defaults=True):
    """Say goodbye."""

    reason: str | None = None


Command = (
    AppendAudio
    | CommitAudio
    | ClearAudio
    | StartActivity
    | SendText
    | SendImage
    | SendToolResult
    | CreateResponse
    | CancelResponse
    | TruncateItem
    | DeleteItem
    | UpdateSession
    | CloseSession
)


# ---------------------------------------------------------------- what we hear
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


class TextChunk(RealtimeEvent, tag="text_chunk"):
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
    """An answer has ended. `filtered` says that a content policy cut it off; `cost` is set by the session."""

    status: ResponseStatus = "completed"
    reason: str | None = None
    filtered: bool = False
    usage: Usage | None = None
    cost: Cost | None = None


class UsageReported(RealtimeEvent, tag="usage"):
    """What was used so far beside answers, such as seconds of a session."""

    usage: Usage = msgspec.field(default_factory=Usage)


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
