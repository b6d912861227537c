"""Short ways to speak to the dialect in tests: a model, a request, a reply, a stream."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.manifest import Limits, ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Sent
from genmux.dialects.anthropic_messages import dialect
from genmux.dialects.anthropic_messages.wire import MessagesWire
from genmux.engine.sse import SseSplitter
from genmux.types.chat import ChatRequest, ChatResult, Message
from genmux.types.content import Text
from genmux.types.parts import Part
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

SERVER = dialect.server
WIRE = MessagesWire()
HI = {"role": "user", "content": "hi"}
USAGE = {"input_tokens": 3, "output_tokens": 5}


def model(wire_id: str = "claude-test-4-8", *, limit: int | None = 1000, **features: str) -> Model:
    """A model of the provider `anthropic`, family `claude`."""
    spec = msgspec.convert({"family": "claude", "features": features}, ModelSpec)
    spec = msgspec.structs.replace(spec, limits=Limits(max_output_tokens=limit))
    return Model(provider="anthropic", id=wire_id, wire_id=wire_id, spec=spec)


def asking(*messages: Message | str, **fields: Any) -> ChatRequest:
    """A request of no dialect; strings are turns of the user."""
    turns = (Message(role="user", content=(Text(one),)) if isinstance(one, str) else one for one in messages or ("hi",))
    return ChatRequest(**{"model": "m", "messages": tuple(turns), "max_tokens": 100, **fields})


def saying(role: Any, *content: Any, **fields: Any) -> Message:
    """A message; strings are texts."""
    return Message(role=role, content=tuple(Text(one) if isinstance(one, str) else one for one in content), **fields)


def sent(request: ChatRequest | None = None, to: Model | None = None) -> Sent[ChatRequest]:
    """What a reply is read against."""
    return Sent(request or asking(), to or model(), HttpRequest(method="POST", url="/messages"))


def encoded(request: ChatRequest, to: Model | None = None, **options: Any) -> dict[str, Any]:
    """The body that is sent."""
    http = dialect.client(options).encode(request, to or model()).http
    return msgspec.json.decode(http.body or b"")


def warned(request: ChatRequest, to: Model | None = None, **options: Any) -> list[tuple[str, str]]:
    """Kind and field of each warning."""
    return pairs(dialect.client(options).encode(request, to or model()).warnings)


def pairs(warnings: Iterable[Warning]) -> list[tuple[str, str]]:
    """Kind and field of each warning."""
    return [(warning.kind, warning.field) for warning in warnings]


def accepted(**fields: Any) -> Accepted:
    """A caller's request, understood."""
    return SERVER.accept(msgspec.json.encode({"model": "m", "max_tokens": 100, "messages": [HI], **fields}))


def message(*content: Any, **fields: Any) -> dict[str, Any]:
    """A whole reply."""
    plain = {"id": "msg_1", "type": "message", "role": "assistant", "model": "c", "stop_sequence": None}
    return {**plain, "content": list(content), "stop_reason": "end_turn", "usage": USAGE, **fields}


def decoded(document: Any, against: Sent[ChatRequest] | None = None, **headers: str) -> ChatResult:
    """The result in a reply."""
    reply = HttpReply(status=200, headers=headers, body=msgspec.json.encode(document))
    return WIRE.decode(reply, against or sent())


def responded(result: ChatResult) -> dict[str, Any]:
    """A result as a caller of this dialect gets it."""
    return msgspec.json.decode(SERVER.respond(result, accepted()).body)


def event(kind: str, **fields: Any) -> WireEvent:
    """One event of a stream."""
    return WireEvent(msgspec.json.encode({"type": kind, **fields}), kind)


def start(**fields: Any) -> WireEvent:
    """How a stream begins."""
    return event("message_start", message={**message(), "stop_reason": None, **fields})


def opens(index: int, **block: Any) -> WireEvent:
    """A block that begins."""
    return event("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **fields: Any) -> WireEvent:
    """A piece for a block."""
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def closes(index: int) -> WireEvent:
    """A block that ends."""
    return event("content_block_stop", index=index)


def ending(reason: str = "end_turn", **usage: Any) -> tuple[WireEvent, WireEvent]:
    """How a stream ends."""
    last = event(
        "message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 7, **usage}
    )
    return (last, event("message_stop"))


def read(*events: WireEvent, against: Sent[ChatRequest] | None = None) -> list[Part]:
    """The parts of a stream."""
    reader = WIRE.reader(against or sent())
    return [part for one in events for part in reader.feed(one)] + list(reader.close())


def written(*parts: Part) -> bytes:
    """The bytes of a stream that a caller gets."""
    writer = SERVER.writer(accepted(stream=True))
    return b"".join(map(writer.write, parts)) + writer.close()


def events_of(stream: bytes) -> list[WireEvent]:
    """The events in these bytes."""
    splitter = SseSplitter()
    return [*splitter.feed(stream), *splitter.flush()]


def documents(stream: bytes) -> list[dict[str, Any]]:
    """The data of the events in these bytes."""
    return [msgspec.json.decode(one.data) for one in events_of(stream)]
