"""Short ways to speak to the dialect in tests: a model, a request, a reply, a stream."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.dialects.openai_chat import client, dialect
from genmux.engine.sse import SseSplitter
from genmux.types.chat import ChatRequest, ChatResult, Message
from genmux.types.content import Content, Text
from genmux.types.parts import Part
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

SERVER = dialect.server
HI = {"role": "user", "content": "hi"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
ORIGIN = "router/claude"


def model(wire_id: str = "m", **features: str) -> Model:
    """A model of the provider `router`, family `claude`."""
    spec = msgspec.convert({"family": "claude", "features": features}, ModelSpec)
    return Model(provider="router", id=wire_id, wire_id=wire_id, spec=spec)


def asking(*messages: Message | str, **fields: Any) -> ChatRequest:
    """A request of no dialect; strings are turns of the user."""
    turns = (saying("user", one) if isinstance(one, str) else one for one in messages or ("hi",))
    return ChatRequest(**{"model": "m", "messages": tuple(turns), **fields})


def saying(role: Any, *content: Content | str, **fields: Any) -> Message:
    """A message; strings are texts."""
    return Message(role=role, content=tuple(Text(one) if isinstance(one, str) else one for one in content), **fields)


def sent(request: ChatRequest | None = None, to: Model | None = None) -> Sent[ChatRequest]:
    """What a reply is read against."""
    return Sent(request or asking(), to or model(), HttpRequest(method="POST", url="/chat/completions"))


def encode(request: ChatRequest, to: Model | None = None, *, stream: bool = False, **options: Any) -> Encoded:
    """What is sent, and what could not be carried."""
    return client(options).encode(request, to or model(), stream=stream)


def encoded(request: ChatRequest, to: Model | None = None, *, stream: bool = False, **options: Any) -> dict[str, Any]:
    """The body that is sent."""
    return msgspec.json.decode(encode(request, to, stream=stream, **options).http.body or b"")


def messages_of(*messages: Message | str, **options: Any) -> list[dict[str, Any]]:
    """The messages that are sent."""
    return encoded(asking(*messages), **options)["messages"]


def warned(request: ChatRequest, to: Model | None = None, **options: Any) -> list[tuple[str, str]]:
    """Kind and field of each warning."""
    return pairs(encode(request, to, **options).warnings)


def pairs(warnings: Iterable[Warning]) -> list[tuple[str, str]]:
    """Kind and field of each warning."""
    return [(warning.kind, warning.field) for warning in warnings]


def accepted(*messages: dict[str, Any], **fields: Any) -> Accepted:
    """A caller's request, understood."""
    return SERVER.accept(msgspec.json.encode({"model": "m", "messages": messages or [HI], **fields}))


def echoed(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A caller's request, accepted and encoded again."""
    return encoded(accepted(*messages, **fields).request, to=model())


def message(content: Any = "hello", **fields: Any) -> dict[str, Any]:
    """A message of the assistant in a reply."""
    return {"role": "assistant", "content": content, **fields}


def reply(*choices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A whole reply with these messages."""
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 7,
        "model": "m-1",
        "choices": [
            {"index": index, "message": one, "finish_reason": "stop"}
            for index, one in enumerate(choices or (message(),))
        ],
        "usage": USAGE,
        **fields,
    }


def replied(document: Any) -> HttpReply:
    """A document as a reply."""
    return HttpReply(status=200, headers={}, body=msgspec.json.encode(document))


def decoded(document: Any, against: Sent[ChatRequest] | None = None) -> ChatResult:
    """The result in a reply."""
    return client({}).decode(replied(document), against or sent())


def answered(*choices: dict[str, Any], **fields: Any) -> ChatResult:
    """The result in a reply with these messages."""
    return decoded(reply(*choices, **fields))


def responded(result: ChatResult) -> dict[str, Any]:
    """A result as a caller gets it."""
    return msgspec.json.decode(SERVER.respond(result, accepted()).body)


def chunk(delta: Any = None, *, finish: str | None = None, index: int = 0, **fields: Any) -> WireEvent:
    """One chunk of a stream with one choice."""
    choice = {"index": index, "delta": {} if delta is None else delta, "finish_reason": finish}
    return raw_chunk(choices=[choice], **fields)


def raw_chunk(**fields: Any) -> WireEvent:
    """One chunk of a stream."""
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m-1"}
    return WireEvent(msgspec.json.encode({**head, **fields}))


DONE = WireEvent(b"[DONE]")
END = (chunk(finish="stop"), DONE)


def read(*events: WireEvent) -> list[Part]:
    """The parts of a stream."""
    reader = client({}).reader(sent())
    return [part for one in events for part in reader.feed(one)] + list(reader.close())


def written(*parts: Part, usage: bool = True) -> bytes:
    """The bytes of a stream that a caller gets."""
    writer = SERVER.writer(accepted(stream=True, stream_options={"include_usage": usage}))
    return b"".join(map(writer.write, parts)) + writer.close()


def events_of(stream: bytes) -> list[WireEvent]:
    """The events in these bytes."""
    splitter = SseSplitter()
    return [*splitter.feed(stream), *splitter.flush()]


def documents(stream: bytes) -> list[dict[str, Any]]:
    """The chunks in these bytes, without `[DONE]`."""
    return [msgspec.json.decode(one.data) for one in events_of(stream) if one.data != b"[DONE]"]


def deltas(stream: bytes) -> list[dict[str, Any]]:
    """The deltas in these bytes that say something."""
    return [delta for one in documents(stream) for choice in one["choices"] if (delta := choice["delta"])]
