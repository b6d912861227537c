"""The pieces of a stream.

A stream is indexed blocks: `Start · BlockStart · deltas · BlockEnd · … · UsagePart · Finish`. Every block has an index of
its own, unique in the stream; adjacent text blocks stay apart.
"""

import msgspec

from genmux.types.chat import FinishReason
from genmux.types.content import Content, Fields
from genmux.types.errors import ProviderError
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start", omit_defaults=True):
    """The reply has begun."""

    id: str | None = None
    model: str | None = None
    provider: str | None = None
    created: int | None = None
    dialect: str | None = None


class BlockStart(msgspec.Struct, frozen=True, tag="block_start", omit_defaults=True):
    """A block opens; `block` is its beginning (a `ToolCall` has its id and name here), deltas add to it.

    `choice` tells further answers apart when several were asked for.
    """

    index: int
    block: Content
    choice: int = 0


class TextDelta(msgspec.Struct, frozen=True, tag="text_delta", gc=False):
    """More text (or more of a refusal) for the block `index`."""

    index: int
    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning_delta", gc=False):
    """More reasoning for the block `index`."""

    index: int
    text: str


class ToolCallDelta(msgspec.Struct, frozen=True, tag="tool_call_delta", gc=False):
    """More of the JSON text of the arguments of the tool call in block `index`."""

    index: int
    arguments: str


class BlockEnd(msgspec.Struct, frozen=True, tag="block_end", omit_defaults=True):
    """A block is complete; a reasoning block gets its `signature` or `encrypted` state here, any block its `extra`."""

    index: int
    signature: str | None = None
    encrypted: str | None = None
    extra: Fields | None = None


class ExtraPart(msgspec.Struct, frozen=True, tag="extra", omit_defaults=True):
    """Fields that genmux has no word for, of the whole reply or of one choice or its message; later values replace earlier ones."""

    data: Fields
    scope: str = "reply"
    choice: int = 0


class UsagePart(msgspec.Struct, frozen=True, tag="usage"):
    """What was consumed so far; a later one replaces an earlier one."""

    usage: Usage


class Finish(msgspec.Struct, frozen=True, tag="finish", omit_defaults=True):
    """One choice is complete."""

    finish: FinishReason
    choice: int = 0


class WarningPart(msgspec.Struct, frozen=True, tag="warning"):
    """Something could not be carried as it was asked."""

    warning: Warning


class ErrorPart(msgspec.Struct, frozen=True, tag="error"):
    """The stream failed after it had begun; nothing follows."""

    error: ProviderError


Part = (
    Start
    | BlockStart
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | BlockEnd
    | ExtraPart
    | UsagePart
    | Finish
    | WarningPart
    | ErrorPart
)
