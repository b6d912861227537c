"""A caller and a provider that both speak this dialect: bytes pass through, and are looked at."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.model import Model
from genmux.dialects.openai_chat.choice_reader import says_more
from genmux.dialects.openai_chat.decode import finish_of, is_error, read_reply
from genmux.dialects.openai_chat.fields import take, wrong
from genmux.dialects.openai_chat.schema import DETAILS, DONE, OBJECT, PLAIN_REASONING
from genmux.dialects.openai_chat.usage import read_usage
from genmux.types.chat import FinishReason
from genmux.types.content import Fields
from genmux.types.usage import Usage

NOTHING: Mapping[str, str] = MappingProxyType({})
_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
    """Looks on while a stream passes. Nothing here ever fails: what cannot be read passes as it is.

    It is complete when a reader would take it to be: at `[DONE]`, when every choice that began is finished, or when the
    usage was told alone and nothing more of the answer came.
    """

    def __init__(self, accepted: Accepted) -> None:
        self._wanted = accepted.include_usage
        self.usage: Usage | None = None
        self.finish: FinishReason | None = None
        self.text_length = 0
        self.complete = False
        self._done = False
        self._counted = False
        self._finished: dict[int, bool] = {}

    def see(self, event: WireEvent) -> bool:
        """Look at one event; False for the usage that the caller did not ask for."""
        if event.data.startswith(DONE):
            self.complete = self._done = True
            return True
        try:
            chunk = OBJECT.decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return True
        if event.event == "error" or is_error(chunk):
            self.finish = FinishReason("error", self.finish.raw if self.finish else None)
            return True
        choices = chunk.get("choices")
        self._follow(choices, alone=type(chunk.get("usage")) is dict and not choices)
        return self._count(chunk, choices)

    def _follow(self, choices: Any, *, alone: bool) -> None:
        """Look at the choices of a chunk; `alone` says that it has usage and none."""
        if alone:
            self._counted = bool(self._finished)
        elif self._counted and says_more(choices):
            self._counted = False
        for position, choice in enumerate(choices if type(choices) is list else ()):
            if type(choice) is dict:
                self._look(position, choice)
        finished = bool(self._finished) and all(self._finished.values())
        self.complete = self._done or self._counted or finished

    def _count(self, chunk: Fields, choices: Any) -> bool:
        """Note the usage of a chunk; False when the caller did not ask for it."""
        usage = chunk.get("usage")
        if type(usage) is dict:
            self.usage = read_usage(usage, chunk)
            if not choices and not self._wanted:
                return False
        elif isinstance(groq := chunk.get("x_groq"), dict) and isinstance(groq.get("usage"), dict):
            self.usage = read_usage(groq["usage"], chunk)
        return True

    def _look(self, position: int, choice: Fields) -> None:
        index = choice.get("index")
        number = index if type(index) is int else position
        reason = choice.get("finish_reason")
        self._finished[number] = type(reason) is str or self._finished.get(number, False)
        if type(reason) is str and (self.finish is None or not choice.get("index")):
            self.finish = finish_of(reason)
        delta = choice.get("delta")
        if type(delta) is not dict:
            delta = choice.get("message")
        if type(delta) is dict:
            self.text_length += _length(delta)


def _length(delta: Fields) -> int:
    """How many characters of text, reasoning and arguments a delta brings."""
    if len(delta) == 1 and type(content := delta.get("content")) is str:
        return len(content)
    told = max((len(text) for name in PLAIN_REASONING if type(text := delta.get(name)) is str), default=0)
    told = told or _items_length(delta.get(DETAILS))  # hosts repeat there what they tell in plain words
    calls = delta.get("tool_calls")
    called = sum(map(_call_length, calls)) if type(calls) is list else 0
    legacy = _call_length({"function": delta.get("function_call")})
    refusal = delta.get("refusal")
    refused = len(refusal) if type(refusal) is str else 0
    return _items_length(delta.get("content")) + told + called + legacy + refused


def _items_length(content: Any) -> int:
    """The same of text, which some hosts give as typed items, and those of reasoning nested once more."""
    match content:
        case str():
            return len(content)
        case list():
            return sum(map(_items_length, content))
        case {"text": str() as text} | {"summary": str() as text}:
            return len(text)
        case {"thinking": str() | list() as thinking}:
            return _items_length(thinking)
        case _:
            return 0


def _call_length(call: Any) -> int:
    match call:
        case {"function": {"arguments": str() as text}} | {"custom": {"input": str() as text}}:
            return len(text)
        case _:
            return 0
