"""Counting tokens in one dialect, for any provider."""

from genmux.contract.dialect import CountingServer
from genmux.flows.call.flow import CallFlow
from genmux.server.http import Request
from genmux.server.terms import Terms


class CountEndpoint:
    """Counts by the provider where it does so for free, else on this machine; a header says who counted."""

    def __init__(self, server: CountingServer, calls: CallFlow, terms: Terms) -> None:
        self._server = server
        self._calls = calls
        self._terms = terms

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError."""
        accepted = self._server.accept_count(await self._terms.body(request))
        options = self._terms.options(request, accepted.request.model)
        with request.watch:
            count = await self._calls.count_tokens(accepted.request, options)
            counted = (("x-genmux-counted-by", count.method), ("x-genmux-exact", str(count.exact).lower()))
            await request.answer(self._server.respond_count(count), counted)
