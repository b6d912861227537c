"""What the terminal shows: rich text for people, JSON for programs, plain words for errors."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from genmux.types.errors import ErrorKind, GenmuxError, ProviderError, ValidationError

EXIT_CODES: dict[ErrorKind, int] = {
    ErrorKind.INVALID_REQUEST: 2,
    ErrorKind.UNSUPPORTED: 2,
    ErrorKind.NOT_FOUND: 2,
    ErrorKind.CONFIGURATION: 3,
    ErrorKind.AUTHENTICATION: 4,
    ErrorKind.PERMISSION: 4,
    ErrorKind.QUOTA_EXCEEDED: 5,
    ErrorKind.BUDGET_EXCEEDED: 5,
    ErrorKind.RATE_LIMIT: 6,
    ErrorKind.OVERLOADED: 6,
    ErrorKind.TIMEOUT: 7,
    ErrorKind.NETWORK: 7,
}
"""What the command exits with for each kind of error; 1 for all others, 130 when interrupted."""

MISUSED = EXIT_CODES[ErrorKind.INVALID_REQUEST]

Cell = str | Text

_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
"""What could move the cursor, rename the window or worse."""


class _Screen(Console):
    """A console that leaves it to the command what becomes of a reader who has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


out = _Screen(soft_wrap=True, highlight=False, markup=False)
err = _Screen(stderr=True, soft_wrap=True, highlight=False, markup=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    _put(msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain)).decode() + "\n")


def print_json_line(value: Any) -> None:
    """One line of JSON on standard output."""
    _put(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")


def write(text: str) -> None:
    """Text of a model, as it is; a terminal gets it without control characters."""
    _put(harmless(text) if sys.stdout.isatty() else text)


def write_bytes(data: bytes) -> None:
    """What is no text, on standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def harmless(text: str) -> str:
    """Foreign text without what a terminal would obey."""
    return text.translate(_CONTROL)


def _put(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def show_table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """A table: on a terminal as wide as that is, for a pipe or a file one line for each row, whatever its length."""
    found = [[cell if isinstance(cell, Text) else Text(harmless(cell)) for cell in row] for row in rows]
    if not out.is_terminal:
        _put("".join(f"{line}\n" for line in _lines([[Text(name) for name in headings], *found])))
        return
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="dim")
    for number, heading in enumerate(headings):
        shown.add_column(heading, overflow="fold", no_wrap=number == 0)
    for row in found:
        shown.add_row(*row)
    out.print(shown, soft_wrap=False)


def _lines(rows: list[list[Text]]) -> Iterable[str]:
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.plain + " " * (width - cell.cell_len) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def show_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Names and what is to be said of each; a terminal folds what is long, a pipe gets it as it is."""
    from rich.table import Table

    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column(overflow="fold")
    told = [(name, harmless(text)) for name, text in facts if text]
    for name, text in told:
        shown.add_row(Text(name), Text(text))
    if out.is_terminal:
        out.print(shown, soft_wrap=False)
        return
    width = max((len(name) for name, _ in told), default=0)
    for name, text in told:
        for number, line in enumerate(text.splitlines()):
            _put(f"{'' if number else name:<{width}}  {line}\n")


def note(text: str) -> None:
    """Something beside the answer, on standard error."""
    err.print(Text(harmless(text), style="dim"))


def warn(text: str) -> None:
    """A warning, on standard error."""
    err.print(Text.assemble(("warning", "yellow"), ": ", harmless(text)))


def show_error(error: GenmuxError, *, as_json: bool = False) -> int:
    """Tell what went wrong; gives the exit code."""
    if as_json:
        print_json_line({"error": error_fields(error)})
    else:
        faults = error.faults if isinstance(error, ValidationError) else (_words(error),)
        facts = _facts(error)
        for fault in faults:
            err.print(Text.assemble(("error", "red"), ": ", harmless(fault), (facts, "dim")))
    return EXIT_CODES.get(error.kind, 1) if isinstance(error, ProviderError) else 1


def show_misuse(message: str, command: str, *, as_json: bool = False) -> int:
    """Tell that the command line itself cannot be understood; gives the exit code."""
    if as_json:
        print_json_line({"error": {"kind": ErrorKind.INVALID_REQUEST, "message": message}})
    else:
        err.print(Text.assemble(("error", "red"), ": ", harmless(message)))
        note(f"`{command} --help` tells what there is.")
    return MISUSED


def show_fault(error: Exception, *, as_json: bool = False) -> int:
    """Tell of a fault of our own; gives the exit code."""
    what = f"{type(error).__name__}: {error}"
    if as_json:
        print_json_line({"error": {"kind": ErrorKind.UNKNOWN, "message": f"genmux failed: {what}"}})
    else:
        err.print(Text.assemble(("genmux failed", "red"), ": ", harmless(what)))
        note("This is a fault in genmux. Run the command again with --verbose to see where.")
    return 1


def _words(error: GenmuxError) -> str:
    return error.message if isinstance(error, ProviderError) else str(error)


def _facts(error: GenmuxError) -> str:
    """What else is known of an error: kind, model, status."""
    if not isinstance(error, ProviderError):
        return ""
    names = [part for part in (error.provider, error.model) if part]
    where = "" if all(name in error.message for name in names) else "/".join(names)
    facts = (str(error.kind), where, f"HTTP {error.status}" if error.status else "", error.request_id or "")
    return f" ({', '.join(fact for fact in facts if fact)})"


def error_fields(error: GenmuxError) -> dict[str, Any]:
    """An error as data."""
    if not isinstance(error, ProviderError):
        return {"kind": ErrorKind.UNKNOWN, "message": str(error)}
    names = ("kind", "message", "provider", "model", "status", "code", "param", "retry", "retry_after", "request_id")
    fields = {name: value for name in names if (value := getattr(error, name)) is not None}
    return fields | ({"faults": error.faults} if isinstance(error, ValidationError) else {})


def _plain(value: Any) -> Any:
    return error_fields(value) if isinstance(value, GenmuxError) else str(value)
