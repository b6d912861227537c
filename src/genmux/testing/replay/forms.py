"""The texts of a recorded form. Of its file, recordings keep only the beginning, and nothing of what came behind it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_NAME = re.compile(rb'\bname="([^"]*)"')
_FILE = re.compile(rb'\bfilename="')


class RecordedForm(NamedTuple):
    """The texts by name, several of one name as a list; `whole` is False where the end was cut off."""

    fields: dict[str, Any]
    whole: bool


def read_form(body: bytes) -> RecordedForm | None:
    """What is there of a form; None where it is none."""
    boundary = body.partition(b"\r\n")[0]
    if not boundary.startswith(b"--") or len(boundary) < 3:
        return None
    *parts, last = body.split(boundary)[1:]
    whole = last.startswith(b"--")
    return RecordedForm(grouped(_texts(parts if whole else [*parts, last], whole=whole)), whole)


def grouped(texts: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Texts by name; those of one name, or with `[]` behind it, as a list."""
    fields: dict[str, Any] = {}
    for name, text in texts:
        if name.endswith("[]") or name in fields:
            held = fields.get(name, [])
            fields[name] = [*(held if isinstance(held, list) else [held]), text]
        else:
            fields[name] = text
    return fields


def _texts(parts: list[bytes], *, whole: bool) -> Iterator[tuple[str, str]]:
    for number, part in enumerate(parts):
        head, gap, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        cut = not whole and number == len(parts) - 1
        if gap and name is not None and not _FILE.search(head) and not cut:
            yield name[1].decode("utf-8", "replace"), content.removesuffix(b"\r\n").decode("utf-8", "replace")
