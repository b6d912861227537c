"""From the deltas of one choice of a stream to parts."""

from collections.abc import Iterable
from typing import Any

from genmux.dialects.openai_chat.decode import finish_of
from genmux.dialects.openai_chat.fields import json_text, take
from genmux.dialects.openai_chat.messages_read import read_images, read_sound
from genmux.dialects.openai_chat.parts_read import read_part
from genmux.dialects.openai_chat.reasoning import read_item
from genmux.dialects.openai_chat.schema import DETAILS, PLAIN_REASONING, REASONING
from genmux.dialects.openai_chat.tool_reader import ToolReader
from genmux.types.content import Content, Fields, Reasoning, Refusal, Text
from genmux.types.parts import BlockEnd, BlockStart, ExtraPart, Finish, Part, ReasoningDelta, TextDelta

TEXT = "text"
REFUSAL = "refusal"


class Numbers:
    """Gives every block of a stream a number of its own."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0

    def take(self) -> int:
        """The next number."""
        number = self._next
        self._next += 1
        return number


def changed(fields: Fields, said: Fields) -> Fields:
    """What is new in `fields`; `said` is brought up to date. Nulls say nothing."""
    news = {key: value for key, value in fields.items() if value is not None and said.get(key) != value}
    said.update(news)
    return news


def says_more(choices: Any) -> bool:
    """Whether the choices of a chunk bring more of an answer, and not only a role or the end."""
    for choice in choices if type(choices) is list else ():
        delta = (choice.get("delta") or choice.get("message")) if type(choice) is dict else None
        if type(delta) is dict and any(value for key, value in delta.items() if key != "role"):
            return True
    return False


class ChoiceReader:
    """Reads one choice. At most one block of text or reasoning is open; another kind closes it."""

    def __init__(self, number: int, numbers: Numbers, origin: str | None) -> None:
        self._number = number
        self._numbers = numbers
        self._origin = origin
        self._frame: Fields | None = None
        self._open: Any = None
        self._index = 0
        self._closing: Fields = {}
        self._items = 0
        self._tools = ToolReader(number, numbers)
        self._said: Fields = {}
        self._message_said: Fields = {}
        self._lists: dict[str, list[Any]] = {}
        self._logprobs: dict[str, list[Any]] = {}
        self._sound: Fields = {}
        self._reason: str | None = None
        self.finished = False

    def read(self, choice: Fields, parts: list[Part]) -> None:
        """Read what one chunk says of the choice."""
        delta = choice.pop("delta", None)
        message = choice.pop("message", None)
        if choice != self._frame:
            self._read_frame(choice, parts)
        if type(delta) is not dict:
            delta = message  # Writer calls it so
        if type(delta) is not dict:
            return
        if len(delta) > 1:
            delta = {
                key: value
                for key, value in delta.items()
                if value is not None and value != "" and (key != "role" or value != "assistant")
            }
        text = delta.get("content")
        if len(delta) > 1 or type(text) is not str:
            self._read_delta(delta, parts)
        elif text:
            parts.append(TextDelta(self._index if self._open == TEXT else self._begin(TEXT, Text(""), parts), text))

    def end(self, parts: list[Part]) -> None:
        """Close what is open, and tell what had to be collected."""
        self._close(parts)
        self._tools.end(parts)
        if self._sound and (block := read_sound(self._sound)) is not None:
            self._whole(block, parts)
        if self._lists:
            parts.append(ExtraPart(dict(self._lists), "message", self._number))
        if self._logprobs:
            parts.append(ExtraPart({"logprobs": dict(self._logprobs)}, "choice", self._number))

    def finish(self, parts: list[Part]) -> None:
        """Tell why the choice ended."""
        parts.append(Finish(finish_of(self._reason), self._number))

    def _read_frame(self, choice: Fields, parts: list[Part]) -> None:
        self._frame = choice
        rest = dict(choice)
        if (reason := take(rest, "finish_reason", str)) is not None:
            self._reason = reason
            self.finished = True
        logprobs = take(rest, "logprobs", dict)
        for key, tokens in (logprobs or {}).items():
            if isinstance(tokens, list):
                self._logprobs.setdefault(key, []).extend(tokens)
        if logprobs:
            self._frame = None  # they belong to this chunk alone
        if news := changed(rest, self._said):
            parts.append(ExtraPart(news, "choice", self._number))

    def _read_delta(self, delta: Fields, parts: list[Part]) -> None:
        if not REASONING.isdisjoint(delta):
            self._read_reasoning(delta, parts)
        if content := delta.pop("content", None):
            self._read_content(content, parts)
        if text := take(delta, "refusal", str):
            parts.append(TextDelta(self._at(REFUSAL, Refusal(""), parts), text))
        if (calls := delta.pop("tool_calls", None)) and isinstance(calls, list):
            self._close(parts)
            self._tools.read(calls, parts)
        if (legacy := take(delta, "function_call", dict)) and (legacy.get("name") or legacy.get("arguments")):
            self._close(parts)
            self._tools.read([{"index": 0, "function": legacy}], parts, mark={"function_call": None})
        if delta:
            self._read_rest(delta, parts)

    def _read_rest(self, delta: Fields, parts: list[Part]) -> None:
        for block in read_images(take(delta, "images", list) or [], delta):
            self._whole(block, parts)
        for key, value in (take(delta, "audio", dict) or {}).items():
            grows = key in ("data", "transcript") and isinstance(value, str)
            self._sound[key] = self._sound.get(key, "") + value if grows else value
        for key in [key for key, value in delta.items() if isinstance(value, list)]:
            _merge(self._lists.setdefault(key, []), delta.pop(key))
        if news := changed(delta, self._message_said):
            parts.append(ExtraPart(news, "message", self._number))

    def _read_content(self, content: Any, parts: list[Part]) -> None:
        if isinstance(content, str):
            parts.append(TextDelta(self._at(TEXT, Text(""), parts), content))
        elif isinstance(content, list):
            for item in content:
                self._read_item(read_part(item), parts)
        else:
            parts.append(TextDelta(self._at(TEXT, Text(""), parts), json_text(content)))

    def _read_item(self, block: Content, parts: list[Part]) -> None:
        """A typed item of the content: it goes on with the block before when that is of the same kind."""
        match block:
            case Text(text=text, extra=None):
                if text:
                    parts.append(TextDelta(self._at(TEXT, Text(""), parts), text))
            case Reasoning(text=text, extra=extra):
                said = (extra or {}).get("thinking") or {}
                index = self._at("thinking", Reasoning(extra={"thinking": None}), parts)
                if said := {key: value for key, value in said.items() if key != "thinking"}:
                    self._closing["extra"] = {
                        "thinking": {**(self._closing.get("extra", {}).get("thinking") or {}), **said}
                    }
                if text:
                    parts.append(ReasoningDelta(index, text))
            case _:
                self._whole(block, parts)

    def _read_reasoning(self, delta: Fields, parts: list[Part]) -> None:
        if len(delta) == 1 and DETAILS not in delta:
            name, text = next(iter(delta.items()))
            if type(text) is str and text:
                delta.clear()
                parts.append(ReasoningDelta(self._at((name,), Reasoning(extra={name: None}), parts), text))
                return
        plain = {name: text for name in PLAIN_REASONING if (text := take(delta, name, str))}
        items = take(delta, DETAILS, list)
        if items and all(isinstance(item, dict) for item in items):
            told = "".join(_words(item) for item in items)
            marks = {name: None for name, text in plain.items() if text == told}
            for item in items:
                self._read_detail(item, marks, parts)
            plain = {name: text for name, text in plain.items() if name not in marks}
        elif items:
            self._lists.setdefault(DETAILS, []).extend(items)
        if plain:
            by_text: dict[str, Fields] = {}
            for name, text in plain.items():
                by_text.setdefault(text, {})[name] = None
            for text, names in by_text.items():
                parts.append(ReasoningDelta(self._at(tuple(names), Reasoning(extra=names), parts), text))

    def _read_detail(self, item: Fields, marks: Fields, parts: list[Part]) -> None:
        """An item goes on with the block before when both are of the same type and index."""
        key = (DETAILS, item.get("type"), item.get("index"))
        goes_on = self._open == key
        block = read_item(item, self._items - goes_on, self._origin)
        stateful = block.signature is not None or block.encrypted is not None
        extra = {**(block.extra or {}), **marks}
        if goes_on and stateful:
            self._closing["extra"] = {**self._closing.get("extra", {}), **extra}
        elif not goes_on and (block.text or stateful):
            self._begin(key, Reasoning(origin=block.origin, extra=extra), parts)
            self._items += 1
        index = self._index
        self._closing.update(
            {name: value for name in ("signature", "encrypted") if (value := getattr(block, name)) is not None}
        )
        if block.text:
            parts.append(ReasoningDelta(index, block.text))

    def _at(self, key: Any, block: Content, parts: list[Part]) -> int:
        """The number of the open block of this kind; one is opened where there is none."""
        return self._index if self._open == key else self._begin(key, block, parts)

    def _begin(self, key: Any, block: Content, parts: list[Part]) -> int:
        self._close(parts)
        self._tools.pause(parts)
        self._open = key
        self._index = self._numbers.take()
        parts.append(BlockStart(self._index, block, self._number))
        return self._index

    def _close(self, parts: list[Part]) -> None:
        if self._open is not None:
            parts.append(BlockEnd(self._index, **self._closing))
            self._open = None
            self._closing = {}

    def _whole(self, block: Content, parts: list[Part]) -> None:
        """A block that comes in one piece."""
        self._begin(object(), block, parts)
        self._close(parts)


def _words(item: Fields) -> str:
    text = item.get("summary") if item.get("type") == "reasoning.summary" else item.get("text")
    return text if isinstance(text, str) else ""


def _merge(known: list[Any], news: Iterable[Any]) -> None:
    """Add items to a list; one with an `index` that is there already is brought up to date (Groq's `executed_tools`)."""
    for item in news:
        index = item.get("index") if isinstance(item, dict) else None
        place = next(
            (
                n
                for n, old in enumerate(known)
                if index is not None and isinstance(old, dict) and old.get("index") == index
            ),
            None,
        )
        if place is None:
            known.append(item)
        else:
            known[place] = {**known[place], **item}
