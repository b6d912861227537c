"""A conversation: messages, the request that carries them, the result that comes back."""

from typing import Any, Literal

import msgspec

from genmux.types.content import Cache, Content, Fields, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.money import Cost
from genmux.types.routes import Step
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Role = Literal["system", "developer", "user", "assistant", "tool"]
FinishUnified = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn: who speaks and what is said.

    `dialect` names the dialect to which every `extra` inside belongs.
    """

    role: Role
    content: tuple[Content, ...] = ()
    name: str | None = None
    dialect: str | None = None
    extra: Fields | None = None

    @property
    def text(self) -> str:
        """All text of the message joined."""
        return "".join(block.text for block in self.content if isinstance(block, Text))

    @property
    def reasoning(self) -> str:
        """All readable reasoning of the message joined."""
        return "".join(block.text for block in self.content if isinstance(block, Reasoning))

    @property
    def refusal(self) -> str | None:
        """The refusal, None when there is none."""
        return "".join(block.text for block in self.content if isinstance(block, Refusal)) or None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the caller is asked to run."""
        return tuple(block for block in self.content if isinstance(block, ToolCall))


class Tool(msgspec.Struct, frozen=True, kw_only=True, tag="tool", omit_defaults=True):
    """A tool that the caller can run; `parameters` is a JSON Schema of an object. `kind` is `custom` for free-text tools."""

    name: str
    description: str | None = None
    parameters: Fields | None = None
    strict: bool | None = None
    kind: str = "function"
    cache: Cache | None = None
    extra: Fields | None = None


class ToolChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the model may (`auto`), must (`required`), must not (`none`) call a tool, or which one (`tool`)."""

    mode: Literal["auto", "required", "none", "tool"]
    name: str | None = None
    extra: Fields | None = None


class OutputFormat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form of the answer: free text, any JSON object, or JSON that fits `schema`."""

    kind: Literal["text", "json_object", "json_schema"]
    schema: Fields | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    extra: Fields | None = None


class ReasoningConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much the model shall think: by `effort` word, by `max_tokens`, or switched by `enabled`."""

    effort: str | None = None
    max_tokens: int | None = None
    enabled: bool | None = None
    extra: Fields | None = None


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that is asked of a chat model, in no provider's words.

    `extra` holds top-level fields that genmux has no word for. When `dialect` is None the caller put them there on
    purpose and they are sent as they are; otherwise they belong to that dialect and are dropped, with a warning, for
    any other.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool | Opaque, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    output: OutputFormat | None = None
    reasoning: ReasoningConfig | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    user: str | None = None
    metadata: Fields | None = None
    service_tier: str | None = None
    dialect: str | None = None
    extra: Fields | None = None


class FinishReason(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why the model stopped: one of our words, and the provider's own (`raw`), which is never lost."""

    unified: FinishUnified
    raw: str | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A further answer to the same request (`n` greater than 1)."""

    message: Message
    finish: FinishReason
    extra: Fields | None = None


class ChatResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A complete answer.

    `extra` and `choice_extra` hold what the provider said beside the message: of the whole reply, and of its first
    choice. `attempts` counts how often the request was sent; `account`, `route` and `steps` tell where it went and why.
    `parsed` is the structured output, when one was asked for.
    """

    message: Message
    finish: FinishReason
    usage: Usage = msgspec.field(default_factory=Usage)
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    created: int | None = None
    cost: Cost | None = None
    warnings: tuple[Warning, ...] = ()
    alternatives: tuple[Choice, ...] = ()
    attempts: int = 1
    account: str | None = None
    route: str | None = None
    steps: tuple[Step, ...] = ()
    request_id: str | None = None
    service_tier: str | None = None
    dialect: str | None = None
    extra: Fields | None = None
    choice_extra: Fields | None = None
    parsed: Any = None

    @property
    def text(self) -> str:
        """All text of the answer joined."""
        return self.message.text

    @property
    def reasoning(self) -> str:
        """All readable reasoning of the answer joined."""
        return self.message.reasoning

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the caller is asked to run."""
        return self.message.tool_calls
