"""Raw HTTP to a running gateway: what really goes over the wire."""

import http.client
import json
from typing import Any

import msgspec

from tests.e2e.conftest import RunningGateway

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


class Reply(msgspec.Struct, frozen=True):
    """Status, headers and body."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a document."""
        return json.loads(self.body)

    @property
    def events(self) -> list[tuple[str | None, bytes]]:
        """Name and data of each server-sent event."""
        found: list[tuple[str | None, bytes]] = []
        for block in self.body.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            if "data" in fields:
                found.append((fields.get("event"), fields["data"].encode()))
        return found


def ask(gateway: RunningGateway, method: str, path: str, body: object = None, **headers: str) -> Reply:
    """One request; underscores in the names of headers are hyphens."""
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=30)
    try:
        sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, sent, {"content-type": "application/json", **named})
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def question(model: str, text: str = "hi", **more: object) -> dict[str, Any]:
    """A request that is right in both dialects."""
    return {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": text}], **more}
