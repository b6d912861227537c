"""The half that faces a caller."""

from genmux.contract.dialect import Accepted, Answer
from genmux.contract.http import HttpReply
from genmux.contract.openai_errors import refuse
from genmux.contract.wires import Sent
from genmux.dialects.openai_chat.accept import accept
from genmux.dialects.openai_chat.passage import StreamWatcher, usage_of
from genmux.dialects.openai_chat.respond import respond
from genmux.dialects.openai_chat.writer import StreamWriter
from genmux.types.chat import ChatRequest, ChatResult, FinishReason
from genmux.types.errors import ProviderError
from genmux.types.usage import Usage


class OpenAIChatServer:
    """Chat Completions as genmux serves it."""

    def accept(self, body: bytes) -> Accepted:
        """Understand a request. Raises ProviderError(invalid_request)."""
        return accept(body)

    def respond(self, result: ChatResult, accepted: Accepted) -> Answer:
        """Write a result."""
        return respond(result, accepted)

    def writer(self, accepted: Accepted) -> StreamWriter:
        """Start writing a stream."""
        return StreamWriter(accepted)

    def refuse(self, error: ProviderError) -> Answer:
        """Write an error."""
        return refuse(error)

    def watcher(self, accepted: Accepted, sent: Sent[ChatRequest]) -> StreamWatcher:
        """Look on while a stream passes."""
        del sent
        return StreamWatcher(accepted)

    def usage_of(self, reply: HttpReply) -> tuple[Usage, FinishReason | None]:
        """The usage and the finish reason of a reply that passes through."""
        return usage_of(reply)
