"""Lists: the models, the faults, and what to try."""

from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.providers.mock import provider
from genmux.testing.simulator.faults.table import FAULTS

START = """This is the simulator of genmux. It speaks OpenAI's chat completions, embeddings and audio and Anthropic's messages.

  POST /v1/chat/completions   POST /v1/messages   POST /v1/messages/count_tokens   POST /v1/embeddings   GET /v1/models
  POST /v1/audio/speech   POST /v1/audio/transcriptions   POST /v1/audio/translations
  GET /mock/requests: what came in (DELETE forgets it)        GET /mock/faults: what can go wrong

Models: {models}
Ask for a fault in the prompt: [mock fault=rate_limit after=3 pace=0.01 tokens=50]
or in a header (x-mock-fault: rate_limit after=3), the model's name (mock/fault-rate_limit), the path (/fault/rate_limit/v1/…).
"""


def start_page() -> Answer:
    """What there is, in words."""
    text = START.format(models=", ".join(f"mock/{name}" for name in provider.manifest.models))
    return Answer(status=200, body=text.encode(), headers=(("content-type", "text/plain; charset=utf-8"),))


def faults_page() -> Answer:
    """The table of faults."""
    return _json(FAULTS)


def models_page(*, anthropic: bool) -> Answer:
    """The models, in Anthropic's form or in OpenAI's."""
    names = [f"mock/{name}" for name in provider.manifest.models]
    return _json(_as_anthropic(names) if anthropic else _as_openai(names))


def _as_openai(names: list[str]) -> dict[str, Any]:
    """https://platform.openai.com/docs/api-reference/models/list, read 2026-11-21."""
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "genmux"} for name in names]
    return {"object": "list", "data": data}


def _as_anthropic(names: list[str]) -> dict[str, Any]:
    """https://docs.anthropic.com/en/api/models-list, read 2026-11-21."""
    titles = {f"mock/{name}": spec.name or name for name, spec in provider.manifest.models.items()}
    data = [
        {"type": "model", "id": name, "display_name": titles[name], "created_at": "1970-01-01T00:00:00Z"}
        for name in names
    ]
    return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def _json(value: Any) -> Answer:
    return Answer(status=200, body=msgspec.json.encode(value))
