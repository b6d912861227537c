"""Our commands as messages of the dialect."""

import binascii
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from genmux.contract.sessions import Turn
from genmux.dialects.openai_realtime.schema import Form, written_modalities
from genmux.types.realtime import (
    CancelResponse,
    ClearAudio,
    Command,
    CreateResponse,
    DeleteItem,
    SendImage,
    SendText,
    SendToolResult,
    TruncateItem,
)

ITEM = "conversation.item.create"
ANSWER = "response.create"

Fields = dict[str, Any]


def message(command: Command, form: Form) -> Fields | None:
    """The message for a command; None for what is not told to a provider, or not by one command alone."""
    write = _WRITERS.get(type(command))
    return write(command, form) if write else None


def text_item(command: SendText, form: Form) -> Fields:
    """A message in writing."""
    item: Fields = {"type": "message", "role": command.role, "content": [_text(command.role, command.text, form)]}
    if command.item_id is not None:
        item["id"] = command.item_id
    return {"type": ITEM, "item": item}


def image_item(command: SendImage, form: Form) -> Fields:
    """A picture, as a message of the user."""
    del form
    written = binascii.b2a_base64(command.data, newline=False).decode("ascii")
    content = {"type": "input_image", "image_url": f"data:{command.media_type};base64,{written}"}
    return {"type": ITEM, "item": {"type": "message", "role": "user", "content": [content]}}


def tool_item(command: SendToolResult, form: Form) -> Fields:
    """The result of a tool."""
    del form
    item = {"type": "function_call_output", "call_id": command.call_id, "output": command.output}
    return {"type": ITEM, "item": item}


def history(turns: Iterable[Turn], form: Form) -> Iterator[Fields]:
    """What was said before, as messages."""
    for turn in turns:
        content = _text(turn.role, turn.text, form)
        yield {"type": ITEM, "item": {"type": "message", "role": turn.role, "content": [content]}}


def answer(command: CreateResponse, form: Form) -> Fields:
    """Let the model answer."""
    told: Fields = dict(command.extra or {})
    if command.instructions is not None:
        told["instructions"] = command.instructions
    if command.modalities is not None:
        told["output_modalities" if form == "ga" else "modalities"] = written_modalities(command.modalities, form)
    if command.metadata is not None:
        told["metadata"] = dict(command.metadata)
    return {"type": ANSWER, "response": told} if told else {"type": ANSWER}


def cancel(command: CancelResponse, form: Form) -> Fields:
    """Let the model stop."""
    del form
    told: Fields = {"type": "response.cancel"}
    return told if command.response_id is None else told | {"response_id": command.response_id}


def truncate(command: TruncateItem, form: Form) -> Fields:
    """Only so much was heard."""
    del form
    return {
        "type": "conversation.item.truncate",
        "item_id": command.item_id,
        "content_index": command.content_index,
        "audio_end_ms": command.audio_ms,
    }


def delete(command: DeleteItem, form: Form) -> Fields:
    """Take something out."""
    del form
    return {"type": "conversation.item.delete", "item_id": command.item_id}


def _clear(command: ClearAudio, form: Form) -> Fields:
    del command, form
    return {"type": "input_audio_buffer.clear"}


def append(data: bytes, event_id: str) -> str:
    """More sound, written without a detour: nothing in it needs escaping."""
    sound = binascii.b2a_base64(data, newline=False).decode("ascii")
    return f'{{"type":"input_audio_buffer.append","event_id":"{event_id}","audio":"{sound}"}}'


def written(fields: Fields, event_id: str) -> str:
    """A message with its id, by which errors name it."""
    return msgspec.json.encode({"event_id": event_id, **fields}).decode()


def _text(role: str, text: str, form: Form) -> Fields:
    kind = ("output_text" if form == "ga" else "text") if role == "assistant" else "input_text"
    return {"type": kind, "text": text}


_WRITERS: dict[type, Callable[[Any, Form], Fields]] = {
    SendText: text_item,
    SendImage: image_item,
    SendToolResult: tool_item,
    CreateResponse: answer,
    CancelResponse: cancel,
    TruncateItem: truncate,
    DeleteItem: delete,
    ClearAudio: _clear,
}
