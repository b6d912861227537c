"""Wires that many providers share, pure and in both directions.

A dialect is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Literal, overload

from genmux.types.errors import ConfigurationError

if TYPE_CHECKING:
    from genmux.contract.dialect import Dialect
    from genmux.dialects.gemini_live import LiveDialect
    from genmux.dialects.openai_audio import AudioDialect
    from genmux.dialects.openai_embeddings import EmbedDialect
    from genmux.dialects.openai_images import ImagesDialect
    from genmux.dialects.openai_realtime import RealtimeDialect

DIALECTS: dict[str, str] = {
    name: f"genmux.dialects.{name}"
    for name in (
        "openai_chat",
        "openai_embeddings",
        "openai_images",
        "openai_audio",
        "openai_realtime",
        "anthropic_messages",
        "gemini_live",
    )
}
"""Each dialect by name, with the module in which it is `dialect`."""


@overload
def load_dialect(name: Literal["openai_embeddings"]) -> "EmbedDialect": ...  # pyright: ignore[reportOverlappingOverload] — not for chat
@overload
def load_dialect(name: Literal["openai_images"]) -> "ImagesDialect": ...
@overload
def load_dialect(name: Literal["openai_audio"]) -> "AudioDialect": ...
@overload
def load_dialect(name: Literal["openai_realtime"]) -> "RealtimeDialect": ...
@overload
def load_dialect(name: Literal["gemini_live"]) -> "LiveDialect": ...
@overload
def load_dialect(name: str) -> "Dialect": ...
def load_dialect(name: str) -> "Dialect | EmbedDialect | ImagesDialect | AudioDialect | RealtimeDialect | LiveDialect":
    """The dialect of this name. Raises ConfigurationError when there is none."""
    module = DIALECTS.get(name)
    if module is None:
        message = f"there is no dialect {name!r}; the dialects are {', '.join(DIALECTS)}"
        raise ConfigurationError(message)
    return import_module(module).dialect
