"""One knob of a model: its type, its range, and the words for what is wrong with a value."""

from typing import Any, Literal

import msgspec

ParamType = Literal["string", "integer", "number", "boolean", "array", "object"]
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

    `min` and `max` bound numbers, and the length of strings and arrays. `group` and `description` are for forms.
    `supported = false` says that the model refuses the parameter altogether.
    """

    type: ParamType
    default: Any = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str | int | float, ...] = ()
    required: bool = False
    supported: bool = True
    description: str | None = None
    group: str | None = None

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
