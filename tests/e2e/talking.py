"""Talks with a gateway as its callers do."""

import asyncio
import base64
from typing import Any

KEY = "a-key-of-the-gateway-0123456789"


async def until(connection: Any, kind: str) -> list[Any]:
    """All events to the first one of a kind."""
    heard: list[Any] = []
    async with asyncio.timeout(10):
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
