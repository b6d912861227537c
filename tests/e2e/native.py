"""The native API of a running gateway, as the holder of one key sees it."""

import asyncio
from typing import Any

import msgspec

from genmux.contract.http import HttpReply
from genmux.engine.gateway_line import GatewayLine


class Api:
    """Asks, and says whether it should go well."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url, self.key = url, key

    def ask(self, method: str, path: str, body: object = None) -> HttpReply:
        path, _, query = path.partition("?")

        async def ask() -> HttpReply:
            line = GatewayLine(self.url, self.key)
            try:
                sent = b"" if body is None else msgspec.json.encode(body)
                headers = (("content-type", "application/json"),)
                return await line.ask(method, path, query=query, headers=headers, body=sent)
            finally:
                await line.aclose()

        return asyncio.run(ask())

    def good(self, method: str, path: str, body: object = None) -> Any:
        reply = self.ask(method, "/api/v1" + path, body)
        assert reply.status < 300, reply.body
        return msgspec.json.decode(reply.body) if reply.body else None

    def bad(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        reply = self.ask(method, "/api/v1" + path, body)
        assert reply.status >= 400, reply.body
        return reply.status, msgspec.json.decode(reply.body)["message"]
