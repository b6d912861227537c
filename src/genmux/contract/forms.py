"""A form that a caller sent, after its files were put away."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.types.errors import InvalidRequestError
from genmux.types.generation import Input, InputKind, InputRole

KINDS: dict[str, InputKind] = {"image": "image", "video": "video", "audio": "audio", "text": "text"}
"""What a file is by the first half of its media type; all else is a document."""


class FormPart(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a form: a text as `value`, or a file that is kept and whose `source` an `Input` can name.

    A source is the id of an asset, a path or a `data:` URI. `media_type` and `file_name` are what the caller says of a file.
    """

    name: str
    value: str = ""
    source: str | None = None
    media_type: str | None = None
    file_name: str | None = None

    def input(self, role: InputRole, kind: InputKind | None = None) -> Input:
        """The file as an input; its kind is told by its media type where it is not given."""
        told = KINDS.get((self.media_type or "image/").partition("/")[0], "document")
        return Input(kind=kind or told, source=self.source, role=role)


def split_form(parts: Iterable[FormPart]) -> tuple[dict[str, Any], tuple[FormPart, ...]]:
    """The texts of a form by name, and its files in their order.

    `name[]` is one of several, `name[key]` a field of an object. Raises InvalidRequestError for a name that is given twice.
    """
    texts: dict[str, Any] = {}
    files: list[FormPart] = []
    for part in parts:
        if part.source is not None:
            files.append(part)
            continue
        name, bracket, key = part.name.partition("[")
        key = key.rstrip("]")
        if bracket and not key:
            texts.setdefault(name, []).append(part.value)
        elif bracket:
            texts.setdefault(name, {})[key] = part.value
        elif name in texts:
            raise InvalidRequestError(f"`{name}` is given twice", param=name)
        else:
            texts[name] = part.value
    return texts, tuple(files)
