"""What counts as equal: the equivalences that each dialect lists, and those of replies."""

import importlib
from typing import Any

import msgspec

UNREADABLE = {"unreadable": True}


def normal_request(dialect: str, body: bytes) -> Any:
    """A request document in the one form that stands for all its equals."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return UNREADABLE
    return importlib.import_module(f"genmux.dialects.{dialect}.equivalence").normalize(document)
