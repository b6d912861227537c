"""Asks the simulator's models inside the process."""

from collections.abc import Iterable, Mapping
from typing import Any

from genmux.contract.local import Pause
from genmux.contract.model import Model
from genmux.providers.mock import provider
from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.loaded import LoadedMock
from genmux.types.chat import ChatRequest, ChatResult, Message, Tool
from genmux.types.content import Content, Text
from genmux.types.errors import ProviderError
from genmux.types.join import join
from genmux.types.parts import Part

WEATHER = Tool(
    name="get_weather",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
        "required": ["city", "days"],
        "additionalProperties": False,
    },
)
CLOCK = Tool(name="get_time", parameters={"type": "object", "properties": {}})


def load(
    name: str = "echo", *, options: Mapping[str, str] | None = None, engine: MockEngine | None = None
) -> LoadedMock:
    """A model, loaded as genmux loads it."""
    spec = provider.manifest.models.get(name, provider.manifest.model_defaults)
    model = Model(provider="mock", id=name, wire_id=name, spec=spec)
    return (engine or MockEngine()).load(model, options or {})


def said(text: str | Iterable[Content], **fields: Any) -> ChatRequest:
    """A request with one message of the user (or with `messages`)."""
    content = (Text(text),) if isinstance(text, str) else tuple(text)
    fields.setdefault("messages", (Message(role="user", content=content),))
    return ChatRequest(model="it", **fields)


def outputs(
    text: str, *, model: str = "echo", options: Mapping[str, str] | None = None, **fields: Any
) -> list[Part | Pause]:
    """Everything that a model yields."""
    return [*load(model, options=options).run(said(text, **fields))]


def played(outputs: Iterable[Any]) -> tuple[list[Any], ProviderError | None]:
    """What came before the error, and the error."""
    seen: list[Any] = []
    try:
        seen.extend(outputs)
    except ProviderError as error:
        return seen, error
    return seen, None


def ask(text: str, *, model: str = "echo", options: Mapping[str, str] | None = None, **fields: Any) -> ChatResult:
    """The whole answer of a model."""
    return join(part for part in outputs(text, model=model, options=options, **fields) if not isinstance(part, Pause))
