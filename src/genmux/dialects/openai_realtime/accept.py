"""A caller's frames, as commands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from genmux.dialects.openai_realtime.beside import wants_events
from genmux.dialects.openai_realtime.items_read import Calls, read_item
from genmux.dialects.openai_realtime.settings_read import fault, read_as, read_modalities, read_session
from genmux.types.errors import ErrorKind, MessageError
from genmux.types.realtime import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    SessionConfig,
    TruncateItem,
    UpdateSession,
)


class Asked(msgspec.Struct, kw_only=True):
    """A message of a caller."""

    event_id: str | None = None


class Append(Asked, tag="input_audio_buffer.append", gc=False):
    """More sound. Base64 is read in the same pass."""

    audio: bytes


class Commit(Asked, tag="input_audio_buffer.commit"):
    """The user has finished."""


class Clear(Asked, tag="input_audio_buffer.clear"):
    """Forget what was said."""


class ClearOutput(Asked, tag="output_audio_buffer.clear"):
    """Play no more: of a socket, the caller plays by itself."""


class Update(Asked, tag="session.update"):
    """Settings."""

    session: Any


class Create(Asked, tag="conversation.item.create"):
    """Something for the conversation."""

    item: Any
    previous_item_id: str | None = None


class Delete(Asked, tag="conversation.item.delete"):
    """Take something out."""

    item_id: str


class Truncate(Asked, tag="conversation.item.truncate"):
    """Only so much was heard."""

    item_id: str
    audio_end_ms: int
    content_index: int = 0


class Answer(Asked, tag="response.create"):
    """Let the model answer."""

    response: dict[str, Any] | None = None


class Cancel(Asked, tag="response.cancel"):
    """Let the model stop."""

    response_id: str | None = None


Message = Append | Commit | Clear | ClearOutput | Update | Create | Delete | Truncate | Answer | Cancel
_DECODE = msgspec.json.Decoder(Message).decode

KNOWN = (
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.truncate",
    "conversation.item.delete",
    "response.create",
    "response.cancel",
    "output_audio_buffer.clear",
)


class Accepting:
    """Understands a caller, message by message.

    `config` is what the caller has set up so far, `event_id` that of the last message, `last_item` the newest of the
    conversation, `updates` how many changes wait to be confirmed, `metadata` what the next answers are to carry,
    `listens` that the caller hears what stands beside the dialect.
    """

    def __init__(self, config: SessionConfig) -> None:
        self.config = config
        self.calls = Calls()
        self.event_id: str | None = None
        self.last_item: str | None = None
        self.updates = 0
        self.metadata: list[Mapping[str, str]] = []
        self.listens = False

    def accept(self, frame: str | bytes) -> Sequence[Command]:
        """What the caller wants. Raises MessageError."""
        try:
            message = _DECODE(frame)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise self._not_understood(frame, error) from error
        self.event_id = message.event_id
        if isinstance(message, Append):
            return (AppendAudio(message.audio),)
        return tuple(_READERS[type(message)](message, self))

    def _not_understood(self, frame: str | bytes, error: Exception) -> MessageError:
        self.event_id = None
        try:
            told: Any = msgspec.json.decode(frame)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return MessageError("the message is not JSON; every message is one JSON object with a `type`")
        if not isinstance(told, dict) or not isinstance(told.get("type"), str):
            return MessageError(f"the message has no `type`; the types are {', '.join(KNOWN)}", param="type")
        event_id = told.get("event_id")
        self.event_id = event_id if isinstance(event_id, str) else None
        if told["type"] not in KNOWN:
            message = f"there are no messages of the type {told['type'][:100]!r} here; the types are {', '.join(KNOWN)}"
            return MessageError(message, param="type", kind=ErrorKind.UNSUPPORTED)
        return MessageError(f"{told['type']} is not understood: {error}")


def _update(message: Update, state: Accepting) -> Sequence[Command]:
    config, changed = read_session(message.session, state.config)
    state.listens = state.listens or wants_events(message.session)
    state.config = config
    state.updates += 1
    return (UpdateSession(config, changed),)


def _create(message: Create, state: Accepting) -> Sequence[Command]:
    if message.previous_item_id not in {None, state.last_item}:
        raise fault(
            "previous_item_id", f"is {message.previous_item_id!r}; items can only follow the last one, so leave it out"
        )
    return tuple(read_item(message.item, state.calls))


def _answer(message: Answer, state: Accepting) -> Sequence[Command]:
    told = dict(message.response or {})
    modalities: Any = None
    for key in ("output_modalities", "modalities"):
        if (value := told.pop(key, None)) is not None:
            modalities = read_modalities(value, f"response.{key}")
    instructions = read_as(told.pop("instructions", None), str | None, "response.instructions")
    metadata = read_as(told.pop("metadata", None), dict[str, str] | None, "response.metadata")
    if metadata:
        state.metadata.append(metadata)
    return (CreateResponse(instructions=instructions, modalities=modalities, metadata=metadata, extra=told or None),)


def _truncate(message: Truncate, state: Accepting) -> Sequence[Command]:
    del state
    if message.audio_end_ms < 0:
        raise fault("audio_end_ms", f"is {message.audio_end_ms}; it must not be below 0")
    return (TruncateItem(message.item_id, message.audio_end_ms, message.content_index),)


_READERS: dict[type, Callable[[Any, Accepting], Sequence[Command]]] = {
    Update: _update,
    Create: _create,
    Answer: _answer,
    Truncate: _truncate,
    Commit: lambda _message, _state: (CommitAudio(),),
    Clear: lambda _message, _state: (ClearAudio(),),
    ClearOutput: lambda _message, _state: (),
    Delete: lambda message, _state: (DeleteItem(message.item_id),),
    Cancel: lambda message, _state: (CancelResponse(message.response_id),),
}
