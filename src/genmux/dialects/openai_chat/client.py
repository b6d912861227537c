"""The half that faces a host: a wire."""

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, HttpRequest, json_bytes, json_request
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.dialects.openai_chat.decode import decode
from genmux.dialects.openai_chat.emulation import undo
from genmux.dialects.openai_chat.encode import write_request
from genmux.dialects.openai_chat.notes import Notes
from genmux.dialects.openai_chat.passage import splice
from genmux.dialects.openai_chat.profile import Profile
from genmux.dialects.openai_chat.reader import StreamReader
from genmux.types.chat import ChatRequest, ChatResult


class OpenAIChatWire:
    """Chat Completions as one host speaks it."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def encode(self, request: ChatRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request."""
        notes = Notes()
        body = write_request(request, model, self.profile, notes, stream=stream)
        return Encoded(json_request(self.profile.path, body, stream=stream), notes.result())

    def decode(self, reply: HttpReply, sent: Sent[ChatRequest]) -> ChatResult:
        """Read a successful reply. Raises ProviderError."""
        result = decode(reply, sent.model.origin)
        return result if sent.request.output is None else undo(result, sent.request, sent.model)

    def reader(self, sent: Sent[ChatRequest]) -> StreamReader:
        """Start reading one stream."""
        return StreamReader(sent.model.origin)

    def pass_on(self, body: bytes, accepted: Accepted, model: Model) -> HttpRequest | None:
        """A caller's own bytes as this host takes them: with another model's name, and top-level fields renamed at most.

        None when something in them has to be left out, emulated or written in another way.
        """
        if accepted.stream and self.profile.stream_usage == "unasked":
            return None  # the splice asks for usage, which this host would refuse or ignore
        notes = Notes()
        write_request(accepted.request, model, self.profile, notes, stream=False)
        if not notes.clean:
            return None
        spliced = splice(body, accepted, model, notes.renamed)
        return json_bytes(self.profile.path, spliced, stream=accepted.stream)
