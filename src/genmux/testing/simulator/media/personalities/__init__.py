"""Simulated providers, a module each, in which `personality` is the class."""

import pkgutil
from importlib import import_module

from genmux.testing.simulator.media.personality import Personality
from genmux.types.errors import ConfigurationError


def personalities() -> tuple[str, ...]:
    """The names of those that come with genmux."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def personality_named(name: str) -> Personality:
    """A new one: by the name of one that comes with genmux, or `package.module` of one of your own. Raises ConfigurationError."""
    module = name if "." in name else f"{__name__}.{name}"
    if "." not in name and name not in personalities():
        message = (
            f"there is no personality {name!r}; there are {', '.join(personalities())}, or name a module of your own"
        )
        raise ConfigurationError(message, param="personality")
    try:
        made = import_module(module).personality()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"the personality {name!r} cannot be loaded: {error}", param="personality") from error
    if not isinstance(made, Personality):
        raise ConfigurationError(f"{module}.personality must make a Personality; it made {made!r}", param="personality")
    return made
