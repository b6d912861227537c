"""A form in a browser can show the price while people choose: JavaScript comes to what Python does."""

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.app import App
from genmux.contract.operations import OPERATIONS
from genmux.services.estimates import Expression, evaluate, facts, vocabulary
from genmux.types.conditions import THRESHOLDS, TIMES
from genmux.types.money import Price

EVALUATOR = Path(__file__).with_name("evaluator.cjs")
NODE = shutil.which("node")

MODELS = 12
"""So many models of each operation are tried, each with so many random choices of parameters."""
TRIES = 12

TABLES: dict[str, Any] = {
    "aliases": vocabulary.ALIASES,
    "measures": [*vocabulary.MEASURES],
    "asked_for": [*vocabulary.ASKED_FOR],
    "thresholds": THRESHOLDS,
    "times": TIMES,
    "ordered": ["from", "until", *THRESHOLDS],
    "areas": facts.AREAS,
    "synonyms": [sorted(names) for names in facts.SYNONYMS],
    "kilos": facts._KILOS,  # noqa: SLF001 — a form needs the table
    "widest": str(facts.WIDEST),
    "around": facts.AROUND,
}
"""What a form must know besides the expression."""

CHOICES: dict[str, tuple[Any, ...]] = {
    "n": (1, 2, 7),
    "duration": (0, 1, 5, 8, 7.3, 60, 61.001),
    "seconds": (4,),
    "resolution": ("480p", "720p", "1080p", "4k", "1K", "1024", "1280x720", "auto"),
    "quality": ("low", "medium", "HIGH", "standard", "auto"),
    "size": ("1024x1024", "1024 × 1536", "512x512", "auto"),
    "width": (512, 1_920),
    "height": (768, 1_080),
    "audio": (True, False),
    "fps": (24, 29.97),
    "steps": (4, 30),
    "scale": (2, 4),
    "max_tokens": (1, 1_000),
    "input_tokens": (0, 300_000, 5),
    "turns": (3,),
    "messages": (0, 2),
    "service_tier": ("batch", "flex", "priority"),
    "region": ("eu", "us"),
    "plan": ("pro",),
    "prompt": ("", "A cat", "Ein Fuß, 猫 und 🐈"),
    "documents": (1, 250, None),
    "document_parts": (1, 1_001),
    "input_images": (0, 1, 3, None),
    "input_pixels": (10_000, 3_000_000, None),
    "audio_seconds": (0.5, 90.25, None),
    "video_seconds": (5, 0),
    "pages": (2,),
}


def _choices(chance: random.Random) -> dict[str, Any]:
    """Some parameters with some values."""
    names = chance.sample([*CHOICES], chance.randint(0, 12))
    return {name: chance.choice(CHOICES[name]) for name in names if name != "seconds" or "duration" not in names}


def _expressions(app: App, chance: random.Random) -> Iterator[Expression]:
    """Those of some models of every operation, and made-up ones that use all that rows can say."""
    for operation in OPERATIONS:
        listed = [one for one in app.prices.catalogue_models() if operation in one.operations]
        for one in chance.sample(listed, min(MODELS, len(listed))):
            yield app.estimates.expression(f"{one.provider}/{one.id}", operation)
    base = app.estimates.expression("google/veo-3.1-generate-001", "text_to_video")
    for item in base.items:
        rows = tuple(_odd(row, chance) for row in item.rows for _ in range(3))
        yield msgspec.structs.replace(base, items=(msgspec.structs.replace(item, rows=rows),))


def _odd(row: Price, chance: random.Random) -> Price:
    """The row with conditions, steps and free units of other kinds."""
    whens = ({"seconds_gt": 5}, {"audio": True, "hours": "00:00-06:00"}, {"steps": 10}, {"from": "2026-01-01"}, {})
    return msgspec.structs.replace(
        row,
        when={**row.when, **chance.choice(whens)},
        round_to=chance.choice((None, 0.1, 5)),
        minimum=chance.choice((None, 3)),
        free=chance.choice((None, 0.3)),
    )


@pytest.mark.skipif(NODE is None, reason="there is no node")
def test_javascript_comes_to_what_python_does(tmp_path: Path) -> None:
    chance = random.Random(20261127)  # noqa: S311 — the same cases each time
    app = App(environ={"XDG_CACHE_HOME": str(tmp_path)})
    cases = [(one, _choices(chance)) for one in _expressions(app, chance) for _ in range(TRIES)]
    said = {"tables": TABLES, "cases": [{"expression": one, "params": params} for one, params in cases]}
    command = [str(NODE), str(EVALUATOR)]
    done = subprocess.run(command, input=msgspec.json.encode(said), check=True, capture_output=True, timeout=60)
    found = json.loads(done.stdout)

    assert len(found) == len(cases) > 1_000
    assert sum(one["high"] is not None for one in found) > 300
    for (expression, params), theirs in zip(cases, found, strict=True):
        ours = evaluate(expression, params)
        told = (expression.model, expression.operation, params, theirs)
        assert (ours.high is None) == theirs["unknown"], told
        assert theirs["low"] == pytest.approx(float(ours.low), rel=1e-9, abs=1e-12), told
        if ours.high is not None:
            assert theirs["high"] == pytest.approx(float(ours.high), rel=1e-9, abs=1e-12), told
