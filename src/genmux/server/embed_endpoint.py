"""Embeddings in OpenAI's dialect, to any provider."""

from genmux.contract.dialect import EmbedServer
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.options import CallOptions
from genmux.server.http import Request
from genmux.server.options import read_options, said_back


class EmbedEndpoint:
    """Turns texts into vectors."""

    def __init__(self, server: EmbedServer, calls: CallFlow, options: CallOptions, body_limit: int) -> None:
        self._server = server
        self._calls = calls
        self._options = options
        self._body_limit = body_limit

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError."""
        accepted = self._server.accept(await request.body(self._body_limit))
        options = read_options(request, self._options)
        result = await self._calls.embed(accepted.request, options)
        told = said_back(accepted.warnings + result.warnings, result.cost)
        await request.answer(self._server.respond(result, accepted), told)
