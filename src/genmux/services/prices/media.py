"""The media catalogue: what images, videos, speech, transcription, search and the like cost at each provider.

It is made of public data by `genmux catalog update` and is part of the package: one file for each provider, read when it is
first asked for.
"""

import datetime
import functools
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from genmux.contract.manifest import Lifecycle
from genmux.contract.operations import Operation
from genmux.types.money import Confidence, Price

LOCK = "catalogue.lock"
CATALOGUE = Path(__file__).with_name("catalogue")
"""The folder of the catalogue that comes with genmux."""

_log = logging.getLogger("genmux.prices")


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where data comes from: a package, its version, the hash of the wheel, and the day on which it was read."""

    name: str
    version: str
    sha256: str
    as_of: str


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which data the catalogue was made of, and on which day (ISO date); `accepted` are the differences that may be."""

    made: str
    sources: tuple[Source, ...]
    accepted: tuple[str, ...] = ()

    def source(self, name: str) -> Source | None:
        """One of them by name."""
        return next((one for one in self.sources if one.name == name), None)


class MediaModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model of the catalogue.

    `aliases` are other names for it; `url` is where the source says that it read the prices. `plan` is the subscription
    that the prices are those of. `as_of` is the day (ISO date) on which the source checked them, where that is another
    than the day of the source.
    """

    kind: str
    source: str
    operations: tuple[Operation, ...] = ()
    confidence: Confidence = "low"
    prices: tuple[Price, ...] = ()
    aliases: tuple[str, ...] = ()
    url: str | None = None
    plan: str | None = None
    as_of: str | None = None
    shutdown: str | None = None
    replacement: str | None = None


class Retired(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A model that is no more, since a day (ISO date), and what to use in its place."""

    shutdown: str
    replacement: str | None = None


class MediaProvider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that the catalogue has of one provider, by the provider's own names for its models."""

    provider: str
    models: dict[str, MediaModel] = msgspec.field(default_factory=dict)
    retired: dict[str, Retired] = msgspec.field(default_factory=dict)


class ListedMedia(msgspec.Struct, frozen=True, kw_only=True):
    """One model for people to choose from."""

    provider: str
    id: str
    kind: str
    operations: tuple[Operation, ...]
    lifecycle: Lifecycle


class MediaCatalogue:
    """Reads the catalogue in a folder. Safe to share between threads."""

    def __init__(self, folder: Path = CATALOGUE) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[str, MediaProvider | None] = {}
        self._names: dict[str, dict[str, str]] = {}

    def rows(self, provider_id: str, wire_id: str) -> tuple[Price, ...] | None:
        """The price rows of a model, each with source, day and confidence; None when it is not in the catalogue."""
        found = self.model(provider_id, wire_id)
        if found is None or not found.prices:
            return None
        source = self.sources.source(found.source)
        told = f"{found.source} {source.version}" if source else found.source
        if found.plan:
            told = f"{told}, plan {found.plan}"
        if found.url:
            told = f"{told} ({found.url})"
        as_of = found.as_of or (source.as_of if source else None)
        return tuple(
            msgspec.structs.replace(row, source=told, as_of=as_of, confidence=found.confidence) for row in found.prices
        )

    def model(self, provider_id: str, wire_id: str) -> MediaModel | None:
        """A model by the provider's own name for it, or another name; None when it is not there."""
        provider = self._provider(provider_id)
        if provider is None:
            return None
        if found := provider.models.get(wire_id):
            return found
        names = self._names.get(provider_id)
        if names is None:
            names = {other.lower(): name for name, model in provider.models.items() for other in (name, *model.aliases)}
            self._names[provider_id] = names
        name = names.get(wire_id.lower())
        return provider.models[name] if name is not None else None

    def retired(self, provider_id: str, wire_id: str) -> Retired | None:
        """When a model ended, None when it did not or never was in the catalogue."""
        provider = self._provider(provider_id)
        return provider.retired.get(wire_id) if provider else None

    def models(self, provider_id: str | None = None) -> Iterator[ListedMedia]:
        """The models of one provider, or of all, sorted by provider and name."""
        for one in self.providers() if provider_id is None else (provider_id,):
            provider = self._provider(one)
            for name, model in provider.models.items() if provider else ():
                lifecycle = Lifecycle(shutdown=model.shutdown, replacement=model.replacement)
                yield ListedMedia(
                    provider=one, id=name, kind=model.kind, operations=model.operations, lifecycle=lifecycle
                )

    def providers(self) -> tuple[str, ...]:
        """All provider ids, sorted."""
        return tuple(sorted(place.stem for place in self._folder.glob("*.json")))

    @functools.cached_property
    def sources(self) -> Lock:
        """Which data the catalogue was made of."""
        return msgspec.json.decode((self._folder / LOCK).read_bytes(), type=Lock)

    def _provider(self, provider_id: str) -> MediaProvider | None:
        if provider_id not in self._read:
            with self._lock:
                self._read[provider_id] = self._decoded(provider_id)
        return self._read[provider_id]

    def _decoded(self, provider_id: str) -> MediaProvider | None:
        if not provider_id.replace("-", "").replace("_", "").isalnum():
            return None  # it would name another file
        try:
            text = (self._folder / f"{provider_id}.json").read_bytes()
        except OSError:
            return None
        try:
            return msgspec.json.decode(text, type=MediaProvider)
        except msgspec.MsgspecError as error:
            _log.warning("the media prices of %s cannot be read, so they are unknown: %s", provider_id, error)
            return None


def is_past(day: str | None, today: datetime.date) -> bool:
    """Whether a day (ISO date) has come."""
    return day is not None and datetime.date.fromisoformat(day) <= today
