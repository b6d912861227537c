"""Wires that many providers share, pure and in both directions; each is imported when it is first asked for."""

import functools
import importlib
from typing import Any

from genmux.types.errors import ConfigurationError

DIALECTS = ("anthropic_messages", "openai_chat", "openai_embeddings")
"""All of them; each is a package of this name with an attribute `dialect`."""


@functools.cache
def load_dialect(name: str) -> Any:
    """A dialect by its name. Raises ConfigurationError that lists the dialects there are."""
    if name not in DIALECTS:
        message = f"there is no dialect {name!r}; there are {', '.join(DIALECTS)}"
        raise ConfigurationError(message)
    return importlib.import_module(f"genmux.dialects.{name}").dialect
