"""What a Live API says, as it says it (google-genai 3.6.1, `LiveServerMessage`; recorded sessions; read 2026-11-27).

One message may say several things. Fields that mean nothing to a session, such as grounding, are passed over.
"""

from typing import Any

import msgspec

NAME = "gemini_live"


class Words(msgspec.Struct):
    """Something in writing. `finished` says that nothing more of it comes; not all hosts say so."""

    text: str | None = None
    finished: bool | None = None


class Blob(msgspec.Struct, rename="camel"):
    """Bytes of a kind. Base64 is read in the same pass."""

    data: bytes = b""
    mime_type: str | None = None


class Part(msgspec.Struct, rename="camel"):
    """A part of what the model says; thoughts are not for people."""

    text: str | None = None
    thought: bool | None = None
    inline_data: Blob | None = None


class ModelTurn(msgspec.Struct):
    """More of what the model says."""

    parts: list[Part] = msgspec.field(default_factory=list)


class ServerContent(msgspec.Struct, rename="camel"):
    """What happens in the conversation."""

    model_turn: ModelTurn | None = None
    turn_complete: bool | None = None
    turn_complete_reason: str | None = None
    interrupted: bool | None = None
    generation_complete: bool | None = None
    input_transcription: Words | None = None
    interim_input_transcription: Words | None = None
    output_transcription: Words | None = None
    waiting_for_input: bool | None = None
    interaction_status: str | None = None


class SetupComplete(msgspec.Struct, rename="camel"):
    """The session is there."""

    session_id: str | None = None


class FunctionCall(msgspec.Struct):
    """A tool that the model wants."""

    id: str = ""
    name: str = ""
    args: msgspec.Raw = msgspec.Raw(b"{}")


class ToolCall(msgspec.Struct, rename="camel"):
    """Tools that the model wants."""

    function_calls: list[FunctionCall] = msgspec.field(default_factory=list)


class ToolCallCancellation(msgspec.Struct):
    """Tools that the model does not want any more."""

    ids: list[str] = msgspec.field(default_factory=list)


class GoAway(msgspec.Struct, rename="camel"):
    """The connection will end; `50s`."""

    time_left: str | None = None


class ResumptionUpdate(msgspec.Struct, rename="camel"):
    """With the newest handle a new connection goes on."""

    new_handle: str | None = None
    resumable: bool | None = None


class VoiceActivity(msgspec.Struct, rename="camel"):
    """Somebody begins or ends to speak."""

    voice_activity_type: str | None = None
    audio_offset: str | None = None


class VoiceSignal(msgspec.Struct, rename="camel"):
    """The same, as it was told before."""

    vad_signal_type: str | None = None


class ServerMessage(msgspec.Struct, rename="camel"):
    """One message."""

    setup_complete: SetupComplete | None = None
    server_content: ServerContent | None = None
    tool_call: ToolCall | None = None
    tool_call_cancellation: ToolCallCancellation | None = None
    usage_metadata: Any = None
    go_away: GoAway | None = None
    session_resumption_update: ResumptionUpdate | None = None
    voice_activity: VoiceActivity | None = None
    voice_activity_detection_signal: VoiceSignal | None = None
    error: Any = None


def seconds(told: str | None) -> float | None:
    """A span as JSON has it in Google's interfaces: `1.5s`."""
    if told is None or not told.endswith("s"):
        return None
    try:
        return float(told[:-1])
    except ValueError:
        return None
