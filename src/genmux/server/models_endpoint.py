"""`GET /v1/models`, in OpenAI's form or, for callers that send `anthropic-version`, in Anthropic's."""

from typing import Any

import msgspec

from genmux.app import App
from genmux.contract.dialect import Answer
from genmux.server.http import Request


class ModelsEndpoint:
    """Lists the models that can be used now."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle(self, request: Request) -> None:
        """Answer with all usable models of all providers."""
        usable = [model.reference for model in self._app.catalog.usable()] + [*self._app.settings.aliases]
        body = _as_anthropic(usable) if request.header(b"anthropic-version") else _as_openai(usable)
        await request.answer(Answer(status=200, body=msgspec.json.encode(body)))


def _as_openai(references: list[str]) -> dict[str, Any]:
    """https://platform.openai.com/docs/api-reference/models/list, read 2026-11-21."""
    data = [
        {"id": reference, "object": "model", "created": 0, "owned_by": reference.partition("/")[0]}
        for reference in references
    ]
    return {"object": "list", "data": data}


def _as_anthropic(references: list[str]) -> dict[str, Any]:
    """https://docs.anthropic.com/en/api/models-list, read 2026-11-21."""
    data = [
        {"type": "model", "id": reference, "display_name": reference, "created_at": "1970-01-01T00:00:00Z"}
        for reference in references
    ]
    edges = (
        {"first_id": references[0], "last_id": references[-1]} if references else {"first_id": None, "last_id": None}
    )
    return {"data": data, "has_more": False, **edges}
