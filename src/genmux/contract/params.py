"""One knob of a model: its type, its range, and the words for what is wrong with a value."""

from typing import Any, Literal

import msgspec

from genmux.contract.operations import Operation
from genmux.types.generation import InputKind

ParamType = Literal["string", "integer", "number", "boolean", "array", "object"]
Carriage = Literal["url", "data_uri", "file"]
"""How an input reaches a provider: by its address, inside the JSON, or as a file (multipart, or an upload of its own)."""

_ACCEPTS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict, msgspec.Struct),
}

_SIZED = (str, list, tuple)
_NUMBERS = (int, float)  # as a tuple: `int | float` would be put together anew for each value


class Param(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A parameter of an operation.

    `min` and `max` bound numbers, and the length of strings and arrays. `operations` are those for which there is the
    parameter, all where it is empty. `supported = false` says that the model refuses the parameter altogether.

    For forms: `label`, `description`, `group`, `widget` (`slider`, `textarea`, `segmented` …), `step`, `unit` (`s`, `px` …),
    and `advanced`, which hides it at first.
    """

    type: ParamType
    default: Any = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str | int | float, ...] = ()
    required: bool = False
    supported: bool = True
    operations: tuple[Operation, ...] = ()
    label: str | None = None
    description: str | None = None
    group: str | None = None
    widget: str | None = None
    step: float | None = None
    unit: str | None = None
    advanced: bool = False

    def fault(self, name: str, value: object) -> str | None:
        """Say what is wrong with `value`, None when it is right."""
        if not self.supported:
            return f"`{name}` is not accepted by this model; leave it out"
        if not isinstance(value, _ACCEPTS[self.type]) or (isinstance(value, bool) and self.type != "boolean"):
            return f"`{name}` is {value!r}; it must be of type {self.type}"
        if self.choices and value not in self.choices:
            return f"`{name}` is {value!r}; it must be one of {', '.join(map(repr, self.choices))}"
        return self._range_fault(name, value)

    def _range_fault(self, name: str, value: object) -> str | None:
        if isinstance(value, _SIZED):
            size = len(value)
        elif isinstance(value, _NUMBERS) and not isinstance(value, bool):
            size = value
        else:
            return None
        if (self.min is None or size >= self.min) and (self.max is None or size <= self.max):
            return None
        what = f"is {value!r}" if size is value else f"has length {size}"
        return f"`{name}` {what}; the range is {_bound(self.min, 'no lower limit')} to {_bound(self.max, 'no upper limit')}"

    def clamp(self, value: float) -> float:
        """The nearest value inside the range."""
        low = value if self.min is None else max(value, self.min)
        near = low if self.max is None else min(low, self.max)
        return int(near) if self.type == "integer" else near


def _bound(bound: float | None, absent: str) -> str:
    return absent if bound is None else f"{bound:.15g}"


class InputParam(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An input that a model takes, by its role.

    `carriage` says how it may be given, the best way first. `media_types` are those that are taken (`image/png`; none: all of
    the kind), `max_bytes` is the largest file, `max_count` how many there may be; `min_side` and `max_side` bound width and
    height in pixels, `max_seconds` the length. With `convert`, what does not fit is converted to that media type and scaled
    down to `max_side`.
    """

    kind: InputKind
    required: bool = False
    carriage: tuple[Carriage, ...] = ("url", "data_uri")
    media_types: tuple[str, ...] = ()
    max_bytes: int | None = None
    min_count: int = 0
    max_count: int = 1
    min_side: int | None = None
    max_side: int | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    convert: str | None = None
    operations: tuple[Operation, ...] = ()
    label: str | None = None
    description: str | None = None
    group: str | None = None
