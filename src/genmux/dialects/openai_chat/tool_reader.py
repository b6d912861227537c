"""From the deltas of tool calls to parts."""

from typing import Any, Protocol

from genmux.dialects.openai_chat.messages_read import read_tool_call
from genmux.types.content import Fields, ToolCall
from genmux.types.parts import BlockEnd, BlockStart, Part, ToolCallDelta


class Counter(Protocol):
    """Gives every block of a stream a number of its own."""

    def take(self) -> int:
        """The next number."""
        ...


class _Call:
    """One call that is still growing. It begins when its name is known."""

    __slots__ = ("ended", "id", "index", "name", "waiting")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.index: int | None = None
        self.waiting: list[ToolCall] = []
        self.ended = False


class ToolReader:
    """Reads the tool calls of one choice.

    Which call a delta belongs to is told by its `index` where it has one, else by its id; without either it goes on with
    the last one. Some hosts number every call 0: a new id together with a name is a new call all the same.
    """

    def __init__(self, choice: int, numbers: Counter) -> None:
        self._choice = choice
        self._numbers = numbers
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._current: _Call | None = None

    def read(self, deltas: list[Any], parts: list[Part], *, mark: Fields | None = None) -> None:
        """Read the `tool_calls` of one delta."""
        for delta in deltas:
            if self._goes_on(delta, parts):
                continue
            if isinstance(delta, dict):
                rest = dict(delta)
                index = rest.pop("index", None)
                piece = read_tool_call(rest, mark=mark)
                self._add(self._call_of(index if type(index) is int else None, piece), piece, parts)

    def pause(self, parts: list[Part]) -> None:
        """Another block begins."""
        self._turn_to(None, parts)

    def end(self, parts: list[Part]) -> None:
        """The choice is complete: calls whose name never came begin now."""
        for call in self._calls:
            if call.index is None:
                self._turn_to(call, parts)
                self._begin(call, parts)
        self._turn_to(None, parts)

    def _goes_on(self, delta: Any, parts: list[Part]) -> bool:
        """The quick way for what comes by the thousand: more arguments for the call that is open."""
        if type(delta) is not dict or len(delta) != 2:
            return False
        body = delta.get("function")
        if type(body) is not dict or len(body) != 1 or type(arguments := body.get("arguments")) is not str:
            return False
        call, index = self._current, delta.get("index")
        if call is None or call.index is None or type(index) is not int or self._by_index.get(index) is not call:
            return False
        if arguments:
            parts.append(ToolCallDelta(call.index, arguments))
        return True

    def _call_of(self, index: int | None, piece: ToolCall) -> _Call:
        call = self._by_index.get(index) if index is not None else self._named(piece)
        renewed = call is not None and piece.name and piece.id and call.id and piece.id != call.id
        if call is None or renewed:
            call = _Call()
            self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        return call

    def _named(self, piece: ToolCall) -> _Call | None:
        if piece.id:
            return next((call for call in self._calls if call.id == piece.id), None)
        return None if piece.name or not self._calls else self._calls[-1]

    def _add(self, call: _Call, piece: ToolCall, parts: list[Part]) -> None:
        call.id = call.id or piece.id
        call.name = call.name or piece.name
        if call.index is None:
            call.waiting.append(piece)
            if call.name:
                self._turn_to(call, parts)
                self._begin(call, parts)
            return
        self._turn_to(call, parts)
        if piece.arguments:
            parts.append(ToolCallDelta(call.index, piece.arguments))

    def _begin(self, call: _Call, parts: list[Part]) -> None:
        call.index = self._numbers.take()
        first = call.waiting[0]
        extra: Fields = {}
        for piece in call.waiting:
            extra.update(piece.extra or {})
        block = ToolCall(call.id, call.name, "", first.kind, first.cache, extra or None)
        parts.append(BlockStart(call.index, block, self._choice))
        parts += [ToolCallDelta(call.index, piece.arguments) for piece in call.waiting if piece.arguments]
        call.waiting.clear()

    def _turn_to(self, call: _Call | None, parts: list[Part]) -> None:
        """End the call before, so that blocks come one after the other; what still comes for it is not lost."""
        before = self._current
        if before is call:
            return
        if before is not None and before.index is not None and not before.ended:
            before.ended = True
            parts.append(BlockEnd(before.index))
        self._current = call
