"""When caller and provider speak this dialect both: bytes pass, and are only looked at."""

import re

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.model import Model
from genmux.dialects.anthropic_messages.decode import read_finish, read_table
from genmux.dialects.anthropic_messages.fields import take
from genmux.dialects.anthropic_messages.profile import Profile
from genmux.dialects.anthropic_messages.schema import BLOCK_DELTA, ArgumentsPiece, TextPiece, ThinkingPiece
from genmux.dialects.anthropic_messages.usage import add_usage, read_usage
from genmux.types.chat import ChatRequest, FinishReason
from genmux.types.content import Fields, Reasoning
from genmux.types.usage import Usage

_QUOTED = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_NAMED = re.compile(rb'"model"\s*:\s*(' + _QUOTED + rb")", re.DOTALL)
_TOKEN = re.compile(_QUOTED + rb"|[{}\[\]]", re.DOTALL)
_VALUE = re.compile(rb"\s*:\s*(" + _QUOTED + rb")", re.DOTALL)


class _Head(msgspec.Struct):
    model: str = ""


_HEAD = msgspec.json.Decoder(_Head)
_STRING = msgspec.json.Decoder(str)


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
    """The caller's bytes with another model's name in them; nothing else is touched."""
    del accepted  # what it says is in the bytes
    name = msgspec.json.encode(model.wire_id)
    places = [found.span(1) for found in _NAMED.finditer(body)]
    if len(places) == 1:
        spliced = _replaced(body, places, name)
        if _HEAD.decode(spliced).model == model.wire_id:
            return spliced
    return _replaced(body, _places(body), name)


def _replaced(body: bytes, places: list[tuple[int, int]], name: bytes) -> bytes:
    for start, end in reversed(places):
        body = body[:start] + name + body[end:]
    return body


def _places(body: bytes) -> list[tuple[int, int]]:
    """Where the values of `model` stand at the top level: `model` is a word that tools and schemas use as well."""
    places: list[tuple[int, int]] = []
    depth = 0
    for token in _TOKEN.finditer(body):
        match body[token.start()]:
            case 0x7B | 0x5B:
                depth += 1
            case 0x7D | 0x5D:
                depth -= 1
            case _ if depth == 1 and (value := _VALUE.match(body, token.end())) and _STRING.decode(token[0]) == "model":
                places.append(value.span(1))
            case _:
                pass
    return places


class MessageWatcher:
    """Looks on while a stream passes. Its usage is never unasked for, so that every event may pass."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: FinishReason | None = None
        self.text_length = 0
        self._raw: Fields = {}

    def see(self, event: WireEvent) -> bool:
        """Look at one event."""
        if event.event == "content_block_delta":
            self._measure(event.data)
        elif event.event != "ping" and (fields := read_table(event.data)) is not None:
            self._note(fields, event.data)
        return True

    def _measure(self, data: bytes) -> None:
        try:
            piece = BLOCK_DELTA.decode(data).delta
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        match piece:
            case TextPiece(text=text) | ThinkingPiece(thinking=text) | ArgumentsPiece(partial_json=text):
                self.text_length += len(text)
            case _:
                pass

    def _note(self, fields: Fields, data: bytes) -> None:
        match fields.get("type"):
            case "message_start":
                self._add(take(fields, "message", dict) or {})
            case "message_delta":
                self._add(fields)
                self._end(take(fields, "delta", dict) or {})
            case "message":
                self._add(fields)
                self._end(fields)
            case "content_block_delta":  # from a server that leaves the names of events out
                self._measure(data)
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


def usage_of(reply: HttpReply) -> tuple[Usage, FinishReason | None]:
    """Usage and reason to stop of a whole reply that passes."""
    fields = read_table(reply.body) or {}
    usage = take(fields, "usage", dict)
    finish = read_finish(fields)
    return (Usage() if usage is None else read_usage(usage)), (None if finish.raw is None else finish)
