"""From our names for parameters and inputs to a provider's: a table for each model, and one way to write by it."""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Literal

import msgspec

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Steps
from genmux.types.errors import InvalidRequestError

Spelling = Literal["text", "seconds", "milliseconds", "sides", "width_height"]
"""How a value is written where it is not written as it is.

`text`: a number as text. `seconds`: `8` as `"8s"`. `milliseconds`: seconds as whole milliseconds. `sides`: `1024x768` as a
table of `width` and `height`; `width_height`: the same as two fields of these names.
"""

_SIZE = re.compile(r"(\d+)x(\d+)")


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider calls what we call otherwise.

    `names` are its names for parameters (and for `prompt`), `inputs` its names by the role of an input; one with `[]` at its end
    is a list. `spellings` are by our name. What is not in a table keeps its name, and is written as it is.
    """

    names: Mapping[str, str] = msgspec.field(default_factory=dict)
    inputs: Mapping[str, str] = msgspec.field(default_factory=dict)
    spellings: Mapping[str, Spelling] = msgspec.field(default_factory=dict)

    def but(
        self,
        names: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
        spellings: Mapping[str, Spelling] | None = None,
    ) -> "Fields":
        """The same table with some entries replaced or added."""
        return Fields(
            names={**self.names, **(names or {})},
            inputs={**self.inputs, **(inputs or {})},
            spellings={**self.spellings, **(spellings or {})},
        )


def addresses_of(request: MediaRequest, upload: Callable[[FileBody], Steps[str]]) -> Steps[list[str]]:
    """The addresses of a request's inputs, in their order; what is a file is uploaded first."""
    addresses: list[str] = []
    for one in request.inputs:  # no comprehension: it cannot hand steps on
        addresses.append((yield from upload(one.file)) if one.file is not None else one.url or "")  # noqa: PERF401
    return addresses


def write_fields(
    request: MediaRequest, fields: Fields, addresses: Sequence[str], *, without: Container[str] = ()
) -> dict[str, Any]:
    """A request as a provider's JSON. `addresses` are those of its inputs, in their order; `without` names parameters that go elsewhere.

    Raises InvalidRequestError for a value that cannot be written as the provider wants it.
    """
    written: dict[str, Any] = {}
    if request.prompt:
        written[fields.names.get("prompt", "prompt")] = request.prompt
    for name, value in request.params.items():
        if value is not None and name not in without:
            spell = _SPELL[fields.spellings[name]] if name in fields.spellings else _plain
            written |= spell(fields.names.get(name, name), value)
    for one, address in zip(request.inputs, addresses, strict=True):
        theirs = fields.inputs.get(one.role, one.role)
        if theirs.endswith("[]"):
            written.setdefault(theirs[:-2], []).append(address)
        else:
            written[theirs] = address
    return written


def _plain(name: str, value: Any) -> dict[str, Any]:
    return {name: value}


def _text(name: str, value: Any) -> dict[str, Any]:
    return {name: f"{value:g}" if isinstance(value, int | float) else str(value)}


def _seconds(name: str, value: Any) -> dict[str, Any]:
    return {name: f"{value:g}s" if isinstance(value, int | float) else str(value)}


def _milliseconds(name: str, value: Any) -> dict[str, Any]:
    return {name: round(value * 1_000)}


def _sides(name: str, value: Any) -> dict[str, Any]:
    found = _SIZE.fullmatch(str(value))
    return {name: {"width": int(found[1]), "height": int(found[2])} if found else value}


def _width_height(name: str, value: Any) -> dict[str, Any]:
    found = _SIZE.fullmatch(str(value))
    if found is None:
        message = f"`size` is {value!r}; it must be width and height in pixels, such as 1024x768"
        raise InvalidRequestError(message, param="size")
    del name
    return {"width": int(found[1]), "height": int(found[2])}


_SPELL: Mapping[str, Callable[[str, Any], dict[str, Any]]] = {
    "text": _text,
    "seconds": _seconds,
    "milliseconds": _milliseconds,
    "sides": _sides,
    "width_height": _width_height,
}
