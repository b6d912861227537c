"""Blocks of a stream that are still growing: what each kind makes of the pieces that come for it."""

from typing import Protocol

import msgspec

from genmux.dialects.anthropic_messages.blocks_write import write_input
from genmux.dialects.anthropic_messages.emulation import Emulation, without_fence
from genmux.dialects.anthropic_messages.schema import (
    ArgumentsPiece,
    CitationPiece,
    Piece,
    SignaturePiece,
    TextPiece,
    ThinkingPiece,
)
from genmux.types.content import Content, Fields, Opaque, Reasoning, Text, ToolCall
from genmux.types.parts import BlockEnd, BlockStart, Part, ReasoningDelta, TextDelta, ToolCallDelta

Parts = tuple[Part, ...]


class Growing(Protocol):
    """One open block."""

    def start(self, index: int) -> Parts:
        """What can be said when the block opens."""
        ...

    def piece(self, index: int, piece: Piece) -> Parts | None:
        """What a piece adds; None when this kind of block has no use for it."""
        ...

    def end(self, index: int) -> Parts:
        """What was held back, and the end."""
        ...


def growing(block: Content, emulation: Emulation | None) -> Growing:
    """The block that begins like this. `emulation` says what has to be undone on the way."""
    match block:
        case Text() if emulation is not None and emulation.way == "words":
            return GrowingAnswer(block)
        case Text():
            return GrowingText(block)
        case ToolCall(name=name) if emulation is not None and emulation.way == "tool" and name == emulation.tool:
            return GrowingCall(block, Text(""))
        case ToolCall():
            return GrowingCall(block, msgspec.structs.replace(block, arguments=""))
        case Reasoning():
            return GrowingReasoning(block)
        case _:
            return GrowingOpaque(block)


class GrowingText:
    """Text, handed on as it comes; its citations are given at the end."""

    def __init__(self, block: Text) -> None:
        self._block = block
        self._citations: list[Fields] = []

    def start(self, index: int) -> Parts:
        """Open at once."""
        return (BlockStart(index, self._block),)

    def piece(self, index: int, piece: Piece) -> Parts | None:
        """Hand on text, keep citations."""
        match piece:
            case TextPiece(text=text):
                return (TextDelta(index, text),)
            case CitationPiece(citation=citation):
                self._citations.append(citation)
                return ()
            case _:
                return None

    def end(self, index: int) -> Parts:
        """Close with the citations."""
        return (BlockEnd(index, extra={"citations": self._citations} if self._citations else None),)


class GrowingAnswer:
    """The text of an answer that shall be JSON: held back until it is whole, then freed of a code fence."""

    def __init__(self, block: Text) -> None:
        self._block = block
        self._pieces: list[str] = []

    def start(self, index: int) -> Parts:
        """Open at once, without what is there already."""
        self._pieces.append(self._block.text)
        return (BlockStart(index, msgspec.structs.replace(self._block, text="")),)

    def piece(self, index: int, piece: Piece) -> Parts | None:
        """Keep text."""
        del index  # said at the end
        if not isinstance(piece, TextPiece):
            return None
        self._pieces.append(piece.text)
        return ()

    def end(self, index: int) -> Parts:
        """Give the text and close."""
        return (TextDelta(index, without_fence("".join(self._pieces))), BlockEnd(index))


class GrowingReasoning:
    """Thinking; the signature comes just before the end."""

    def __init__(self, block: Reasoning) -> None:
        self._block = block
        self._signature: str | None = None

    def start(self, index: int) -> Parts:
        """Open at once."""
        return (BlockStart(index, self._block),)

    def piece(self, index: int, piece: Piece) -> Parts | None:
        """Hand on thoughts, keep the signature."""
        match piece:
            case ThinkingPiece(thinking=text):
                return (ReasoningDelta(index, text),)
            case SignaturePiece(signature=signature):
                self._signature = signature
                return ()
            case _:
                return None

    def end(self, index: int) -> Parts:
        """Close with the signature."""
        return (BlockEnd(index, self._signature),)


class GrowingCall:
    """A tool call. Some servers give all its input when the block opens; others open with `{}` and then say no more."""

    def __init__(self, block: ToolCall, opening: ToolCall | Text) -> None:
        self._opening = opening
        self._delta = ToolCallDelta if isinstance(opening, ToolCall) else TextDelta
        self._unsaid = block.arguments

    def start(self, index: int) -> Parts:
        """Open without arguments."""
        return (BlockStart(index, self._opening),)

    def piece(self, index: int, piece: Piece) -> Parts | None:
        """Hand on arguments. The opening delta is empty."""
        if not isinstance(piece, ArgumentsPiece):
            return None
        if not piece.partial_json:
            return ()
        self._unsaid = ""
        return (self._delta(index, piece.partial_json),)

    def end(self, index: int) -> Parts:
        """Close; a call for which no arguments came has those it opened with."""
        return (self._delta(index, self._unsaid), BlockEnd(index)) if self._unsaid else (BlockEnd(index),)


class GrowingOpaque:
    """A block that is carried whole, and therefore held back until it is."""

    def __init__(self, block: Content) -> None:
        self._block = block
        self._arguments: list[str] = []

    def start(self, index: int) -> Parts:
        """Nothing yet."""
        del index  # said at the end
        return ()

    def piece(self, index: int, piece: Piece) -> Parts | None:
        """Let the block grow, as its kind of piece does elsewhere."""
        del index  # said at the end
        if not isinstance(self._block, Opaque):
            return None
        data = self._block.data
        match piece:
            case ArgumentsPiece(partial_json=text):
                self._arguments.append(text)
            case TextPiece(text=text):
                data["text"] = f"{data.get('text') or ''}{text}"
            case ThinkingPiece(thinking=text):
                data["thinking"] = f"{data.get('thinking') or ''}{text}"
            case SignaturePiece(signature=signature):
                data["signature"] = signature
            case CitationPiece(citation=citation):
                data["citations"] = [*(data.get("citations") or ()), citation]
        return ()

    def grow(self, fields: Fields) -> Parts | None:
        """Take the fields of a kind of piece that nobody knows."""
        if not isinstance(self._block, Opaque):
            return None
        self._block.data.update(fields)
        return ()

    def end(self, index: int) -> Parts:
        """Give the block."""
        if isinstance(self._block, Opaque) and (arguments := "".join(self._arguments)):
            self._block.data["input"] = write_input(arguments)
        return (BlockStart(index, self._block), BlockEnd(index))
