"""Reasoning beside the content of a message, in whichever fields a host tells it.

It is text in a plain field (`reasoning_content`, `reasoning`), or a list `reasoning_details` of OpenRouter's items
(openrouter.ai/docs/use-cases/reasoning-tokens, 2026-11), or both, saying the same. A block remembers in its `extra` where
it stood: `{"reasoning": None}` in a plain field, `{"reasoning_details": {…}}` as an item that said so besides, both keys
when the plain field repeated the items.

`reasoning_details` is also how the opaque state of other origins travels through clients of this dialect: such an item
has `origin` besides, and `extra` where the state's own dialect has further fields.
"""

from typing import Any

import msgspec

from genmux.dialects.openai_chat.fields import take
from genmux.dialects.openai_chat.parts_write import Place
from genmux.dialects.openai_chat.schema import DETAILS, NAME, PLAIN_REASONING
from genmux.types.content import Fields, Reasoning

_TEXT_FIELDS = {"reasoning.summary": "summary"}


def read_reasoning(fields: Fields, origin: str | None = None, *, asked: bool = False) -> list[Reasoning]:
    """Take the reasoning of a message. `origin` is whose items they are, where none says otherwise.

    In a reply an empty field says nothing; in a request (`asked`) it is left for `extra`, because some hosts insist on it.
    """
    items = take(fields, DETAILS, list) or []
    if not all(isinstance(item, dict) for item in items):
        fields[DETAILS] = items
        items = []
    blocks = [read_item(item, number, origin) for number, item in enumerate(items)]
    told = "".join(block.text for block in blocks)
    plain: dict[str, Fields] = {}
    repeated: Fields = {}
    for name in PLAIN_REASONING:
        if text := take(fields, name, str):
            if blocks and text == told:
                repeated[name] = None
            else:
                plain.setdefault(text, {})[name] = None
        elif text == "" and asked:
            fields[name] = text
    if repeated:
        blocks[0] = _also(blocks[0], repeated)
    return [*(Reasoning(text, extra=marks) for text, marks in plain.items()), *blocks]


def read_item(item: Fields, number: int, origin: str | None = None) -> Reasoning:
    """One item of `reasoning_details`, the `number`-th."""
    rest = {key: value for key, value in item.items() if value is not None}
    text_field = _TEXT_FIELDS.get(str(rest.get("type")), "text")
    text, signature, encrypted = (_take_words(rest, key) for key in (text_field, "signature", "data"))
    named, own = take(rest, "origin", str), take(rest, "extra", dict)
    block = Reasoning(text or "", signature, encrypted, named or origin)
    said = None if rest == head_of(block, number) else rest
    return msgspec.structs.replace(block, extra={DETAILS: said} if own is None else own)


def _take_words(item: Fields, key: str) -> str | None:
    """Take a text that says something; an empty one stays with what the item says besides."""
    return take(item, key, str) if item.get(key) else None


def item_of(block: Reasoning, rest: Fields | None, number: int, *, origin: str | None = None) -> Fields:
    """The item for a block; `rest` is what it said besides when it came. `origin` is told where one is given."""
    item: Fields = {**(head_of(block, number) if rest is None else rest)}
    if block.text:
        item[_TEXT_FIELDS.get(str(item.get("type")), "text")] = block.text
    if block.signature is not None:
        item["signature"] = block.signature
    if block.encrypted is not None:
        item["data"] = block.encrypted
    if origin is not None:
        item["origin"] = origin
    return item


def head_of(block: Reasoning, number: int) -> Fields:
    """What an item says of itself when there is nothing special about it."""
    kind = "reasoning.encrypted" if block.encrypted is not None and not block.text else "reasoning.text"
    return {"type": kind, "format": "unknown", "index": number}


class Way(msgspec.Struct, frozen=True):
    """How a block of reasoning is told to a caller: in plain fields, as an item that begins with `item`, or both."""

    plain: tuple[str, ...] = ()
    item: Fields | None = None


