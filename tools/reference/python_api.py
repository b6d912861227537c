"""The public names of the library, from their docstrings."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_type_hints

import genmux
from genmux.client.params import ChatParams, EmbedParams, Inputs, Prompt
from tools.reference.markdown import described, first_line, heading, table, type_name

_MODULE = re.compile(r"\b(?:\w+\.)+(?=\w)")
_UNPACKED = re.compile(r"\*<class '([\w.]+)'>")

NAMED: dict[str, Any] = {"Prompt": Prompt, "Inputs": Inputs}
"""What is better told once than in every signature."""


def page() -> str:
    """Every public class and function with its docstring; classes with their methods."""
    parts = [heading("Python API", "What `import genmux` offers. Names are imported when they are first used.")]
    names = sorted({*genmux.__all__} - {"__version__"})
    parts += ["\n".join(_described(name, getattr(genmux, name))) for name in names]
    parts += [f"## `{name}`\n\n`{type_name(union)}`\n" for name, union in NAMED.items()]
    parts += [_keywords(kind) for kind in (ChatParams, EmbedParams)]
    return "\n".join(parts)


def _described(name: str, thing: Any) -> Iterator[str]:
    yield f"## `{name}{_signature(thing)}`\n" if inspect.isfunction(thing) else f"## `{name}`\n"
    yield f"{described(thing)}\n" if hasattr(thing, "__name__") else f"Any of {_members(thing)}.\n"
    if not inspect.isclass(thing):
        return
    fields = getattr(thing, "__struct_fields__", ())
    if fields:
        yield f"Fields: {', '.join(f'`{field}`' for field in fields)}.\n"
    methods = [*_methods(thing)]
    for key, method in methods:
        yield f"- `{key}{_signature(method)}`: {first_line(method)}"
    if methods:
        yield ""


def _members(union: Any) -> str:
    return ", ".join(f"`{one.__name__}`" for one in union.__args__)


def _methods(thing: type) -> Iterator[tuple[str, Any]]:
    """The public methods of a class and of our classes that it is made of."""
    ours = [one for one in thing.__mro__ if one.__module__.startswith("genmux.")]
    seen: set[str] = set()
    for one in ours:
        for key, value in vars(one).items():
            function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if inspect.isfunction(function) and not key.startswith("_") and key not in seen:
                seen.add(key)
                yield key, function


def _keywords(kind: type) -> str:
    """What can be said by keyword."""
    rows = [(f"`{name}`", f"`{type_name(one)}`") for name, one in get_type_hints(kind).items()]
    return f"## `{kind.__name__}`\n\n{described(kind)}\n\n{table(('keyword', 'type'), rows)}"


def _signature(function: Any) -> str:
    text = _UNPACKED.sub(r"\1", str(inspect.signature(function)))
    for first in ("self", "cls"):
        text = text.replace(f"({first}, ", "(").replace(f"({first})", "()")
    short = _MODULE.sub("", text)
    for name, union in NAMED.items():
        short = short.replace(_MODULE.sub("", str(union)), name)
    return short
