"""What the terminal shows: rich text for people, JSON for programs, plain words for errors."""

import sys
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

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

_WIDE = 200
"""Columns of what is piped into a file or another program."""

out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain)).decode() + "\n")
    sys.stdout.flush()


def print_json_line(value: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")
    sys.stdout.flush()


def write(text: str) -> None:
    """Text of a model, as it is: nothing in it is markup."""
    sys.stdout.write(text)
    sys.stdout.flush()


def table(*headings: str) -> Table:
    """An empty table in the house's style."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def show_error(error: GenmuxError, *, as_json: bool = False) -> int:
    """Tell what went wrong; gives the exit code."""
    if as_json:
        print_json({"error": error_fields(error)})
    elif isinstance(error, ValidationError):
        for fault in error.faults:
            err.print(f"[red]error[/]: {_escaped(fault)}", highlight=False)
    else:
        err.print(f"[red]error[/]: {_escaped(str(error))}", highlight=False)
    return EXIT_CODES.get(error.kind, 1) if isinstance(error, ProviderError) else 1


def error_fields(error: GenmuxError) -> dict[str, Any]:
    """An error as data."""
    if not isinstance(error, ProviderError):
        return {"kind": "unknown", "message": str(error)}
    names = ("kind", "message", "provider", "model", "status", "code", "param", "retry", "retry_after", "request_id")
    fields = {name: value for name in names if (value := getattr(error, name)) is not None}
    return fields | ({"faults": error.faults} if isinstance(error, ValidationError) else {})


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


def _plain(value: Any) -> Any:
    return str(value)
