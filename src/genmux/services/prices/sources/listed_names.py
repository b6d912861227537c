"""Which models genai-prices knows, read from its data without importing it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.services.prices.listed import Clause, ListedModel, ListedProvider
from genmux.services.prices.sources.literals import read_literal
from genmux.services.prices.sources.names import TEXT

NAME = "genai-prices"
MEMBER = "genai_prices/data.py"

_FIELDS = {"or_": "any_of", "and_": "all_of"}


def lacking_in(text: str) -> Callable[[str, str], bool]:
    """Tells of our provider id and a model's name whether it is not there, from the text of its data module."""
    providers = {
        provider["id"]: ListedProvider(
            id=provider["id"],
            models=tuple(_model(one) for one in provider["models"]),
            fallback=tuple(provider.get("fallback_model_providers") or ()),
        )
        for provider in read_literal(text, "providers")
    }

    def is_lacking(provider_id: str, name: str) -> bool:
        listed_as = TEXT.get(provider_id)
        if listed_as is None:
            return True
        asked = [listed_as, *providers[listed_as].fallback] if listed_as in providers else []
        return not any(providers[one].find(name.lower()) for one in asked if one in providers)

    return is_lacking


def _model(model: Mapping[str, Any]) -> ListedModel:
    return ListedModel(id=model["id"], match=_clause(model["match"]), prices=())


def _clause(found: Mapping[str, Any]) -> Clause:
    """A clause of the list; names are compared in small letters."""
    fields = {_FIELDS.get(name, name): value for name, value in found.items() if name != "is"}
    for name in ("any_of", "all_of"):
        if name in fields:
            fields[name] = [msgspec.to_builtins(_clause(one)) for one in fields[name]]
    plain = {
        name: value.lower() if isinstance(value, str) and name != "regex" else value for name, value in fields.items()
    }
    return msgspec.convert(plain, Clause)
