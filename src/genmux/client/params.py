"""What can be said with a call, by keyword."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

from genmux.types.chat import Message, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Content, Opaque

Prompt = str | Message | Mapping[str, Any] | Sequence[Message | Mapping[str, Any] | str]
"""A text, a message, an OpenAI-style message dict, or several of them in order."""

Inputs = str | Sequence[str | Sequence[int]]
"""One text to embed or several; texts may be token ids already."""

AnyTool = Tool | Opaque | Mapping[str, Any] | Callable[..., Any]
"""A `Tool`, a typed Python function, a JSON Schema tool dict, or a provider's own tool."""

AnyImage = Content | str | bytes | Path
"""An `Image`, a URL, a `data:` URI, a path, or the bytes of a picture."""

AnyOutput = OutputFormat | Mapping[str, Any] | type
"""An `OutputFormat`, a JSON Schema, or a type: msgspec, dataclass, TypedDict, pydantic, `list[int]`, `dict` (any object) …"""


class CallParams(TypedDict, total=False):
    """What holds for every call.

    `timeout` is in seconds, `budget_limit` the most the call may cost in US dollars, `retries` how often a safe failure
    is tried again, `extra` what only one provider knows.
    """

    model: str | None
    timeout: float | None
    retries: int | None
    retry_unsure: bool
    budget_limit: Decimal | float | str | None
    tags: Mapping[str, str]
    user: str | None
    extra: Mapping[str, Any] | None


class ChatParams(CallParams, total=False):
    """What can be said with a chat, in the field's standard words."""

    system: str | None
    images: Sequence[AnyImage]
    tools: Sequence[AnyTool]
    tool_choice: str | ToolChoice | None
    parallel_tool_calls: bool | None
    output: AnyOutput | None
    reasoning: str | int | bool | ReasoningConfig | None
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    stop: str | Sequence[str] | None
    seed: int | None
    frequency_penalty: float | None
    presence_penalty: float | None
    n: int | None
    logprobs: bool | None
    top_logprobs: int | None
    metadata: Mapping[str, Any] | None
    service_tier: str | None


class EmbedParams(CallParams, total=False):
    """What can be said with embeddings."""

    dimensions: int | None
