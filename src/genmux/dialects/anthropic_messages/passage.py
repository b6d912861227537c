"""When caller and provider speak this dialect both: bytes pass, and are only looked at."""

from typing import Any

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.model import Model
from genmux.dialects.anthropic_messages.decode import read_finish, read_message, read_table
from genmux.dialects.anthropic_messages.fields import take
from genmux.dialects.anthropic_messages.profile import Profile
from genmux.dialects.anthropic_messages.schema import BLOCK_DELTA, ArgumentsPiece, TextPiece, ThinkingPiece
from genmux.dialects.anthropic_messages.usage import add_usage, read_usage
from genmux.types.chat import ChatRequest, FinishReason
from genmux.types.content import Fields, Reasoning
from genmux.types.usage import Usage

_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_GROWING = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""In which field each kind of delta brings more of the answer."""


def passes(request: ChatRequest, profile: Profile) -> bool:
    """Whether the caller's bytes may go to a service with this profile as they are.

    They may not when the service wants the model in the path or takes no sampling parameters, when `max_tokens` is
    missing, or when the conversation holds reasoning of another origin, which the service would refuse.
    """
    sampled = not (request.temperature is None and request.top_p is None and request.top_k is None)
    if profile.style != "messages" or request.max_tokens is None or (sampled and not profile.takes_sampling):
        return False
    blocks = (block for message in request.messages for block in message.content)
    return not any(isinstance(block, Reasoning) and block.origin is not None for block in blocks)


def splice(body: bytes, accepted: Accepted, model: Model) -> bytes:
    """The caller's bytes with another model's name in them.

    Every other value leaves byte for byte as it came. Only the top level is put together anew: of a field that was given
    twice the last one stays, which is the one that was understood, priced and permitted.
    """
    del accepted  # what it says is in the bytes
    fields = _RAW.decode(body)
    fields["model"] = msgspec.Raw(msgspec.json.encode(model.wire_id))
    return msgspec.json.encode(fields)


class MessageWatcher:
    """Looks on while a stream passes. Its usage is never unasked for, so that every event may pass."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: FinishReason | None = None
        self.text_length = 0
        self.complete = False
        self._raw: Fields = {}

    def see(self, event: WireEvent) -> bool:
        """Look at one event."""
        if event.event == "content_block_delta":
            self._measure(event.data)
        elif event.event != "ping" and (fields := read_table(event.data)) is not None:
            self._note(fields.get("type", event.event), fields)
        return True

    def _measure(self, data: bytes) -> None:
        try:
            piece = BLOCK_DELTA.decode(data).delta
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._measure_odd(read_table(data) or {})
            return
        match piece:
            case TextPiece(text=text) | ThinkingPiece(thinking=text) | ArgumentsPiece(partial_json=text):
                self.text_length += len(text)
            case _:
                pass

    def _measure_odd(self, fields: Fields) -> None:
        """A delta with fields that nobody knows."""
        delta = take(fields, "delta", dict) or {}
        kind = delta.get("type")
        text = delta.get(_GROWING.get(kind, "")) if isinstance(kind, str) else None
        self.text_length += len(text) if isinstance(text, str) else 0

    def _note(self, kind: Any, fields: Fields) -> None:
        match kind:
            case "message_start":
                self._add(take(fields, "message", dict) or {})
            case "message_delta":
                self._add(fields)
                self._end(take(fields, "delta", dict) or {})
            case "message_stop":
                self.complete = True
            case "message":  # the whole answer as the only event
                content = fields.get("content")
                self.text_length += sum(map(_length, content)) if type(content) is list else _length(content)
                self._add(fields)
                self._end(fields)
                self.complete = True
            case "content_block_start":
                self.text_length += _length(fields.get("content_block"))
            case "content_block_delta":  # from a server that leaves the names of events out
                self._measure_odd(fields)
            case _:
                pass

    def _add(self, fields: Fields) -> None:
        if (usage := take(fields, "usage", dict)) is not None:
            self._raw = add_usage(self._raw, usage)
            self.usage = read_usage(self._raw)

    def _end(self, fields: Fields) -> None:
        finish = read_finish(fields)
        if finish.raw is not None:
            self.finish = finish


def _length(block: Any) -> int:
    """How many characters of text, reasoning and arguments a block has."""
    match block:
        case str():
            return len(block)
        case {"text": str() as text} | {"thinking": str() as text}:
            return len(text)
        case {"input": dict() as given} if given:
            return len(msgspec.json.encode(given))
        case _:
            return 0


def usage_of(reply: HttpReply) -> tuple[Usage, FinishReason | None]:
    """Usage and reason to stop of a whole reply that passes. Raises ProviderError when it is an error, or no message."""
    fields = read_message(reply)
    usage = take(fields, "usage", dict)
    finish = read_finish(fields)
    return (Usage() if usage is None else read_usage(usage)), (None if finish.raw is None else finish)
