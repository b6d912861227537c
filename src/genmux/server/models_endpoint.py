"""`GET /v1/models`, in OpenAI's form or, for callers that send `anthropic-version`, in Anthropic's."""

from typing import Any

import msgspec

from genmux.app import App
from genmux.contract.dialect import Answer
from genmux.contract.model import Model
from genmux.server.http import Request
from genmux.services.keys import may_name

_UNKNOWN_DATE = "1970-01-01T00:00:00Z"


class ModelsEndpoint:
    """Lists the models that can be used now."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle(self, request: Request) -> None:
        """Answer with all usable models of all providers, the aliases and the routes, as far as the caller may use them."""
        models: dict[str, Model | None] = {model.reference: model for model in self._app.catalog.usable()}
        aliases = {alias: models.get(meant) for alias, meant in self._app.settings.aliases.items()}
        usable = {**models, **aliases, **dict.fromkeys(self._app.calls.journeys.routes.names())}
        if request.principal.allow is not None:
            usable = {name: model for name, model in usable.items() if may_name(request.principal, name, model)}
        body = _as_anthropic(usable) if request.header(b"anthropic-version") else _as_openai(usable)
        await request.answer(Answer(status=200, body=msgspec.json.encode(body)))


def _as_openai(models: dict[str, Model | None]) -> dict[str, Any]:
    """https://platform.openai.com/docs/api-reference/models/list, read 2026-11-21."""
    data = [
        {"id": name, "object": "model", "created": 0, "owned_by": model.provider if model else "genmux"}
        for name, model in models.items()
    ]
    return {"object": "list", "data": data}


def _as_anthropic(models: dict[str, Model | None]) -> dict[str, Any]:
    """https://docs.anthropic.com/en/api/models-list, read 2026-11-21; the fields are those of anthropic 2.12, ModelInfo."""
    names = [*models]
    return {
        "data": [_model_info(name, model) for name, model in models.items()],
        "has_more": False,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
    }


def _model_info(name: str, model: Model | None) -> dict[str, Any]:
    spec = model.spec if model else None
    lifecycle = spec.lifecycle if spec else None
    return {
        "type": "model",
        "id": name,
        "display_name": (spec.name if spec else None) or name,
        "created_at": _moment(lifecycle.released if lifecycle else None) or _UNKNOWN_DATE,
        "lifecycle": "deprecated" if lifecycle and lifecycle.deprecated else "active",
        "deprecated_at": _moment(lifecycle.deprecated if lifecycle else None),
        "retires_at": _moment(lifecycle.shutdown if lifecycle else None),
        "max_input_tokens": spec.limits.context_tokens if spec else None,
        "max_tokens": spec.limits.max_output_tokens if spec else None,
    }


def _moment(date: str | None) -> str | None:
    """The beginning of a day, for a manifest knows only days."""
    return None if date is None else f"{date[:10]}T00:00:00Z"
