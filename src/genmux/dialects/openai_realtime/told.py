"""Which frames each of our events is."""

from collections.abc import Callable, Iterator
from typing import Any

from genmux.contract.beside import spent
from genmux.contract.openai_errors import error_document
from genmux.dialects.openai_realtime.shapes import Fields, Shown
from genmux.dialects.openai_realtime.usage import write_transcript_usage, write_usage
from genmux.dialects.openai_realtime.writing import Writing
from genmux.types import realtime_events as events
from genmux.types.errors import ErrorKind, ProviderError

FILTERED = "content_filter"


def error_frame(error: ProviderError, writing: Writing, command: str | None) -> Iterator[str]:
    """An error; `command` is the id of the caller's message that it is about."""
    return writing.frame("error", error={**error_document(error)["error"], "event_id": command})


def _updated(event: events.SessionUpdated, writing: Writing) -> Iterator[str]:
    """Only what the caller asked for is confirmed."""
    del event
    if writing.accepting.updates:
        writing.accepting.updates -= 1
        yield from writing.session_frame("session.updated")


def _speech_started(event: events.SpeechStarted, writing: Writing) -> Iterator[str]:
    writing.speaking = True
    return writing.frame(
        "input_audio_buffer.speech_started", audio_start_ms=event.audio_ms or 0, item_id=event.item_id or ""
    )


def _speech_stopped(event: events.SpeechStopped, writing: Writing) -> Iterator[str]:
    return writing.frame(
        "input_audio_buffer.speech_stopped", audio_end_ms=event.audio_ms or 0, item_id=event.item_id or ""
    )


def _committed(event: events.InputCommitted, writing: Writing) -> Iterator[str]:
    previous = event.previous_item_id or writing.accepting.last_item
    previous = None if previous == event.item_id else previous
    return writing.frame("input_audio_buffer.committed", previous_item_id=previous, item_id=event.item_id or "")


def _cleared(event: events.InputCleared, writing: Writing) -> Iterator[str]:
    del event
    return writing.frame("input_audio_buffer.cleared")


def _timeout(event: events.InputTimeout, writing: Writing) -> Iterator[str]:
    return writing.frame(
        "input_audio_buffer.timeout_triggered", audio_start_ms=0, audio_end_ms=0, item_id=event.item_id or ""
    )


def _item_added(event: events.ItemAdded, writing: Writing) -> Iterator[str]:
    if event.call_id and event.name and event.kind == "function_call":
        writing.accepting.calls.names[event.call_id] = event.name
    return writing.add(
        Shown(
            id=event.item_id or "",
            kind=event.kind or "message",
            role=event.role,
            text=event.text,
            response_id=event.response_id,
            call_id=event.call_id,
            name=event.name,
            previous=event.previous_item_id,
        )
    )


def _item_done(event: events.ItemDone, writing: Writing) -> Iterator[str]:
    if (item := writing.items.get(event.item_id or "")) is not None:
        yield from writing.finish(item)


def _item_deleted(event: events.ItemDeleted, writing: Writing) -> Iterator[str]:
    return writing.frame("conversation.item.deleted", item_id=event.item_id or "")


def _item_truncated(event: events.ItemTruncated, writing: Writing) -> Iterator[str]:
    return writing.frame(
        "conversation.item.truncated",
        item_id=event.item_id or "",
        content_index=event.content_index,
        audio_end_ms=event.audio_ms,
    )


def _input_delta(event: events.InputTranscriptDelta, writing: Writing) -> Iterator[str]:
    """What may still change has no word here: what is told adds up."""
    if not event.interim:
        yield from writing.frame(
            "conversation.item.input_audio_transcription.delta",
            item_id=event.item_id or "",
            content_index=0,
            delta=event.text,
        )


def _input_done(event: events.InputTranscriptDone, writing: Writing) -> Iterator[str]:
    place: Fields = {"item_id": event.item_id or "", "content_index": 0}
    if event.error is not None:
        error = {"type": "transcription_error", "code": None, "message": event.error, "param": None}
        return writing.frame("conversation.item.input_audio_transcription.failed", **place, error=error)
    usage = write_transcript_usage(event.usage)
    return writing.frame(
        "conversation.item.input_audio_transcription.completed", **place, transcript=event.text, usage=usage
    )


def _response_started(event: events.ResponseStarted, writing: Writing) -> Iterator[str]:
    return writing.start(event.response_id or "")


def _response_done(event: events.ResponseDone, writing: Writing) -> Iterator[str]:
    reason = FILTERED if event.filtered else event.reason
    details: Fields | None = None
    if event.status == "failed":
        details = {"type": "failed", "error": {"type": "server_error", "code": reason}}
    elif event.status != "completed":
        details = {"type": event.status, "reason": reason}
    usage, about = write_usage(event.usage), spent(event.usage, event.cost)
    return writing.end(event.response_id or "", event.status, details=details, usage=usage, about=about)


def _interrupted(event: events.Interrupted, writing: Writing) -> Iterator[str]:
    """Callers stop to play when somebody speaks; where the provider does not say that, it is said here."""
    if not writing.speaking:
        writing.speaking = True
        item_id = f"{event.item_id or 'item'}_interruption"
        yield from writing.frame("input_audio_buffer.speech_started", audio_start_ms=0, item_id=item_id)


def _audio(event: events.AudioChunk, writing: Writing) -> Iterator[str]:
    item_id, index = event.item_id or "", event.content_index
    item = writing.items.get(item_id)
    if item is None or index not in item.parts:
        yield from writing.open_part(item_id, event.response_id or "", index, "audio")
        item = writing.items[item_id]
        if (part := item.parts.get(index)) is not None:
            part.heard = True
    yield writing.sound(item, index, event.data)


