"""LiteLLM's data as entries of the media catalogue (MIT, Copyright (c) 2023 Berri AI)."""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from genmux.services.prices.media import MediaModel, MediaProvider, Retired, is_past
from genmux.services.prices.sources.fields import exact, fitted, is_price, multiplied
from genmux.services.prices.sources.names import TEXT, kind_of, operations_of, provider_id, taken_apart
from genmux.types.conditions import price_faults
from genmux.types.errors import InvalidRequestError
from genmux.types.money import Condition, Price

NAME = "litellm"
MEMBER = "litellm/model_prices_and_context_window_backup.json"

IMAGES_BY_TOKENS = ("tencent",)
"""Providers whose rate for image tokens is no price by itself: an image has one."""

IMAGES_TOLD_TWICE = ("runway",)
"""Providers whose rate for input images is the one for their output, told twice."""

FREE = ("duckduckgo", "searxng")
"""Providers that cost nothing; with others a price of 0 is one that is not known."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_MEGAPIXEL = re.compile(r"rounding .{0,20}up to the nearest megapixel", re.IGNORECASE)
_AUDIO = re.compile(r"(\d+) credits per second with audio, (\d+) without")
_LEAST = re.compile(r"(\d+) credit minimum per task")
_CREDITS = re.compile(r"(\d+)(?: credits)?(?: per second)?.*@ \$([\d.]+) per credit")


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One key of LiteLLM: the model that it means and what it says of it."""

    provider: str
    name: str
    when: dict[str, Condition]
    mode: str
    facts: Mapping[str, Any]
    rows: tuple[Price, ...]


Lacking = Callable[[str, str], bool]
"""Whether the token price list does not know a model: our provider id, the provider's own name for it."""


def media_of(
    data: Mapping[str, Any], *, today: datetime.date, lacking: Lacking = lambda _provider, _name: False
) -> dict[str, MediaProvider]:
    """All media models by provider, and the text models that the token price list lacks.

    Those whose end has come are retired. Raises InvalidRequestError for a new kind of field.
    """
    groups: dict[tuple[str, str], list[_Entry]] = {}
    for key, facts in sorted(data.items()):
        entry = _entry(key, facts, lacking)
        if entry is not None:
            groups.setdefault((entry.provider, entry.name), []).append(entry)
    models: dict[str, dict[str, MediaModel]] = {}
    retired: dict[str, dict[str, Retired]] = {}
    for (provider, name), found in sorted(groups.items()):
        entries = sorted(found, key=lambda entry: len(entry.when))  # the plain one speaks first
        end = _end(entries)
        replacement = next((_own_name(one) for entry in entries if (one := entry.facts.get("successor_model"))), None)
        if end is not None and is_past(end, today):
            retired.setdefault(provider, {})[name] = Retired(shutdown=end, replacement=replacement)
            continue
        made = _model(name, entries, end=end, replacement=replacement)
        if made is not None:
            models.setdefault(provider, {})[name] = made
    return {
        provider: MediaProvider(provider=provider, models=models.get(provider, {}), retired=retired.get(provider, {}))
        for provider in sorted({*models, *retired})
    }


def _entry(key: str, facts: Mapping[str, Any], lacking: Lacking) -> _Entry | None:
    provider = facts.get("litellm_provider", "")
    mode = facts.get("mode") or ("audio_speech" if "input_cost_per_character" in facts else "")
    kind = None if key == "sample_spec" else kind_of(mode, key)
    if kind is None:
        return None
    name, when = taken_apart(key, provider)
    if kind == "text" and (not _is_text_for_us(name, provider) or not lacking(provider_id(provider), name)):
        return None
    rows: list[Price] = []
    for field, value in facts.items():
        if not is_price(field):
            continue
        found = fitted(field, value, mode=mode)
        if found is None:
            message = f"LiteLLM's {key} has a price field that nobody knows: {field} = {value!r:.80}; add it to {__name__.rpartition('.')[0]}.fields"
            raise InvalidRequestError(message, param=field)
        rows += found
    return _Entry(provider=provider_id(provider), name=name, when=when, mode=mode, facts=facts, rows=tuple(rows))


def _is_text_for_us(name: str, provider: str) -> bool:
    """Whether it is one model of a provider whose text models are taken, and no price class."""
    return provider_id(provider) in TEXT and not name.startswith(("fireworks-ai-", "together-ai-", "ft:"))


def _own_name(reference: str) -> str:
    """A successor's name without LiteLLM's provider in front."""
    first, slash, rest = reference.partition("/")
    return f"{provider_id(first)}/{rest}" if slash else reference


def _end(entries: Iterable[_Entry]) -> str | None:
    """The last of the days that its entries give, None when one of them gives none."""
    days = [str(entry.facts.get("deprecation_date", "")) for entry in entries]
    return max(days) if days and all(_ISO.fullmatch(day) for day in days) else None


