"""A caller and a provider that both speak this dialect: bytes pass through, and are looked at."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.model import Model
from genmux.dialects.openai_chat.decode import finish_of, is_error, read_reply
from genmux.dialects.openai_chat.fields import take, wrong
from genmux.dialects.openai_chat.schema import DONE, OBJECT
from genmux.dialects.openai_chat.usage import read_usage
from genmux.types.chat import FinishReason
from genmux.types.usage import Usage

NOTHING: Mapping[str, str] = MappingProxyType({})
_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_GROWING = ("content", "reasoning_content", "reasoning", "refusal")


def splice(body: bytes, accepted: Accepted, model: Model, renamed: Mapping[str, str] = NOTHING) -> bytes:
    """The caller's bytes with the model's name replaced, fields named as the host does, and usage asked for in a stream.

    Every other value leaves byte for byte as it came. Only the top level is put together anew: of a field that was given
    twice the last one stays, which is the one that was understood, priced and permitted.
    """
    try:
        fields = _RAW.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise wrong("body", f"is not a JSON object: {error}") from error
    for name, theirs in renamed.items():
        if name in fields:
            fields[theirs] = fields.pop(name)
    fields["model"] = msgspec.Raw(msgspec.json.encode(model.wire_id))
    if accepted.stream:
        asked: Any = msgspec.json.decode(fields["stream_options"]) if "stream_options" in fields else None
        options = {**(asked or {}), "include_usage": True}
        fields["stream_options"] = msgspec.Raw(msgspec.json.encode(options))
    return msgspec.json.encode(fields)


def usage_of(reply: HttpReply) -> tuple[Usage, FinishReason | None]:
    """The usage and the finish reason of the first choice. Raises ProviderError when the reply is none or an error."""
    fields = read_reply(reply)
    usage = take(fields, "usage", dict)
    match fields.get("choices"):
        case [{"finish_reason": str() as raw}, *_]:
            finish: FinishReason | None = finish_of(raw)
        case _:
            finish = None
    return Usage() if usage is None else read_usage(usage, fields), finish


class StreamWatcher:
    """Looks on while a stream passes. Nothing here ever fails: what cannot be read passes as it is."""

    def __init__(self, accepted: Accepted) -> None:
        self._wanted = accepted.include_usage
        self.usage: Usage | None = None
        self.finish: FinishReason | None = None
        self.text_length = 0

    def see(self, event: WireEvent) -> bool:
        """Look at one event; False for the usage that the caller did not ask for."""
        if event.data.startswith(DONE):
            return True
        try:
            chunk = OBJECT.decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return True
        if event.event == "error" or is_error(chunk):
            self.finish = FinishReason("error", self.finish.raw if self.finish else None)
            return True
        usage = chunk.get("usage")
        choices = chunk.get("choices")
        if type(usage) is dict:
            self.usage = read_usage(usage, chunk)
            if not choices and not self._wanted:
                return False
        elif isinstance(groq := chunk.get("x_groq"), dict) and isinstance(groq.get("usage"), dict):
            self.usage = read_usage(groq["usage"], chunk)
        if type(choices) is list:
            for choice in choices:
                self._look(choice)
        return True

    def _look(self, choice: Any) -> None:
        if type(choice) is not dict:
            return
        reason = choice.get("finish_reason")
        if type(reason) is str and (self.finish is None or not choice.get("index")):
            self.finish = finish_of(reason)
        delta = choice.get("delta")
        if type(delta) is not dict:
            return
        for key, value in delta.items():
            if type(value) is str and key in _GROWING:
                self.text_length += len(value)
            elif key == "tool_calls" and type(value) is list:
                self.text_length += sum(map(_length, value))


def _length(call: Any) -> int:
    match call:
        case {"function": {"arguments": str() as arguments}}:
            return len(arguments)
        case _:
            return 0
