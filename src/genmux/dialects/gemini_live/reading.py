"""Frames of a provider, read."""

from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.error_map import stream_error
from genmux.dialects.gemini_live.hearing import Hearing
from genmux.dialects.gemini_live.outcomes import is_filtered
from genmux.dialects.gemini_live.schema import ModelTurn, ServerContent, ServerMessage, ToolCall, seconds
from genmux.dialects.gemini_live.turns import Turns
from genmux.dialects.gemini_live.usage import read_usage
from genmux.types.realtime_events import (
    GoingAway,
    Idle,
    RealtimeEvent,
    ResponseStarted,
    ResumptionHandle,
    SessionCreated,
    SessionFailed,
    ToolCallsCancelled,
    Unknown,
    UsageReported,
)
from genmux.types.usage import Usage

_DECODE = msgspec.json.Decoder(ServerMessage).decode
_NOTHING = ServerMessage()
_LONGEST_NAME = 100
_IDLE = "IDLE"


class Listening:
    """Reads what a provider says, message by message.

    `spoken` says that the user's voice has been sent since the last answer, `typed` that something in writing has. `handle` is
    the newest with which a new connection goes on, `leaving` says that this one will end. `tools` maps a call to its tool.
    """

    def __init__(self, mark: str) -> None:
        self.turns = Turns(mark)
        self.hearing = Hearing(mark)
        self.spoken = False
        self.typed = False
        self.handle: str | None = None
        self.leaving = False
        self.tools: dict[str, str] = {}

    def read(self, frame: str | bytes) -> Iterator[RealtimeEvent]:
        """What a frame says; one that is not understood is `Unknown`."""
        try:
            message = _DECODE(frame)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            yield Unknown(name=_name(frame))
            return
        for event in self._events(message):
            if isinstance(event, ResponseStarted):  # what was heard before an answer is complete before it
                yield from self.hearing.answered(self.turns.number, spoken=self.spoken and not self.typed)
                self.spoken = self.typed = False
            yield event
        if message == _NOTHING:
            yield Unknown(name=_name(frame))

    def _events(self, message: ServerMessage) -> Iterator[RealtimeEvent]:
        content = message.server_content
        if content is not None:
            yield from self._content(content, message.usage_metadata)
        elif message.usage_metadata is not None:
            yield from self._used(message.usage_metadata)
        if message.tool_call is not None:
            yield from self._calls(message.tool_call)
        if content is None:
            yield from self._session(message)

    def _content(self, content: ServerContent, usage: Any) -> Iterator[RealtimeEvent]:
        turns, hearing = self.turns, self.hearing
        if content.interim_input_transcription is not None:
            yield from hearing.interim(content.interim_input_transcription, turns.number)
        if content.input_transcription is not None:
            turns.prompted = turns.prompted or bool(content.input_transcription.text)
            yield from hearing.words(content.input_transcription, turns.number)
        if content.output_transcription is not None and content.output_transcription.text:
            yield from turns.transcript(content.output_transcription.text)
        if content.model_turn is not None:
            yield from self._model(content.model_turn)
        yield from self._signs(content)
        if content.turn_complete:
            told = read_usage(usage)
            if turns.answering or is_filtered(content.turn_complete_reason):
                yield from turns.end(content.turn_complete_reason, told)
            else:
                turns.owe(told)
        elif usage is not None:
            yield from self._used(usage)

    def _model(self, turn: ModelTurn) -> Iterator[RealtimeEvent]:
        for part in turn.parts:
            blob = part.inline_data
            if blob is not None and blob.data and (blob.mime_type or "").startswith("audio/"):
                yield from self.turns.audio(blob.data)
            elif part.text and not part.thought:
                yield from self.turns.text(part.text)

    def _signs(self, content: ServerContent) -> Iterator[RealtimeEvent]:
        if content.interrupted:
            yield self.turns.interrupt()
        if content.generation_complete:
            yield self.turns.generated()
        if content.waiting_for_input or content.interaction_status == _IDLE:
            yield Idle()

    def _calls(self, told: ToolCall) -> Iterator[RealtimeEvent]:
        """Tools that are wanted end an answer: what comes after their results is a new one."""
        for call in told.function_calls:
            self.tools[call.id] = call.name
            yield from self.turns.call(call.id, call.name, bytes(call.args).decode())
        if told.function_calls:
            yield from self.turns.end(None, Usage())  # what it used is told later, if at all

    def _session(self, message: ServerMessage) -> Iterator[RealtimeEvent]:
        if (ready := message.setup_complete) is not None:
            yield SessionCreated(provider_session=ready.session_id)
        if (cancelled := message.tool_call_cancellation) is not None:
            yield ToolCallsCancelled(call_ids=tuple(cancelled.ids))
        if (leave := message.go_away) is not None:
            self.leaving = True
            yield GoingAway(seconds=seconds(leave.time_left))
        if (update := message.session_resumption_update) is not None:
            resumable = update.resumable is not False and bool(update.new_handle)
            self.handle = update.new_handle if resumable else self.handle
            yield ResumptionHandle(handle=update.new_handle, resumable=resumable)
        if (activity := message.voice_activity) is not None:
            yield from self.hearing.activity(activity.voice_activity_type, activity.audio_offset, self.turns.number)
        elif (signal := message.voice_activity_detection_signal) is not None:
            yield from self.hearing.activity(signal.vad_signal_type, None, self.turns.number)
        if message.error is not None:
            yield SessionFailed(error=stream_error({"error": message.error}))

    def _used(self, told: Any) -> Iterator[RealtimeEvent]:
        if (usage := read_usage(told)) is not None:
            yield UsageReported(usage=usage)


def _name(frame: str | bytes) -> str:
    """The provider's words for a message that was not understood: its keys."""
    try:
        told: Any = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "not JSON"
    return "+".join(told)[:_LONGEST_NAME] or "nothing" if isinstance(told, dict) else "no table"
