"""Embeddings in OpenAI's dialect, to any provider."""

from genmux.contract.dialect import EmbedServer
from genmux.flows.call.flow import CallFlow
from genmux.server.http import Request
from genmux.server.said import said_back
from genmux.server.terms import Terms


class EmbedEndpoint:
    """Turns texts into vectors."""

    def __init__(self, server: EmbedServer, calls: CallFlow, terms: Terms) -> None:
        self._server = server
        self._calls = calls
        self._terms = terms

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError."""
        accepted = self._server.accept(await self._terms.body(request))
        options = self._terms.options(request, accepted.request.model, "embed")
        with request.watch:
            result = await self._calls.embed(accepted.request, options)
            told = said_back(accepted.warnings + result.warnings, result.cost, result.request_id)
            await request.answer(self._server.respond(result, accepted), told)
