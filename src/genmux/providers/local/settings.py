"""What a user can set for embedded models, read from the options that an engine is given."""

import os
from collections.abc import Mapping

from genmux.types.errors import ConfigurationError

EXTRA = "pip install 'genmux[local]'"
VOICE_EXTRA = "pip install 'genmux[voice]'"


def thread_count(options: Mapping[str, str]) -> int:
    """How many threads compute. All cores but one by default: one thread too many, and all of them wait for each other."""
    return number(options, "threads", least=1) or max(1, core_count() - 1)


def number(options: Mapping[str, str], name: str, *, least: int) -> int | None:
    """A whole number, None when it is not set. Raises ConfigurationError."""
    value = options.get(name)
    if not value:
        return None
    if not value.strip().isdecimal() or int(value) < least:
        message = f"`{name}` of the provider local is {value!r}; it must be a whole number, {least} or more"
        raise ConfigurationError(message, param=name)
    return int(value)


def missing_extra(error: ImportError, extra: str = EXTRA) -> ConfigurationError:
    """The error for a package that is not installed. `extra` is how to get it."""
    return ConfigurationError(
        f"embedded models need the package {error.name or error}, which is not installed: {extra}"
    )


def core_count() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
