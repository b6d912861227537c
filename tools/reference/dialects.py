"""The dialects: what a manifest can say about a host, from the profiles, and what counts as the same request."""

import importlib
import importlib.util
import inspect
import re
import textwrap
from collections.abc import Iterator

import msgspec

from genmux.dialects import DIALECTS
from tools.reference.manifests import built_in_manifests
from tools.reference.markdown import cell_type, default, first_line, heading, table

INTRODUCTION = """A dialect is a form of requests and replies that many providers share. genmux speaks each in both directions: as a client
of providers, and as the server of the gateway. What differs between the hosts of one dialect stands in the manifest, as
`options` of the wire; an unknown option is an error that names the others. [Add a provider](../how-to/add-a-provider.md)
shows how to use them, [Replay](replay.md) what recorded traffic says about the dialects, with the list of exceptions."""

_OPTION = re.compile(r"^- `(\w+)`: (.*?)(?=^- `|\Z)", re.MULTILINE | re.DOTALL)
_NUMBERED = re.compile(r"^\d+\. (.*(?:\n   .*)*)", re.MULTILINE)


def page() -> str:
    """Each dialect with who speaks it, its options and its equivalences."""
    return "\n".join((heading("Dialects", INTRODUCTION), *map(_dialect, DIALECTS)))


def _dialect(name: str) -> str:
    speakers = ", ".join(
        f"`{manifest.id}`"
        for manifest in built_in_manifests()
        if any(wire.dialect == name for wire in manifest.wires.values())
    )
    profile = profile_of(name)
    same = "\n".join(f"- {text}" for text in equivalences(name))
    section = f"### What counts as the same request\n\n{same}\n" if same else ""
    return (
        f"## `{name}`\n\n{first_line(importlib.import_module(DIALECTS[name]))}\n\nSpoken by {speakers}.\n\n"
        f"### Options\n\n{first_line(profile)}\n\n{table(('option', 'type', 'default', 'meaning'), option_rows(profile))}\n"
        f"{section}"
    )


def profile_of(name: str) -> type[msgspec.Struct]:
    """The options of a dialect."""
    for module in (f"{DIALECTS[name]}.profile", f"{DIALECTS[name]}.client"):
        if importlib.util.find_spec(module) is not None:
            found = getattr(importlib.import_module(module), "Profile", None)
            if found is not None:
                return found
    message = f"the dialect {name} has no Profile"
    raise LookupError(message)


def option_rows(profile: type[msgspec.Struct]) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of each option. Raises LookupError for one that its docstring does not explain."""
    meanings = {name: " ".join(text.split()) for name, text in _OPTION.findall(inspect.getdoc(profile) or "")}
    for field in msgspec.structs.fields(profile):
        if field.name not in meanings:
            message = f"{profile.__module__}.{profile.__name__} does not say what `{field.name}` means"
            raise LookupError(message)
        yield f"`{field.name}`", cell_type(field), default(field), meanings[field.name]


def equivalences(name: str) -> list[str]:
    """What differs between two requests of a dialect and does not count, each with its reason. Sessions have no requests."""
    if importlib.util.find_spec(f"{DIALECTS[name]}.equivalence") is None:
        return []
    module = importlib.import_module(f"{DIALECTS[name]}.equivalence")
    told: dict[str, str] | None = getattr(module, "EQUIVALENCES", None)
    if told is not None:
        return [*told.values()]
    found = _NUMBERED.findall(textwrap.dedent(inspect.getdoc(module) or ""))
    return [_sentence(" ".join(text.split())) for text in found]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].rstrip(";.") + "."
