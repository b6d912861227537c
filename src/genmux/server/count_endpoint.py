"""Counting tokens in one dialect, for any provider."""

from genmux.contract.dialect import CountingServer
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.options import CallOptions
from genmux.server.http import Request
from genmux.server.options import read_options


class CountEndpoint:
    """Counts by the provider where it does so for free, else on this machine; a header says who counted."""

    def __init__(self, server: CountingServer, calls: CallFlow, options: CallOptions, body_limit: int) -> None:
        self._server = server
        self._calls = calls
        self._options = options
        self._body_limit = body_limit

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError."""
        accepted = self._server.accept_count(await request.body(self._body_limit))
        count = await self._calls.count_tokens(accepted.request, read_options(request, self._options))
        counted = (("x-genmux-counted-by", count.method), ("x-genmux-exact", str(count.exact).lower()))
        await request.answer(self._server.respond_count(count), counted)
