"""What people read where no package has it: prices and end dates that are kept in a file of their own."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from genmux.services.prices.media import MediaProvider, Retired, Source
from genmux.types.errors import ConfigurationError
from genmux.types.money import Confidence, Price

NAME = "by-hand"
NOTES = Path(__file__).with_suffix(".toml")
"""The file that comes with genmux."""


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model costs, where that can be read, and on which day (ISO date) it was. `plan` is the subscription."""

    url: str
    as_of: str
    confidence: Confidence
    prices: tuple[Price, ...]
    plan: str | None = None


class Notes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All notes by model (`provider/name`); `retired` are models that are no more."""

    models: dict[str, Note] = msgspec.field(default_factory=dict)
    retired: dict[str, Retired] = msgspec.field(default_factory=dict)


def read_notes(path: Path = NOTES) -> Notes:
    """The notes of a file. Raises ConfigurationError that names what is wrong with it."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Notes)
    except (OSError, msgspec.MsgspecError) as error:
        message = f"{path.name} cannot be read: {error}"
        raise ConfigurationError(message) from error


def source_of(notes: Notes, path: Path = NOTES) -> Source:
    """The file as a source of the catalogue; its version is the newest day of a note."""
    day = max((note.as_of for note in notes.models.values()), default="none")
    return Source(name=NAME, version=day, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), as_of=day)


def completed(providers: Mapping[str, MediaProvider], notes: Notes) -> dict[str, MediaProvider]:
    """The same with the noted prices where there are none, and without what has ended."""
    return {name: _completed(one, notes) for name, one in providers.items()}


def needless(providers: Mapping[str, MediaProvider], notes: Notes) -> Iterator[str]:
    """Notes on models that have a price by now, one line each."""
    for reference in notes.models:
        provider, _, name = reference.partition("/")
        model = providers[provider].models.get(name) if provider in providers else None
        if model is not None and model.prices:
            yield f"{reference}: {model.source} has a price now; remove the one in {NOTES.name}"


def _completed(provider: MediaProvider, notes: Notes) -> MediaProvider:
    models = dict(provider.models)
    retired = dict(provider.retired)
    for name, model in provider.models.items():
        reference = f"{provider.provider}/{name}"
        if end := notes.retired.get(reference):
            del models[name]
            retired[name] = end
        elif (note := notes.models.get(reference)) and not model.prices:
            models[name] = msgspec.structs.replace(
                model,
                source=NAME,
                confidence=note.confidence,
                prices=note.prices,
                url=note.url,
                as_of=note.as_of,
                plan=note.plan,
            )
    return MediaProvider(provider=provider.provider, models=models, retired=dict(sorted(retired.items())))
