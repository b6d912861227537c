"""What a model's parameters allow one another."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Value = str | int | float | bool


class Constraint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`when` all of these parameters have one of these values, `param` is limited: to `choices`, to a range, required or forbidden.

    In `when`, a list means any of its values, `true` for the role of an input that it is given and `false` that it is not.
    `reason` is told with the refusal.
    """

    when: dict[str, Value | tuple[Value, ...]]
    param: str
    choices: tuple[Value, ...] = ()
    min: float | None = None
    max: float | None = None
    required: bool = False
    forbidden: bool = False
    reason: str | None = None

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether it limits anything for these values; an input is `true` under its role."""
        return all(_is_one_of(values.get(name), wanted) for name, wanted in self.when.items())

    def fault(self, values: Mapping[str, Any]) -> str | None:
        """What is wrong with these values, None when nothing is."""
        if not self.applies(values):
            return None
        value, given = values.get(self.param), values.get(self.param) not in (None, False)
        lack = self._lack(value, given=given)
        if lack is None:
            return None
        told = " and ".join(f"`{name}` is {values.get(name)!r}" for name in self.when)
        return f"with {told}, `{self.param}` {lack}" + (f": {self.reason}" if self.reason else "")

    def _lack(self, value: Any, *, given: bool) -> str | None:
        if self.forbidden:
            return "must be left out" if given else None
        if not given:
            return "must be given" if self.required else None
        if self.choices and value not in self.choices:
            return f"is {value!r}; it must be one of {', '.join(map(repr, self.choices))}"
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = self.min, self.max
            if (low is not None and value < low) or (high is not None and value > high):
                bounds = [f"{one:.15g}" if one is not None else "any" for one in (low, high)]
                return f"is {value!r}; the range is {bounds[0]} to {bounds[1]}"
        return None


def constraint_faults(constraints: tuple[Constraint, ...], values: Mapping[str, Any]) -> Iterator[str]:
    """Everything that is wrong with values, in words."""
    yield from (fault for one in constraints if (fault := one.fault(values)))


def _is_one_of(value: Any, wanted: Value | tuple[Value, ...]) -> bool:
    if isinstance(wanted, tuple):
        return value in wanted
    if isinstance(wanted, bool):
        return bool(value) is wanted
    return bool(value == wanted)
