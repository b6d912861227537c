"""Talks with a gateway as its callers do."""

import asyncio
import base64
import importlib.util
import os
from typing import Any

from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS
from genmux.services.settings import ProviderSettings

FOLDER = weights_folder(os.environ)
KEY = "a-key-of-the-gateway-0123456789"


async def until(connection: Any, kind: str, *, within: float = 10) -> list[Any]:
    """All events to the first one of a kind, which comes within so many seconds."""
    heard: list[Any] = []
    async with asyncio.timeout(within):
        async for event in connection:
            heard.append(event)
            if event.type == kind:
                break
    return heard


async def to_the_end(connection: Any) -> None:
    """Hear all. Raises ConnectionClosed, which says how it ended."""
    while True:
        await connection.recv()


def message(text: str) -> Any:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def tone(ms: int, rate: int = 24_000) -> str:
    """Something loud, in base64."""
    one = b"\x00\x40" * 20 + b"\x00\xc0" * 20
    return base64.b64encode((one * (rate * ms // 40_000 + 1))[: rate * ms // 1_000 * 2]).decode()


def quiet(ms: int, rate: int = 24_000) -> str:
    return base64.b64encode(bytes(rate * ms // 1_000 * 2)).decode()


def embedded() -> bool:
    """Whether the models of `local/voice` are installed."""
    names = ("hibari", "faster_whisper", "xllamacpp")
    files = [one.file for name in ("whisper-tiny", "smollm2") for one in WEIGHTS[name].files]
    return all(map(importlib.util.find_spec, names)) and all((FOLDER / file).is_file() for file in files)


def embedded_settings() -> ProviderSettings:
    """Where they are."""
    return ProviderSettings(credentials={"data_dir": str(FOLDER.parent)})