def _model(name: str, entries: list[_Entry], *, end: str | None, replacement: str | None) -> MediaModel | None:
    first = entries[0]
    kind = kind_of(first.mode, name)
    if kind is None:
        return None
    prices = _prices(entries)
    if kind == "text" and not prices:
        return None
    url = next((url for entry in entries if (url := entry.facts.get("source"))), None)
    takes_images = any(_takes_images(entry.facts) for entry in entries)
    operations = operations_of(kind, first.mode, name, takes_images=takes_images)
    if kind == "text" and not any(row.meter.startswith("tokens.input") for row in prices):
        operations = ()  # no chat: a container for code, or a model that cuts pictures into their parts
    return MediaModel(
        kind=kind,
        source=NAME,
        operations=operations,
        confidence="medium" if url else "low",
        prices=prices,
        url=url,
        shutdown=end,
        replacement=replacement if end else None,
    )


def _takes_images(facts: Mapping[str, Any]) -> bool:
    return "/v1/images/edits" in facts.get("supported_endpoints", ()) or "image" in facts.get(
        "supported_modalities", ()
    )


def _prices(entries: Iterable[_Entry]) -> tuple[Price, ...]:
    """The rows of all keys of a model, each once, with what the keys say as conditions."""
    rows: dict[tuple[str, str], Price] = {}
    for entry in entries:
        for row in _without_second_ways(entry):
            one = msgspec.structs.replace(row, when={**entry.when, **row.when})
            rows.setdefault((one.meter, repr(sorted(one.when.items()))), one)
    found = _only_images_where_they_have_sizes(tuple(rows.values()))
    return tuple(sorted(found, key=lambda one: (one.meter, len(one.when), repr(sorted(one.when.items())))))


def _only_images_where_they_have_sizes(rows: tuple[Price, ...]) -> tuple[Price, ...]:
    """Prices by the token and by the image are two ways to say the same: what has token prices is billed by them."""
    if any(row.meter == "tokens.output.image" for row in rows):
        return tuple(row for row in rows if not row.meter.startswith(("images.", "pixels.")))
    return rows


def _without_second_ways(entry: _Entry) -> tuple[Price, ...]:
    """The rows of one key, without those that say a price for a second time in another unit."""
    factors = [row for row in entry.rows if row.meter == "*"]
    rows = [row for row in entry.rows if row.meter != "*" and row.credit_type is None]
    rows = [row for factor in factors for row in multiplied(tuple(rows), factor)] + rows
    rows = _as_written(entry, _with_free(_images(entry, rows)))
    meters = {row.meter for row in rows if row.amount}
    if any(meter.startswith("tokens.") for meter in meters):
        rows = [row for row in rows if not row.meter.startswith("seconds.") or not _is_by_tokens(row.meter, meters)]
    if entry.mode == "audio_transcription":
        rows = _of_sound(rows)
    if any(row.amount for row in rows):  # a zero beside a price is no price
        rows = [row for row in rows if row.amount or row.when or _is_own_zero(row, rows)]
    if entry.provider not in FREE and not any(row.amount for row in rows):
        return ()  # LiteLLM writes 0 for what it does not know
    return tuple(_least(entry, row) for row in _with_audio(entry, rows))


def _of_sound(rows: list[Price]) -> list[Price]:
    """Transcription makes no sound: a price for seconds that come out is that of the seconds that go in, where none has one."""
    is_priced = any(row.meter == "seconds.input.audio" and row.amount for row in rows)
    heard = [row for row in rows if row.meter != "seconds.output.audio"]
    if is_priced:
        return heard
    return [row for row in heard if row.meter != "seconds.input.audio"] + [
        msgspec.structs.replace(row, meter="seconds.input.audio") for row in rows if row.meter == "seconds.output.audio"
    ]


def _with_free(rows: list[Price]) -> list[Price]:
    """So many that are free, which is a field of its own there, on the row whose units they are."""
    free = {row.meter: row.free for row in rows if row.free}
    return [msgspec.structs.replace(row, free=free.get(row.meter)) for row in rows if not row.free]


def _as_written(entry: _Entry, rows: list[Price]) -> list[Price]:
    """A price by the second as the provider wrote it: by the minute or the hour."""
    notes = entry.facts.get("metadata")
    for field, per in (("original_pricing_per_minute", 60), ("original_pricing_per_hour", 3_600)):
        if isinstance(notes, Mapping) and isinstance(written := notes.get(field), int | float):
            return [
                msgspec.structs.replace(row, amount=exact(written), per=per) if _is_about(row, written / per) else row
                for row in rows
            ]
    return rows


