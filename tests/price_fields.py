"""LiteLLM's price fields as test data: every entry, without what says no price.

`python -m tests.price_fields litellm-….whl` makes the file anew from a wheel. MIT, Copyright (c) 2023 Berri AI; see NOTICE.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from genmux.services.prices.sources.fields import is_price
from genmux.services.prices.sources.litellm import MEMBER
from genmux.services.prices.sources.wheels import Wheel

PLACE = Path(__file__).parent / "data" / "litellm_prices.json.gz"
KEPT = (
    "mode",
    "litellm_provider",
    "deprecation_date",
    "metadata",
    "source",
    "supported_endpoints",
    "supported_modalities",
    "successor_model",
)


def price_fields() -> dict[str, dict[str, Any]]:
    """The price fields of every entry, with its mode and provider."""
    return _read()["entries"]


def source() -> dict[str, str]:
    """Where they come from: package, version, license."""
    return _read()["source"]


def _read() -> dict[str, Any]:
    return json.loads(gzip.decompress(PLACE.read_bytes()))


def main(wheel: Path) -> None:
    """Write the file."""
    version = wheel.name.split("-")[1]
    data = json.loads(Wheel(name="litellm", version=version, sha256="", path=wheel).text(MEMBER))
    entries = {key: _kept(facts) for key, facts in data.items() if key != "fallback_generalizations"}
    told = {"package": "litellm", "version": version, "license": "MIT, Copyright (c) 2023 Berri AI"}
    text = json.dumps({"source": told, "entries": entries}, sort_keys=True, separators=(",", ":"))
    PLACE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _kept(facts: dict[str, Any]) -> dict[str, Any]:
    """All that is a price, or that nobody said is none; of media models also what the catalogue takes."""
    is_text = facts.get("mode") in (None, "chat", "responses", "embedding", "completion", "evaluation", "moderation")
    kept = (
        ("mode", "litellm_provider", "alias_of")
        if is_text and not {"output_cost_per_image", "input_cost_per_character"} & facts.keys()
        else KEPT
    )
    return {field: value for field, value in facts.items() if is_price(field) or field in kept}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
