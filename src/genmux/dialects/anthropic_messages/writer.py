"""From parts to the events of a stream.

The API's order is kept whatever the order of the parts: `message_start`, one block after the other, `message_delta` with
the reason to stop and the usage, `message_stop`. Blocks are numbered anew. Text and thinking end where another block
begins; while a tool call is open, the parts of other blocks wait.
"""

from itertools import count

from genmux.contract.dialect import Accepted
from genmux.dialects.anthropic_messages.respond import UNNAMED, stop_word, write_error
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.dialects.anthropic_messages.usage import final_usage, write_usage
from genmux.dialects.anthropic_messages.writing import Thinking, Writing, event, writing
from genmux.types.chat import FinishReason
from genmux.types.content import Content, Fields, Reasoning, Refusal, Text
from genmux.types.errors import ProviderError
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    ErrorPart,
    ExtraPart,
    Finish,
    Part,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    UsagePart,
)
from genmux.types.usage import Usage

BlockPart = BlockStart | TextDelta | ReasoningDelta | ToolCallDelta | BlockEnd
_BLOCK_PARTS = frozenset((BlockStart, TextDelta, ReasoningDelta, ToolCallDelta, BlockEnd))
_AT_THE_END = ("context_management",)
"""What the last event says beside its `delta`."""


class MessageWriter:
    """Writes one stream; `close` or `fail` ends it."""

    def __init__(self, accepted: Accepted) -> None:
        self._model = accepted.request.model
        self._start = Start()
        self._started = False
        self._done = False
        self._own = False
        self._origin = "elsewhere"
        self._extra: Fields = {}
        self._usage = Usage()
        self._told: Fields = {}  # the usage that was written at the start
        self._tier: str | None = None
        self._finish = FinishReason("other")
        self._refused = False
        self._numbers = count()
        self._index: int | None = None  # of the open block, among the parts
        self._open: Writing | None = None
        self._block: Content | None = None  # how the open block began
        self._ended: dict[int, Content] = {}  # blocks that another one has ended
        self._later: list[BlockPart] = []
        self._states: list[tuple[Reasoning, BlockEnd]] = []  # of reasoning that another block has ended
        self._skipped: set[int] = set()

    def write(self, part: Part) -> bytes:
        """The bytes for one part."""
        if type(part) is TextDelta and part.index == self._index and self._open is not None:
            return self._open.delta(part.text)
        if type(part) in _BLOCK_PARTS:
            return self._block_part(part)  # pyright: ignore[reportArgumentType] — told by its exact type, for speed
        match part:
            case Start():
                self._start, self._own, self._origin = part, part.dialect == NAME, part.provider or self._origin
            case UsagePart(usage=usage):
                self._usage = usage
                return self._opening() if self._own else b""
            case Finish(finish=finish, choice=0):
                self._finish = finish
            case ExtraPart():
                return self._add_extra(part)
            case ErrorPart(error=error):
                return self.fail(error)
            case _:
                pass
        return b""

    def close(self) -> bytes:
        """End what is open, say why the answer stops and what it took."""
        if self._done:
            return b""
        written = [self._opening()]
        while self._open is not None:
            written.append(self._end(None))
        for block, end in self._states:
            bare = Reasoning(origin=block.origin, extra=block.extra)
            written.append(Thinking(bare, self._numbers, None if self._own else self._origin).end(end))
        self._done = True
        usage = write_usage(self._usage, own=self._own, service_tier=self._tier)
        last = {key: self._extra.pop(key) for key in _AT_THE_END if key in self._extra}
        word = stop_word(self._finish, own=self._own, refused=self._refused)
        delta = {"stop_reason": word, "stop_sequence": None, **self._extra}
        written.append(event("message_delta", {"delta": delta, "usage": final_usage(usage, self._told), **last}))
        written.append(event("message_stop", {}))
        return b"".join(written)

    def fail(self, error: ProviderError) -> bytes:
        """End with an error."""
        if self._done:
            return b""
        self._done = True
        return event("error", write_error(error))

    def _add_extra(self, part: ExtraPart) -> bytes:
        data = dict(part.data)
        if part.scope == "reply":
            self._tier = data.pop("service_tier", self._tier)
        if not self._own:
            return b""
        if part.scope == "event":
            return self._opening() + event(str(data.get("type", "unknown")), data)
        if part.scope == "reply":
            self._extra.update(data)
        return b""

    def _opening(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        self._told = write_usage(self._usage, own=self._own, service_tier=self._tier)
        message = {
            "id": self._start.id or UNNAMED,
            "type": "message",
            "role": "assistant",
            "model": self._start.model or self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._told,
            **self._extra,
        }
        self._extra = {}
        return event("message_start", {"message": message})

    def _block_part(self, part: BlockPart) -> bytes:
        if self._open is not None and part.index == self._index:
            match part:
                case TextDelta(text=text) | ReasoningDelta(text=text) | ToolCallDelta(arguments=text):
                    return self._open.delta(text)
                case BlockEnd():
                    return self._end(part)
                case BlockStart():
                    return b""
        if part.index in self._skipped:
            return b""
        if self._later or (self._open is not None and self._open.waits_for_end):
            self._later.append(part)
            return b""
        return self._begin(part) if isinstance(part, BlockStart) else self._late(part)

    def _begin(self, part: BlockStart) -> bytes:
        if part.choice != 0:  # there is one answer only
            self._skipped.add(part.index)
            return b""
        written = self._opening()
        if self._index is not None and self._block is not None:
            self._ended[self._index] = self._block
            written += self._end(None)
        opened = writing(part.block, self._numbers, own=self._own, origin=self._origin)
        if opened is None:
            self._skipped.add(part.index)
            return written
        self._refused = self._refused or isinstance(part.block, Refusal)
        self._index, self._open, self._block = part.index, opened, part.block
        return written + opened.start()

    def _end(self, end: BlockEnd | None) -> bytes:
        """End the open block and write what has waited for that."""
        written = b"" if self._open is None else self._open.end(end)
        self._index = self._open = self._block = None
        waiting, self._later = self._later, []
        return written + b"".join(self._block_part(part) for part in waiting)

    def _late(self, part: BlockPart) -> bytes:
        """A part of a block that another one has ended: more text opens it anew, reasoning state is written at the end."""
        block = self._ended.get(part.index)
        match part, block:
            case BlockEnd(), Reasoning() if part.signature or part.encrypted:
                self._states.append((block, part))
            case (TextDelta(), Text() | Refusal()) | (ReasoningDelta(), Reasoning()):
                del self._ended[part.index]
                empty = Reasoning(origin=block.origin) if isinstance(block, Reasoning) else type(block)("")
                return self._begin(BlockStart(part.index, empty)) + self._block_part(part)
            case _:
                pass
        return b""
