"""The media catalogue, made of the public sources, written and checked."""

import datetime
import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from genmux.services.prices.media import LOCK, Lock, MediaModel, MediaProvider, Source, is_past
from genmux.services.prices.sources import by_hand, listed_names, litellm, voice
from genmux.services.prices.sources.compare import agree, differences, jumps
from genmux.services.prices.sources.wheels import Wheel
from genmux.types.conditions import price_faults
from genmux.types.money import Confidence, Price

MODEL_PRICES = "model_prices/snapshot.json"
OTHER_IDS = {"xai": "xai", "google": "google", "moonshot": "moonshotai"}
"""Our provider ids as those of model-prices, where it has them."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A catalogue with what it was made of; `doubts` are jumps and differences that nobody has accepted yet."""

    providers: dict[str, MediaProvider]
    lock: Lock
    doubts: tuple[str, ...]


def make(
    wheels: Mapping[str, Wheel],
    *,
    today: datetime.date,
    folder: Path,
    notes: Path = by_hand.NOTES,
    accept: bool = False,
) -> Made:
    """The catalogue of today, compared with the one in a folder; `notes` is what people read themselves.

    Raises InvalidRequestError for data of an unknown form, ConfigurationError for notes that cannot be read.
    """
    noted = by_hand.read_notes(notes)
    data: dict[str, Any] = json.loads(wheels[litellm.NAME].text(litellm.MEMBER))
    lacking = listed_names.lacking_in(wheels[listed_names.NAME].text(listed_names.MEMBER))
    first = litellm.media_of(data, today=today, lacking=lacking)
    second = voice.media_of(wheels[voice.NAME].text(voice.MEMBER))
    third = _rates(json.loads(wheels["model-prices"].text(MODEL_PRICES)))
    disputed = {
        name: lines
        for name, sources in _by_model(first, second, third).items()
        if (lines := tuple(differences(name, sources)))
    }
    found = [line for lines in disputed.values() for line in lines]
    merged = _doubted(_merged(first, second), disputed.keys())
    providers = by_hand.completed(merged, noted)
    old, lock = read(folder)
    found += [*jumps(old, providers), *by_hand.needless(merged, noted)]
    known = frozenset(lock.accepted if lock else ())
    accepted = found if accept else [line for line in found if line in known]
    return Made(
        providers=providers,
        lock=Lock(
            made=today.isoformat(),
            sources=(by_hand.source_of(noted, notes), *_sources(wheels, lock, today)),
            accepted=tuple(sorted(accepted)),
        ),
        doubts=tuple(line for line in found if line not in accepted),
    )


def _sources(wheels: Mapping[str, Wheel], lock: Lock | None, today: datetime.date) -> tuple[Source, ...]:
    """What the catalogue is made of; a version that was there already keeps its day."""
    sources: list[Source] = []
    for name, wheel in sorted(wheels.items()):
        known = lock.source(name) if lock else None
        day = known.as_of if known and known.sha256 == wheel.sha256 else today.isoformat()
        sources.append(Source(name=name, version=wheel.version, sha256=wheel.sha256, as_of=day))
    return tuple(sources)


def _merged(first: Mapping[str, MediaProvider], second: Mapping[str, MediaProvider]) -> dict[str, MediaProvider]:
    """Both sources in one; where they know the same model, the first gives the prices."""
    merged: dict[str, MediaProvider] = {}
    for provider in sorted({*first, *second}):
        ours = first.get(provider) or MediaProvider(provider=provider)
        theirs = second.get(provider) or MediaProvider(provider=provider)
        models = dict(ours.models)
        for name, model in theirs.models.items():
            if name not in ours.retired:
                models[name] = _both(ours.models.get(name), model, taken={*ours.models, *theirs.models})
        merged[provider] = MediaProvider(
            provider=provider, models=dict(sorted(models.items())), retired=dict(sorted(ours.retired.items()))
        )
    return merged


def _doubted(providers: Mapping[str, MediaProvider], disputed: Collection[str]) -> dict[str, MediaProvider]:
    """The same with low confidence in what sources disagree on."""
    return {
        name: msgspec.structs.replace(
            one,
            models={
                key: msgspec.structs.replace(model, confidence="low") if f"{name}/{key}" in disputed else model
                for key, model in one.models.items()
            },
        )
        for name, one in providers.items()
    }


def _both(model: MediaModel | None, other: MediaModel, *, taken: set[str]) -> MediaModel:
    aliases = tuple(alias for alias in other.aliases if alias not in taken)
    if model is None or not model.prices:
        return msgspec.structs.replace(other, aliases=aliases)
    grades: dict[bool | None, Confidence] = {True: "high", False: "low", None: model.confidence}
    confidence = grades[agree(model, other)]
    return msgspec.structs.replace(model, aliases=aliases, confidence=confidence)


