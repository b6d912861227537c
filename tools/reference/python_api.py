"""The public names of the library, from their docstrings."""

import inspect
from collections.abc import Iterator
from typing import Any

import genmux
from tools.reference.markdown import first_line, heading


def page() -> str:
    """Every public class and function with its docstring; the clients with their methods."""
    parts = [heading("Python API", "What `import genmux` offers. Names are imported when they are first used.")]
    for name in sorted(set(genmux.__all__) - {"__version__"}):
        thing: Any = getattr(genmux, name)
        parts.append("\n".join(_described(name, thing)))
    return "\n".join(parts)


def _described(name: str, thing: Any) -> Iterator[str]:
    if inspect.isfunction(thing):
        yield f"## `{name}{_signature(thing)}`\n"
    else:
        yield f"## `{name}`\n"
    yield f"{inspect.getdoc(thing) or ''}\n"
    if not inspect.isclass(thing):
        return
    fields = getattr(thing, "__struct_fields__", ())
    if fields:
        yield f"Fields: {', '.join(f'`{field}`' for field in fields)}.\n"
    methods = [
        (key, value) for key, value in vars(thing).items() if inspect.isfunction(value) and not key.startswith("_")
    ]
    for key, method in methods:
        yield f"- `{key}{_signature(method)}`: {first_line(method)}"
    if methods:
        yield ""


def _signature(function: Any) -> str:
    return str(inspect.signature(function)).replace("(self, ", "(").replace("(self)", "()").replace("genmux.", "")
