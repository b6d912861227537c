"""What counts as equal when recorded and written documents are compared.

Requests: what the dialect's own `equivalence.normalize` undoes; its docstring is the list. Replies: empty values (null,
`""`, `[]`, `{}`) say nothing, what we write besides is no loss, and for streams the table here.
"""

import importlib
import re
from typing import Any, NamedTuple


class SamePlace(NamedTuple):
    """A place in stream events that is the same as another one, or may be missing when `becomes` is None."""

    pattern: str
    becomes: str | None
    reason: str


STREAM_PLACES: dict[str, tuple[SamePlace, ...]] = {
    "anthropic_messages": (
        SamePlace(
            r"^message\.usage\.", "usage.", "`message_delta` repeats, and may revise, the usage of `message_start`"
        ),
        SamePlace(
            r"^content_block\.input\.", None, "the input of a tool may stand where its block opens or come in pieces"
        ),
    ),
    "openai_chat": (
        SamePlace(r"^(obfuscation|p)$", None, "padding that hides the length of the pieces is no part of the answer"),
        SamePlace(
            r"^choices\[\]\.message\.",
            "choices[].delta.",
            "some hosts send the message so far beside `delta`, or in its place",
        ),
        SamePlace(
            r"^choices\[\]\.delta\.content\[\]\.text$",
            "choices[].delta.content",
            "`content: [{text: x}]` is `content: x`",
        ),
        SamePlace(r"^error\.", None, "an error is told by its kind and message"),
    ),
}
"""What need not stand in the same place of a stream. That nothing is lost is then told by the joined results."""


def normal_request(dialect: str, document: Any) -> Any:
    """A request document in the one form that stands for all its equals."""
    return importlib.import_module(f"genmux.dialects.{dialect}.equivalence").normalize(document)


def normal_place(dialect: str, place: str) -> str | None:
    """A place in a stream's events in the one form that stands for all its equals, None when it does not matter."""
    for same in STREAM_PLACES[dialect]:
        if re.search(same.pattern, place):
            return None if same.becomes is None else re.sub(same.pattern, same.becomes, place)
    return place