def _by_model(
    first: Mapping[str, MediaProvider], second: Mapping[str, MediaProvider], third: Mapping[str, tuple[Price, ...]]
) -> dict[str, dict[str, tuple[Price, ...]]]:
    """What each source says of the models that more than one knows."""
    found: dict[str, dict[str, tuple[Price, ...]]] = {}
    for source, providers in ((litellm.NAME, first), (voice.NAME, second)):
        for provider, one in providers.items():
            for name, model in one.models.items():
                found.setdefault(f"{provider}/{name}", {})[source] = model.prices
    for name, rows in third.items():
        if name in found:
            found[name]["model-prices"] = rows
    return {name: sources for name, sources in sorted(found.items()) if len(sources) > 1}


def _rates(snapshot: Mapping[str, Any]) -> dict[str, tuple[Price, ...]]:
    """The newest input and cache prices of model-prices; its output price may be one of images, so it is not compared."""
    from genmux.services.prices.sources.fields import exact

    meters = {"input": "tokens.input", "cache_read": "tokens.input.cached"}
    ours = {theirs: own for own, theirs in OTHER_IDS.items()}
    return {
        f"{ours.get(provider, provider)}/{name}": tuple(
            Price(meter=meter, amount=exact(rates[field]), per=1_000_000)
            for field, meter in meters.items()
            if isinstance(rates.get(field), int | float)
        )
        for provider, models in snapshot["prices"].items()
        for name, histories in models.items()
        if histories.get("standard") and (rates := histories["standard"][-1]["rates"])
    }


def read(folder: Path) -> tuple[dict[str, MediaProvider], Lock | None]:
    """The catalogue in a folder; nothing where there is none."""
    if not (folder / LOCK).is_file():
        return {}, None
    providers = {
        path.stem: msgspec.json.decode(path.read_bytes(), type=MediaProvider) for path in sorted(folder.glob("*.json"))
    }
    return providers, msgspec.json.decode((folder / LOCK).read_bytes(), type=Lock)


def written(made: Made) -> dict[str, bytes]:
    """The files of a catalogue by name: sorted, one model on each line."""
    files = {f"{name}.json": _file(provider) for name, provider in made.providers.items()}
    return {**files, LOCK: lock_file(made.lock)}


def write(made: Made, folder: Path) -> None:
    """Write the files, and remove those of providers that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    files = written(made)
    for path in folder.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_bytes(text)


def _file(provider: MediaProvider) -> bytes:
    parts = [b'{\n"provider": ' + msgspec.json.encode(provider.provider)]
    for field, entries in (("models", provider.models), ("retired", provider.retired)):
        if entries:
            lines = b",\n".join(
                msgspec.json.encode(name) + b": " + msgspec.json.encode(one) for name, one in sorted(entries.items())
            )
            parts.append(f'"{field}": {{\n'.encode() + lines + b"\n}")
    return b",\n".join(parts) + b"\n}\n"


def lock_file(lock: Lock) -> bytes:
    """The lock as its file."""
    return msgspec.json.format(msgspec.json.encode(lock), indent=1) + b"\n"


def faults(folder: Path) -> list[str]:
    """Everything that is wrong with the files of a catalogue, as they are; it needs no network and no sources."""
    try:
        providers, lock = read(folder)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return [f"{folder}: a file is not of the right form: {error}"]
    if lock is None:
        return [f"{folder} has no {LOCK}"]
    found = [
        f"{source.name}: {source.sha256!r} is no SHA-256"
        for source in lock.sources
        if not re.fullmatch(r"[0-9a-f]{64}", source.sha256)
    ]
    if lock_file(lock) != (folder / LOCK).read_bytes():
        found.append(f"{LOCK} is not in the form in which it is written; make it anew")
    for name, provider in providers.items():
        if provider.provider != name:
            found.append(f"{name}.json is of {provider.provider}")
        if _file(provider) != (folder / f"{name}.json").read_bytes():
            found.append(f"{name}.json is not sorted, or not in the form in which it is written; make it anew")
        found += [f"{name}/{fault}" for fault in _provider_faults(provider, lock)]
    return found


def _provider_faults(provider: MediaProvider, lock: Lock) -> Iterable[str]:
    made = datetime.date.fromisoformat(lock.made)
    names = {*provider.models, *provider.retired}
    aliases: set[str] = set()
    for name, model in provider.models.items():
        yield from (f"{name}: {fault}" for fault in price_faults(model.prices))
        if lock.source(model.source) is None:
            yield f"{name}: its source {model.source!r} is not in {LOCK}"
        try:
            if is_past(model.shutdown, made):
                yield f"{name}: it ended on {model.shutdown}, before the catalogue was made; it must be retired"
            if model.as_of is not None and not is_past(model.as_of, made):
                yield f"{name}: it was checked on {model.as_of}, after the catalogue was made"
        except ValueError as error:
            yield f"{name}: {error}"
        for alias in model.aliases:
            if alias in names or alias in aliases:
                yield f"{name}: the alias {alias!r} means another model too"
            aliases.add(alias)
    yield from (f"{name}: it is a model and retired too" for name in provider.models.keys() & provider.retired.keys())
