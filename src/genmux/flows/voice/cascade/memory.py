"""What was said so far, as the text model gets to see it; of an interrupted answer only what was heard."""

import msgspec

from genmux.types.chat import Message
from genmux.types.content import Image, Text, ToolCall, ToolResult

MOST = 200
"""So many messages are kept, the latest ones."""


class Said(msgspec.Struct):
    """A piece of an answer that was spoken: its text, and from where to where it is in the sound, in milliseconds."""

    text: str
    start: float
    end: float


class Memory:
    """Messages by the id of their item. `changes` counts how often something was written, changed or taken out."""

    def __init__(self) -> None:
        self.changes = 0
        self._items: dict[str, Message] = {}
        self._said: dict[str, list[Said]] = {}

    def copy(self) -> "Memory":
        """Another one that knows the same."""
        other = Memory()
        other.changes = self.changes
        other._items = dict(self._items)
        other._said = {item: [*pieces] for item, pieces in self._said.items()}
        return other

    def add(self, item: str, message: Message) -> None:
        """Something was said."""
        self.changes += 1
        self._items[item] = message
        while len(self._items) > MOST:
            oldest = next(iter(self._items))
            del self._items[oldest]
            self._said.pop(oldest, None)

    def write(self, item: str, role: str, text: str, images: tuple[Image, ...] = ()) -> None:
        """Somebody said something in words."""
        self.add(item, Message(role=role, content=(*images, Text(text))))  # pyright: ignore[reportArgumentType]

    def call(self, item: str, text: str, calls: tuple[ToolCall, ...]) -> None:
        """The model said something and called tools."""
        words = (Text(text),) if text else ()
        self.add(item, Message(role="assistant", content=(*words, *calls)))

    def result(self, item: str, call_id: str, name: str, output: str) -> None:
        """A tool gave something."""
        told = ToolResult(call_id=call_id, content=(Text(output),), name=name)
        self.add(item, Message(role="tool", content=(told,)))

    def speak(self, item: str, text: str, start: float, end: float) -> None:
        """A piece of an answer has this place in its sound."""
        self._said.setdefault(item, []).append(Said(text, start, end))

    def truncate(self, item: str, ms: float) -> str | None:
        """Only so much of an answer was heard: what else was said counts as not said. Gives what is left of its text."""
        message, pieces = self._items.get(item), self._said.get(item)
        if message is None or pieces is None:
            return None
        self.changes += 1
        left = "".join(_heard(one, ms) for one in pieces).rstrip()
        if left:
            self._items[item] = msgspec.structs.replace(message, content=(Text(left),))
        else:
            del self._items[item]
        self._said.pop(item, None)
        return left

    def delete(self, item: str) -> bool:
        """Take something out; False when it is not there."""
        self.changes += 1
        return self._items.pop(item, None) is not None

    def messages(self, instructions: str | None) -> tuple[Message, ...]:
        """All of it, the oldest first."""
        first = (Message(role="system", content=(Text(instructions),)),) if instructions else ()
        return (*first, *self._items.values())


def _heard(piece: Said, ms: float) -> str:
    """The words of a piece that were heard: as many as their share of its time."""
    if ms >= piece.end:
        return piece.text
    if ms <= piece.start or piece.end <= piece.start:
        return ""
    share = (ms - piece.start) / (piece.end - piece.start)
    whole = piece.text[: int(len(piece.text) * share)]
    return whole if whole == piece.text else whole[: whole.rfind(" ") + 1]
