"""Simulated providers of voice, a module each, in which `personality` is the class."""

import pkgutil
from importlib import import_module

from genmux.testing.simulator.voice.personality import VoicePersonality
from genmux.types.errors import ConfigurationError


def voice_personalities() -> tuple[str, ...]:
    """The names of those that there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def voice_personality_named(name: str) -> VoicePersonality:
    """A new one: by its name, or `package.module` of one of your own. Raises ConfigurationError."""
    if "." not in name and name not in voice_personalities():
        message = f"there is no personality {name!r} of voice; there are {', '.join(voice_personalities())}"
        raise ConfigurationError(message, param="personality")
    made: VoicePersonality = import_module(name if "." in name else f"{__name__}.{name}").personality()
    return made
