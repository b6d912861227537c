"""Files that commands read."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from genmux.types.errors import InvalidRequestError


def read_schema(path: Path) -> dict[str, Any]:
    """A JSON Schema. Raises InvalidRequestError that names the file and what is wrong with it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        message = f"the schema {path} cannot be read: {error}"
        raise InvalidRequestError(message, param="schema") from error


def piped() -> str:
    """What was piped into the command; empty when a person sits at the terminal."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        message = f"standard input is not UTF-8 text: {error}; give a picture with --image"
        raise InvalidRequestError(message) from error
