"""Both halves as objects: the wire that faces a provider, and the server that faces a caller."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.dialect import Accepted, Answer, Watcher, Writer
from genmux.contract.http import HttpReply, HttpRequest, json_bytes
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Reader, Sent
from genmux.dialects.anthropic_messages.accept import accept, accept_count
from genmux.dialects.anthropic_messages.decode import decode, decode_count
from genmux.dialects.anthropic_messages.encode import encode, encode_count, headers_of
from genmux.dialects.anthropic_messages.passage import MessageWatcher, passes, splice, usage_of
from genmux.dialects.anthropic_messages.profile import Profile, read_profile
from genmux.dialects.anthropic_messages.reader import MessageReader
from genmux.dialects.anthropic_messages.respond import refuse, respond, respond_count
from genmux.dialects.anthropic_messages.writer import MessageWriter
from genmux.types.chat import ChatRequest, ChatResult, FinishReason
from genmux.types.errors import ProviderError
from genmux.types.money import TokenCount
from genmux.types.usage import Usage


class MessagesWire(msgspec.Struct, frozen=True):
    """The client half, for one service: asks for answers and counts tokens."""

    profile: Profile = Profile()

    def encode(self, request: ChatRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write a request."""
        return encode(request, model, self.profile, stream=stream)

    def decode(self, reply: HttpReply, sent: Sent[ChatRequest]) -> ChatResult:
        """Read a reply."""
        return decode(reply, sent)

    def reader(self, sent: Sent[ChatRequest]) -> Reader:
        """Start reading a stream."""
        return MessageReader(sent)

    def pass_on(self, body: bytes, accepted: Accepted, model: Model) -> HttpRequest | None:
        """A caller's own bytes with another model's name; None when they may not go to this service as they are."""
        request = accepted.request
        if not passes(request, self.profile):
            return None
        http = json_bytes(self.profile.path, splice(body, accepted, model), stream=accepted.stream)
        return http.with_headers(headers_of(request, self.profile))

    def encode_count(self, request: ChatRequest, model: Model) -> Encoded:
        """Write a request that counts."""
        return encode_count(request, model, self.profile)

    def decode_count(self, reply: HttpReply) -> TokenCount:
        """Read a count."""
        return decode_count(reply)


class MessagesServer(msgspec.Struct, frozen=True):
    """The server half; besides what every dialect does it counts tokens (`POST …/messages/count_tokens`)."""

    def accept(self, body: bytes) -> Accepted:
        """Understand a request."""
        return accept(body)

    def heed(self, accepted: Accepted, headers: Mapping[bytes, bytes]) -> Accepted:
        """The betas that the caller asks for stand in a header."""
        told = headers.get(b"anthropic-beta")
        if not told:
            return accepted
        betas = [beta.strip() for beta in told.decode("latin-1").split(",") if beta.strip()]
        request = accepted.request
        extra = {**(request.extra or {}), "betas": betas}
        return msgspec.structs.replace(accepted, request=msgspec.structs.replace(request, extra=extra))

    def respond(self, result: ChatResult, accepted: Accepted) -> Answer:
        """Write a result."""
        return respond(result, accepted)

    def writer(self, accepted: Accepted) -> Writer:
        """Start writing a stream."""
        return MessageWriter(accepted)

    def refuse(self, error: ProviderError) -> Answer:
        """Write an error."""
        return refuse(error)

    def watcher(self, accepted: Accepted, sent: Sent[ChatRequest]) -> Watcher:
        """Look on while a stream passes."""
        del accepted, sent  # every event of this dialect may pass
        return MessageWatcher()

    def usage_of(self, reply: HttpReply) -> tuple[Usage, FinishReason | None]:
        """Read only what a reply took and why it ended."""
        return usage_of(reply)

    def accept_count(self, body: bytes) -> Accepted:
        """Understand a request to count."""
        return accept_count(body)

    def respond_count(self, count: TokenCount) -> Answer:
        """Write a count."""
        return respond_count(count)


def client(options: Mapping[str, Any]) -> MessagesWire:
    """The wire for one service. Raises ConfigurationError for an option that nobody knows."""
    return MessagesWire(read_profile(options))
