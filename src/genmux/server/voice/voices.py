"""`GET /v1/audio/voices?model=MODEL`: what a model can sound like. The path is ours; OpenAI has none."""

from urllib.parse import parse_qs

import msgspec

from genmux.app import App
from genmux.contract.dialect import Answer
from genmux.flows.voice.listing import voices_of
from genmux.server.http import Request
from genmux.server.terms import Terms


class VoicesEndpoint:
    """Lists voices. It costs nothing."""

    def __init__(self, app: App, terms: Terms) -> None:
        self._app = app
        self._terms = terms

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError."""
        asked = parse_qs(request.query.decode("latin-1")).get("model", [""])[0]
        options = self._terms.options(request, asked or None, "text_to_speech")
        with request.watch:
            async with self._app.calls.door.aside(options.principal):
                found = await voices_of(self._app.calls, asked or None, options)
            body = msgspec.json.encode({"object": "list", "data": found})
            await request.answer(Answer(status=200, body=body))
