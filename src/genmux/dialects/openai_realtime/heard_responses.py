"""What a provider says about its answers."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.error_map import stream_error
from genmux.dialects.openai_realtime.heard_session import Heard
from genmux.dialects.openai_realtime.memory import Memory
from genmux.dialects.openai_realtime.usage import read_usage
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    ResponseStatus,
    SessionFailed,
    TextDone,
    ToolCallDelta,
    ToolCalled,
)

STATUSES: dict[str | None, ResponseStatus] = {
    "completed": "completed",
    "cancelled": "cancelled",
    "incomplete": "incomplete",
    "failed": "failed",
}


class Response(msgspec.Struct, kw_only=True):
    """An answer."""

    id: str | None = None
    status: str | None = None
    status_details: Any = None
    usage: Any = None
    conversation_id: str | msgspec.UnsetType | None = msgspec.UNSET


def _table(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


class Started(Heard, tag="response.created"):
    """The model begins to answer."""

    response: Response

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        if self.response.conversation_id is None and self.response.id:
            memory.loose.add(self.response.id)
        return (ResponseStarted(response_id=self.response.id),)


class Ended(Heard, tag="response.done"):
    """An answer has ended. xAI tells the usage beside it."""

    response: Response
    usage: Any = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        told = self.response
        memory.forget(told.id)
        details = _table(told.status_details)
        error = _table(details.get("error"))
        reason = details.get("reason") or error.get("code") or error.get("type")
        if error.get("message"):
            yield SessionFailed(error=stream_error({"error": error}), response_id=told.id)
        yield ResponseDone(
            response_id=told.id,
            status=STATUSES.get(told.status, "failed"),
            reason=reason if isinstance(reason, str) else None,
            filtered=reason == "content_filter",
            usage=read_usage(told.usage) or read_usage(self.usage),
        )


class Spoken(Heard, kw_only=True, gc=False):
    """A message about a part of an item."""

    response_id: str | None = None
    item_id: str | None = None
    content_index: int = 0


class AudioDelta(Spoken, tag="response.output_audio.delta", gc=False):
    """More of what the model says. Base64 is read in the same pass."""

    delta: bytes = b""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (
            AudioChunk(
                item_id=self.item_id, response_id=self.response_id, data=self.delta, content_index=self.content_index
            ),
        )


class AudioEnd(Spoken, tag="response.output_audio.done"):
    """The sound of an item is complete."""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (AudioDone(item_id=self.item_id, response_id=self.response_id, content_index=self.content_index),)


class TextDelta(Spoken, tag="response.output_text.delta"):
    """More of what the model writes."""

    delta: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (
            OutputTextDelta(
                item_id=self.item_id, response_id=self.response_id, text=self.delta, content_index=self.content_index
            ),
        )


class TextEnd(Spoken, tag="response.output_text.done"):
    """What the model wrote."""

    text: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (
            TextDone(
                item_id=self.item_id, response_id=self.response_id, text=self.text, content_index=self.content_index
            ),
        )


class TranscriptDelta(Spoken, tag="response.output_audio_transcript.delta"):
    """More of what the model says, in writing."""

    delta: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (
            OutputTranscriptDelta(
                item_id=self.item_id, response_id=self.response_id, text=self.delta, content_index=self.content_index
            ),
        )


class TranscriptEnd(Spoken, tag="response.output_audio_transcript.done"):
    """What the model said, in writing."""

    transcript: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        text = self.transcript
        return (
            OutputTranscriptDone(
                item_id=self.item_id, response_id=self.response_id, text=text, content_index=self.content_index
            ),
        )


class CallDelta(Spoken, tag="response.function_call_arguments.delta"):
    """More of the arguments of a tool call."""

    call_id: str = ""
    delta: str = ""

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (
            ToolCallDelta(
                item_id=self.item_id, response_id=self.response_id, call_id=self.call_id, arguments=self.delta
            ),
        )


class CallEnd(Spoken, tag="response.function_call_arguments.done"):
    """A tool call. It comes for one that was interrupted, too: whether it counts is told by the answer's end."""

    call_id: str = ""
    name: str | None = None
    arguments: str = "{}"

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says. Before, the name stood only in the item."""
        name = self.name or memory.tools.get(self.call_id, "")
        memory.tools.pop(self.call_id, None)
        return (
            ToolCalled(
                item_id=self.item_id,
                response_id=self.response_id,
                call_id=self.call_id,
                name=name,
                arguments=self.arguments,
            ),
        )


class PartAdded(Heard, tag="response.content_part.added"):
    """A part begins; its first delta says so, too."""


class PartDone(Heard, tag="response.content_part.done"):
    """A part is complete; that of its sound or text was told before."""


class BetaAudioDelta(AudioDelta, tag="response.audio.delta", gc=False):
    """The same before."""


class BetaAudioEnd(AudioEnd, tag="response.audio.done"):
    """The same before."""


class BetaTextDelta(TextDelta, tag="response.text.delta"):
    """The same before."""


class BetaTextEnd(TextEnd, tag="response.text.done"):
    """The same before."""


class BetaTranscriptDelta(TranscriptDelta, tag="response.audio_transcript.delta"):
    """The same before."""


class BetaTranscriptEnd(TranscriptEnd, tag="response.audio_transcript.done"):
    """The same before."""


AnswerMessage = (
    AudioDelta
    | BetaAudioDelta
    | Started
    | Ended
    | AudioEnd
    | TextDelta
    | TextEnd
    | TranscriptDelta
    | TranscriptEnd
    | CallDelta
    | CallEnd
    | PartAdded
    | PartDone
    | BetaAudioEnd
    | BetaTextDelta
    | BetaTextEnd
    | BetaTranscriptDelta
    | BetaTranscriptEnd
)
"""All of these."""
