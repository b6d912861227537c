"""Files that commands read, and the one that they keep."""

import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from genmux.types.errors import InvalidRequestError


def read_schema(path: Path) -> dict[str, Any]:
    """A JSON Schema. Raises InvalidRequestError that names the file and what is wrong with it."""
    try:
        return msgspec.json.decode(path.expanduser().read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        message = f"the schema {path} cannot be read: {reason}"
        raise InvalidRequestError(message, param="schema") from error


def said(words: tuple[str, ...]) -> str:
    """What was given as arguments, and after it what was piped in."""
    return "\n\n".join(text for text in (" ".join(words), piped()) if text.strip())


def piped() -> str:
    """What was piped into the command; empty when a person sits at the terminal."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        message = f"standard input is not UTF-8 text: {error}; give a picture with --image"
        raise InvalidRequestError(message) from error


def history_file() -> Path:
    """Where what was said in conversations is kept, for the arrow keys; only its owner may read it."""
    from genmux.providers.local.files import weights_folder

    path = weights_folder(os.environ).parent / "history"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return path
