"""The start page in a real browser; skipped where there is none."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.browser import CHROMIUM, opened
from tests.e2e.conftest import RunningGateway

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
KEY = "a-key-that-nobody-guesses"
SHOTS = os.environ.get("GENMUX_SCREENSHOTS")
"""A folder for pictures, for people who want to look."""


async def test_a_prompt_is_answered_on_the_page(gateway: RunningGateway, tmp_path: Path):
    async with opened(f"{gateway.url}/", tmp_path / "profile") as page:
        await page.until("document.querySelectorAll('#providers li').length > 5")
        assert await page.value("document.getElementById('openai').textContent.includes(location.origin)")
        await page.value("model.value = 'mock/echo'; model.onchange(); prompt_.value = 'a prompt from the page'; 0")
        await page.value("send.click()")
        await page.until("answer.textContent === 'a prompt from the page' && !send.disabled")
        assert "mock/echo" in await page.value("document.getElementById('anthropic').textContent")
        if SHOTS:
            await page.screenshot(Path(SHOTS) / "start.png")
        assert page.faults == []


async def test_a_refusal_is_shown_in_words(gateway: RunningGateway, tmp_path: Path):
    async with opened(f"{gateway.url}/", tmp_path / "profile") as page:
        await page.until("model.options.length > 3")
        await page.value("model.value = 'mock/echo'; prompt_.value = '[mock fault=context_overflow]'; send.click()")
        await page.until("answer.className === 'bad' && answer.textContent.length > 10")
        assert "context" in await page.value("answer.textContent")


async def test_a_gateway_with_keys_asks_for_one(start_gateway: Callable[..., RunningGateway], tmp_path: Path):
    gateway = start_gateway(keys=[KEY])
    async with opened(f"{gateway.url}/", tmp_path / "profile") as page:
        await page.until("!keys.hidden")
        await page.value(f"key.value = '{KEY}'; keys.requestSubmit()")
        await page.until("model.options.length > 3 && keys.hidden")
        await page.value("model.value = 'mock/echo'; prompt_.value = 'with a key'; send.click()")
        await page.until("answer.textContent === 'with a key'")
        assert await page.value("keys.hidden")
        if SHOTS:
            await page.screenshot(Path(SHOTS) / "keys.png")
