"""A live conversation as values: what is set up, and what we say (commands). What we hear is in `realtime_events`.

The words are those of `docs/explanation/sessions.md`; which provider calls what how is told there, too.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool

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
    for `semantic`; a cascade begins answers before a turn is over with `high`, with `auto` or None where they cost nothing.
    Whether an answer is begun, and whether it is interrupted, of itself.
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
    provider's own settings by name. `extra` are settings that genmux has no word for: they belong to `dialect`, and are left
    out, with a warning, where another one is spoken.
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
    extra: Mapping[str, Any] = msgspec.field(default_factory=dict)
    dialect: str | None = None


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
