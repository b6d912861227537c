"""The speech prices of voice-prices (MIT, Copyright (c) Pydantic Services Inc. 2025 to present)."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from genmux.services.prices.media import MediaModel, MediaProvider
from genmux.services.prices.sources.literals import read_literal
from genmux.services.prices.sources.names import PLAIN, Kind, provider_id
from genmux.types.errors import InvalidRequestError
from genmux.types.money import Price

NAME = "voice-prices"
MEMBER = "voice_prices/data.py"

FIELDS: dict[str, tuple[str, int, Kind]] = {
    "input_kchars": ("characters.input", 1_000, "speech"),
    "input_audio_kseconds": ("seconds.input.audio", 1_000, "transcription"),
    "telephony_kminutes": ("seconds.telephony", 60_000, "voice"),
    "agent_kminutes": ("seconds.session", 60_000, "voice"),
}
"""Its units that are about speech, with our meter, for how many, and the kind of model that is billed by it."""

SECONDARY = frozenset({"input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "requests_kcount"})
"""Units of text, which genai-prices knows better."""

TOKENS: dict[str, tuple[str, int]] = {
    "input_audio_mtok": ("tokens.input.audio", 1_000_000),
    "output_audio_mtok": ("tokens.output.audio", 1_000_000),
    "cache_audio_read_mtok": ("tokens.input.cached.audio", 1_000_000),
    "input_mtok": ("tokens.input", 1_000_000),
    "output_mtok": ("tokens.output", 1_000_000),
    "cache_read_mtok": ("tokens.input.cached", 1_000_000),
}
"""Its units of models that speak in tokens; they are taken only where one of sound is among them."""


MULTIPLIERS = "voice_multipliers"
"""What some voices cost more, as factors by the kind of voice."""


def media_of(text: str) -> dict[str, MediaProvider]:
    """The speech models by provider, from the text of its data module. Raises InvalidRequestError for a new unit."""
    found: dict[str, MediaProvider] = {}
    for provider in read_literal(text, "providers"):
        plan = provider.get("pricing_tier")
        models = {model["id"]: made for model in provider["models"] if (made := _model(model, plan)) is not None}
        if models:
            name = provider_id(provider["id"])
            found[name] = MediaProvider(provider=name, models=dict(sorted(models.items())))
    return found


def _model(model: Mapping[str, Any], plan: str | None) -> MediaModel | None:
    prices = _current(model["prices"])
    if prices is None:
        return None
    fields = {field: value for field, value in prices.items() if field != "is" and isinstance(value, Decimal)}
    if unknown := prices.keys() - FIELDS.keys() - TOKENS.keys() - SECONDARY - {"is", MULTIPLIERS}:
        message = f"voice-prices has units that nobody knows: {', '.join(sorted(unknown))}, at {model['id']}"
        raise InvalidRequestError(message)
    speech = [field for field in FIELDS if fields.get(field)]
    kind = FIELDS[speech[0]][2] if speech else _spoken(model["id"], fields)
    if kind is None:
        return None
    verified = (model.get("provenance") or {}).get("last_verified")
    return MediaModel(
        kind=kind,
        source=NAME,
        operations=PLAIN.get(kind, ()),
        confidence="low",
        prices=tuple(_rows(fields, speech, prices.get(MULTIPLIERS) or {})),
        aliases=tuple(sorted({name for name in _names(model.get("match")) if name != model["id"]})),
        plan=plan,
        url=model.get("pricing_source_url"),
        as_of=verified.isoformat() if isinstance(verified, datetime.date) else None,
    )


def _rows(fields: Mapping[str, Decimal], speech: Iterable[str], factors: Mapping[str, Decimal]) -> Iterator[Price]:
    units = {field: FIELDS[field][:2] for field in speech} or {
        field: unit for field, unit in TOKENS.items() if field in fields
    }
    for field, (meter, per) in sorted(units.items(), key=lambda one: one[1]):
        yield Price(meter=meter, amount=fields[field].normalize(), per=per)
        for voice, factor in sorted(factors.items()):
            if factor != 1:
                yield Price(meter=meter, amount=(fields[field] * factor).normalize(), per=per, when={"variant": voice})


def _spoken(name: str, fields: Mapping[str, Decimal]) -> Kind | None:
    """The kind of a model that speaks in tokens, None for one that only hears them beside a text."""
    if "input_audio_mtok" not in fields and "output_audio_mtok" not in fields:
        return None
    kinds: dict[str, Kind] = {
        "tts": "speech",
        "transcribe": "transcription",
        "live": "realtime",
        "realtime": "realtime",
    }
    return next((kind for word, kind in kinds.items() if word in name), None)


def _current(prices: Any) -> Mapping[str, Any] | None:
    """The prices that hold from the last day on, without conditions on hours."""
    if isinstance(prices, Mapping):
        return prices
    plain = [one for one in prices if (one.get("constraint") or {}).get("is") != "TimeOfDateConstraint"]
    return plain[-1]["prices"] if plain else None


def _names(match: Mapping[str, Any] | None) -> Iterator[str]:
    """Names that mean the model exactly; patterns may mean others too."""
    for one in (match or {}).get("or_", [match] if match else []):
        if one.get("is") == "ClauseEquals":
            yield one["equals"]