def _is_about(row: Price, amount: float) -> bool:
    return row.meter.startswith("seconds.") and abs(float(row.amount / row.per) - amount) <= amount / 100


def _is_by_tokens(meter: str, meters: set[str]) -> bool:
    """Whether what is counted in seconds is priced in tokens too."""
    side = meter.split(".")[1]
    sides = ("input", "output") if side == "audio" else (side,)
    return any(f"tokens.{one}" in meters or f"tokens.{one}.audio" in meters for one in sides)


def _is_own_zero(row: Price, rows: Iterable[Price]) -> bool:
    """Whether something is free that has dearer conditions, or what goes in is free because the call has a fee."""
    has_fee = row.meter == "tokens.input" and any(other.meter == "calls" and other.amount for other in rows)
    return has_fee or any(other is not row and other.meter == row.meter and other.amount for other in rows)


def _images(entry: _Entry, rows: list[Price]) -> list[Price]:
    """What LiteLLM calls input, or images, and is something else."""
    if kind_of(entry.mode, entry.name) not in ("image", "model3d", "music", "video"):
        return rows
    meters = {row.meter for row in rows if row.amount}
    by_tokens = "tokens.output.image" in meters and entry.provider not in IMAGES_BY_TOKENS
    is_made = any(row.meter == "images.output" and not row.when for row in rows)
    made: list[Price] = []
    for row in rows:
        meter = row.meter
        if meter == "pixels.input":
            meter = "pixels.output"
        if (
            meter == "images.input"
            and entry.mode != "video_generation"
            and not is_made
            and "tokens.input" not in meters
        ):
            meter = "images.output"  # its only price for any image
        if meter == "images.input" and (entry.provider in IMAGES_TOLD_TWICE or "tokens.input" in meters):
            continue
        if (by_tokens and meter == "images.output") or (
            not by_tokens and meter == "tokens.output.image" and "images.output" in meters
        ):
            continue
        made.append(_renamed(entry, row, meter))
    return _one_way(entry, made)


def _renamed(entry: _Entry, row: Price, meter: str) -> Price:
    kind = kind_of(entry.mode, entry.name)
    if meter == "images.output" and kind in ("music", "model3d"):
        meter = {"music": "tracks.output", "model3d": "meshes.output"}[kind]
    return msgspec.structs.replace(row, meter=meter)


def _one_way(entry: _Entry, rows: list[Price]) -> list[Price]:
    """Of images and pixels one: pixels where the provider rounds them up, else images; a keyed size makes images of pixels."""
    notes = str(entry.facts.get("metadata", ""))
    pixels = [row for row in rows if row.meter == "pixels.output" and row.amount]
    images = [row for row in rows if row.meter == "images.output" and row.amount]
    if not pixels:
        return [row for row in rows if row.meter != "pixels.output" or not images]
    others = [row for row in rows if row.meter not in ("pixels.output", "images.output")]
    if "size" in entry.when and not images:
        width, _, height = str(entry.when["size"]).partition("x")
        area = int(width) * int(height)
        cents = [
            (row.amount * area / row.per).quantize(msgspec.json.decode(b'"0.001"', type=type(row.amount)))
            for row in pixels
        ]
        return others + [
            msgspec.structs.replace(row, meter="images.output", amount=amount.normalize(), per=1)
            for row, amount in zip(pixels, cents, strict=True)
        ]
    if _MEGAPIXEL.search(notes):
        return others + [msgspec.structs.replace(row, round_to=row.per) for row in pixels]
    return others + (images or pixels)


def _with_audio(entry: _Entry, rows: list[Price]) -> list[Price]:
    """What a note says of a video without sound."""
    found = _AUDIO.search(str(entry.facts.get("metadata", "")))
    if not found:
        return rows
    with_audio, without = int(found[1]), int(found[2])
    silent = [
        msgspec.structs.replace(
            row, amount=(row.amount * without / with_audio).normalize(), when={**row.when, "audio": False}
        )
        for row in rows
        if row.meter == "seconds.output.video"
    ]
    return rows + silent


def _least(entry: _Entry, row: Price) -> Price:
    """What a note says of the least that a task costs, in credits: so many seconds."""
    notes = str(entry.facts.get("metadata", ""))
    least, credit = _LEAST.search(notes), _CREDITS.search(notes)
    if not least or not credit or row.meter != "seconds.output.video" or row.when:
        return row
    price = float(credit[2]) * int(least[1]) / float(row.amount / row.per)
    return msgspec.structs.replace(row, minimum=round(price, 6))


def faults_of(providers: Mapping[str, MediaProvider]) -> list[str]:
    """Everything that is wrong with price rows, with the model that has them."""
    return [
        f"{provider}/{name}: {fault}"
        for provider, one in providers.items()
        for name, model in one.models.items()
        for fault in price_faults(model.prices)
    ]