def _audio_done(event: events.AudioDone, writing: Writing) -> Iterator[str]:
    yield from _opened(event, writing, "audio")
    item = writing.items[event.item_id or ""]
    if (part := item.parts.get(event.content_index)) is not None:
        part.audio_done = True
    yield from writing.frame("response.output_audio.done", **writing.place(item, event.content_index))


def _words(kind: str, name: str) -> Callable[[Any, Writing], Iterator[str]]:
    def write(event: Any, writing: Writing) -> Iterator[str]:
        yield from _opened(event, writing, kind)
        item = writing.items[event.item_id or ""]
        if (part := item.parts.get(event.content_index)) is not None:
            part.words += event.text
        yield from writing.frame(name, **writing.place(item, event.content_index), delta=event.text)

    return write


def _words_done(kind: str, name: str, key: str) -> Callable[[Any, Writing], Iterator[str]]:
    def write(event: Any, writing: Writing) -> Iterator[str]:
        yield from _opened(event, writing, kind)
        item = writing.items[event.item_id or ""]
        if (part := item.parts.get(event.content_index)) is not None:
            part.words, part.words_done = event.text, True
        yield from writing.frame(name, **writing.place(item, event.content_index), **{key: event.text})

    return write


def _opened(event: Any, writing: Writing, kind: str) -> Iterator[str]:
    return writing.open_part(event.item_id or "", event.response_id or "", event.content_index, kind)


def _call_delta(event: events.ToolCallDelta, writing: Writing) -> Iterator[str]:
    item_id = event.item_id or ""
    yield from writing.add(
        Shown(id=item_id, kind="function_call", response_id=event.response_id, call_id=event.call_id)
    )
    item = writing.items[item_id]
    item.call_id, item.arguments = event.call_id, item.arguments + event.arguments
    place = writing.place(item, 0)
    del place["content_index"]
    yield from writing.frame(
        "response.function_call_arguments.delta", **place, call_id=event.call_id, delta=event.arguments
    )


def _called(event: events.ToolCalled, writing: Writing) -> Iterator[str]:
    """Some callers only add up what comes in pieces: what came at once is one piece."""
    item_id = event.item_id or ""
    writing.accepting.calls.names[event.call_id] = event.name
    yield from writing.add(
        Shown(
            id=item_id,
            kind="function_call",
            response_id=event.response_id,
            call_id=event.call_id,
            name=event.name,
        )
    )
    item = writing.items[item_id]
    if not item.arguments and event.arguments:
        whole = events.ToolCallDelta(
            item_id=item_id, response_id=event.response_id, call_id=event.call_id, arguments=event.arguments
        )
        yield from _call_delta(whole, writing)
    item.call_id, item.name, item.arguments = event.call_id, event.name, event.arguments
    place = writing.place(item, 0)
    del place["content_index"]
    yield from writing.frame(
        "response.function_call_arguments.done",
        **place,
        call_id=event.call_id,
        name=event.name,
        arguments=event.arguments,
    )


def _limits(event: events.RateLimits, writing: Writing) -> Iterator[str]:
    return writing.frame("rate_limits.updated", rate_limits=list(event.limits))


def _playback(event: events.PlaybackChanged, writing: Writing) -> Iterator[str]:
    return writing.frame(f"output_audio_buffer.{event.what}", response_id=event.response_id or "")


def _failed(event: events.SessionFailed, writing: Writing) -> Iterator[str]:
    error = event.error or ProviderError("something went wrong, and nobody said what", kind=ErrorKind.UNKNOWN)
    return error_frame(error, writing, event.command)


def _spent(event: events.BudgetSpent, writing: Writing) -> Iterator[str]:
    return error_frame(ProviderError(event.message, kind=ErrorKind.BUDGET_EXCEEDED), writing, None)


_TRANSCRIPT = "response.output_audio_transcript"
TOLD: dict[type[events.RealtimeEvent], Callable[[Any, Writing], Iterator[str]]] = {
    events.AudioChunk: _audio,
    events.AudioDone: _audio_done,
    events.OutputTextDelta: _words("text", "response.output_text.delta"),
    events.TextDone: _words_done("text", "response.output_text.done", "text"),
    events.OutputTranscriptDelta: _words("audio", f"{_TRANSCRIPT}.delta"),
    events.OutputTranscriptDone: _words_done("audio", f"{_TRANSCRIPT}.done", "transcript"),
    events.SessionUpdated: _updated,
    events.SpeechStarted: _speech_started,
    events.SpeechStopped: _speech_stopped,
    events.InputCommitted: _committed,
    events.InputCleared: _cleared,
    events.InputTimeout: _timeout,
    events.ItemAdded: _item_added,
    events.ItemDone: _item_done,
    events.ItemDeleted: _item_deleted,
    events.ItemTruncated: _item_truncated,
    events.InputTranscriptDelta: _input_delta,
    events.InputTranscriptDone: _input_done,
    events.ResponseStarted: _response_started,
    events.ResponseDone: _response_done,
    events.Interrupted: _interrupted,
    events.ToolCallDelta: _call_delta,
    events.ToolCalled: _called,
    events.RateLimits: _limits,
    events.PlaybackChanged: _playback,
    events.SessionFailed: _failed,
    events.BudgetSpent: _spent,
}
"""All others have no word in this dialect."""
