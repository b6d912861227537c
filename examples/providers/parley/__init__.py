"""Parley, an invented service: a question is `POST /talk`, a streamed answer is one JSON document a line."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from genmux.contract.http import Framing, HttpReply, WireEvent, json_request
from genmux.contract.manifest import read_manifest
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.contract.wires import Encoded, Sent
from genmux.types.chat import ChatRequest, ChatResult, FinishReason, Message
from genmux.types.content import Text
from genmux.types.errors import ProviderError
from genmux.types.parts import BlockEnd, BlockStart, Finish, Part, Start, TextDelta, UsagePart
from genmux.types.usage import Usage


class Said(msgspec.Struct):
    """What Parley answers: some words, and in the end why it stopped and what it counted."""

    words: str = ""
    end: str | None = None
    counted: dict[str, int] = {}

    @property
    def finish(self) -> FinishReason:
        """Why it stopped, in our word and in theirs."""
        return FinishReason("stop" if self.end == "done" else "length", self.end)

    @property
    def usage(self) -> Usage:
        """What it counted, by our meters."""
        return Usage(meters={f"tokens.{way}": count for way, count in self.counted.items()})


SAID = msgspec.json.Decoder(Said)


class Talk:
    """The wire: pure translation, no input or output."""

    def encode(self, request: ChatRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request."""
        turns = [{"who": message.role, "words": message.text} for message in request.messages]
        http = json_request("/talk", {"voice": model.wire_id, "turns": turns, "live": stream})
        return Encoded(msgspec.structs.replace(http, framing=Framing.NDJSON if stream else Framing.RAW))

    def decode(self, reply: HttpReply, sent: Sent[ChatRequest]) -> ChatResult:
        """Read a whole answer."""
        said = reply.read(SAID)
        message = Message(role="assistant", content=(Text(said.words),))
        return ChatResult(message=message, finish=said.finish, usage=said.usage, model=sent.model.wire_id)

    def reader(self, sent: Sent[ChatRequest]) -> "TalkReader":
        """Start reading a streamed one."""
        return TalkReader(sent.model.wire_id)


class TalkReader:
    """Turns the lines of one stream into parts."""

    def __init__(self, model: str) -> None:
        self.opening: tuple[Part, ...] = (Start(model=model), BlockStart(0, Text("")))
        self.ended = False

    def feed(self, event: WireEvent) -> Iterator[Part]:
        """Read one line."""
        said = event.read(SAID)
        yield from self.opening
        self.opening = ()
        if said.words:
            yield TextDelta(0, said.words)
        if said.end is not None:
            self.ended = True
            yield from (BlockEnd(0), UsagePart(said.usage), Finish(said.finish))

    def close(self) -> tuple[Part, ...]:
        """The stream has ended; a good one has said so before."""
        if not self.ended:
            raise ProviderError("the stream was cut", kind="network", retry="unsure")
        return ()


provider = Provider(manifest=read_manifest(Path(__file__).with_name("manifest.toml")), wires={"talk": Talk()})
