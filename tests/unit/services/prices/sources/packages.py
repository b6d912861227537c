"""Wheels with a few made-up prices, in the form of the real ones."""

import json
import zipfile
from pathlib import Path
from typing import Any

LITELLM: dict[str, Any] = {
    "sample_spec": {"mode": "image_generation", "input_cost_per_token": 0.0},
    "fal_ai/flux": {
        "litellm_provider": "fal_ai",
        "mode": "image_generation",
        "output_cost_per_image": 0.04,
        "source": "https://fal.example/flux",
    },
    "deepgram/nova-9": {"litellm_provider": "deepgram", "mode": "audio_transcription", "input_cost_per_second": 0.0001},
    "old-video": {
        "litellm_provider": "openai",
        "mode": "video_generation",
        "output_cost_per_second": 0.1,
        "deprecation_date": "2026-01-01",
        "successor_model": "fal_ai/flux",
    },
    "acme/chat": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 1e-06},
    "nebius/known": {"litellm_provider": "nebius", "mode": "chat", "input_cost_per_token": 1e-06},
    "openai/listed": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06},
    "openai/unlisted": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 2e-06},
}

VOICE = """
from .types import *
providers: list[Provider] = [
    Provider(
        id='deepgram', pricing_tier='Pay As You Go',
        models=[ModelInfo(
            id='nova-9',
            match=ClauseOr(or_=[ClauseEquals(equals='nova-9'), ClauseEquals(equals='nova-9-general')]),
            pricing_source_url='https://deepgram.example',
            provenance=Provenance(last_verified=datetime.date(2026, 5, 27)),
            prices=ModelPrice(input_audio_kseconds=Decimal('{amount}')),
        )],
    ),
]
"""

GENAI = """
providers: list[Provider] = [
    Provider(id='openai', models=[ModelInfo(id='listed', match=ClauseOr(or_=[ClauseStartsWith(starts_with='Listed')]))]),
]
"""

SNAPSHOT = {"prices": {"deepgram": {"nova-9": {"standard": [{"rates": {"input": 1.0}}]}}}}


def wheels(
    folder: Path, *, litellm: dict[str, Any] | None = None, voice: str = "0.1", versions: dict[str, str] | None = None
) -> Path:
    """A folder with one wheel of each package."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "litellm": ("litellm/model_prices_and_context_window_backup.json", json.dumps(LITELLM | (litellm or {}))),
        "voice_prices": ("voice_prices/data.py", VOICE.format(amount=voice)),
        "genai_prices": ("genai_prices/data.py", GENAI),
        "model_prices": ("model_prices/snapshot.json", json.dumps(SNAPSHOT)),
    }
    for name, (member, text) in contents.items():
        version = (versions or {}).get(name, "1.2.0")
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
            archive.writestr(member, text)
    return folder