def way_of(block: Reasoning, number: int, *, own: bool, origin: str | None, whole: bool) -> Way:
    """The way for a block; `own` says that it is of this dialect, so that it is told as it came.

    Reasoning of another dialect is told like OpenRouter does: as an item, for its opaque state, and in a plain field.
    A `whole` block without state needs no item. `origin` is whose state it is, where the block does not say.
    """
    marks = block.extra or {} if own else {}
    plain = tuple(name for name in PLAIN_REASONING if name in marks)
    stateful = block.signature is not None or block.encrypted is not None
    if plain and DETAILS not in marks and not stateful:
        return Way(plain)
    if DETAILS in marks:
        head = head_of(block, number) if marks[DETAILS] is None else marks[DETAILS]
        return Way(plain, head if block.origin is None else {**head, "origin": block.origin})
    if whole and not stateful and block.origin is None:
        return Way(PLAIN_REASONING[:1])
    head = {**head_of(block, number), "origin": block.origin or origin or "unknown"}
    if block.extra:
        head["extra"] = block.extra
    return Way(PLAIN_REASONING[:1] if block.text or not whole else (), head)


class ReasoningFields:
    """Collects the reasoning fields of one message that is written."""

    __slots__ = ("_details", "_plain")

    def __init__(self) -> None:
        self._plain: dict[str, list[str]] = {}
        self._details: list[Fields] = []

    def plain(self, name: str, text: str) -> None:
        """Add text to a plain field."""
        self._plain.setdefault(name, []).append(text)

    def item(self, item: Fields) -> None:
        """Add an item."""
        self._details.append(item)

    @property
    def count(self) -> int:
        """How many items there are."""
        return len(self._details)

    def result(self) -> Fields:
        """The fields."""
        fields: dict[str, Any] = {name: "".join(texts) for name, texts in self._plain.items()}
        if self._details:
            fields[DETAILS] = self._details
        return fields


def echo(block: Reasoning, place: Place, fields: ReasoningFields, parts: list[Fields], repeat: set[str]) -> None:
    """Write reasoning of an earlier turn for the host that is asked now.

    Its opaque state goes only to where it came from. `repeat` holds the plain fields that repeat the items.
    """
    way = place.profile.reasoning_echo
    if way == "none":
        place.notes.unsupported(place.field, "the host takes no earlier reasoning; it is left out")
    elif not (block.origin == place.origin if block.origin is not None else place.dialect in (None, NAME)):
        _echo_stranger(block, place, fields, parts)
    elif way not in ("as_asked", DETAILS) and block.signature is None and block.encrypted is None:
        _as_text(way, block, fields, parts)
    else:
        _echo_own(block, place, fields, parts, repeat)


def _echo_stranger(block: Reasoning, place: Place, fields: ReasoningFields, parts: list[Fields]) -> None:
    way = place.profile.reasoning_echo
    as_text = way not in ("as_asked", DETAILS)
    if not as_text or block.signature is not None or block.encrypted is not None:
        whose = block.origin or place.dialect
        place.notes.unsupported(place.field, f"reasoning of {whose} means nothing to {place.origin}; it is left out")
    if as_text:
        _as_text(way, Reasoning(block.text), fields, parts)


def _echo_own(block: Reasoning, place: Place, fields: ReasoningFields, parts: list[Fields], repeat: set[str]) -> None:
    marks = block.extra or {}
    stateful = block.signature is not None or block.encrypted is not None
    plain = [name for name in PLAIN_REASONING if name in marks]
    if DETAILS in marks or stateful or place.profile.reasoning_echo == DETAILS:
        repeat.update(plain)
        fields.item(item_of(block, marks.get(DETAILS), fields.count))
        for name in repeat:
            fields.plain(name, block.text)
    elif "thinking" in marks:
        parts.append(thinking_part(block, marks["thinking"]))
    elif plain:
        for name in plain:
            fields.plain(name, block.text)
    elif block.text:
        place.notes.unsupported(place.field, "nobody said in which field this host takes reasoning from elsewhere")


def thinking_part(block: Reasoning, rest: Fields | None) -> Fields:
    """Mistral's typed item of `content`; `rest` is what it says besides."""
    return {"type": "thinking", "thinking": [{"type": "text", "text": block.text}], **(rest or {})}


def _as_text(way: str, block: Reasoning, fields: ReasoningFields, parts: list[Fields]) -> None:
    if way == "thinking":
        parts.append(thinking_part(block, (block.extra or {}).get("thinking")))
    elif block.text:
        fields.plain(way, block.text)


def _also(block: Reasoning, marks: Fields) -> Reasoning:
    return msgspec.structs.replace(block, extra={**(block.extra or {}), **marks})
