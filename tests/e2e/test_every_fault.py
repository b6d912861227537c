"""Every fault that the simulator can play ends in an answer or in one typed error, through the library, in both dialects."""

import asyncio
import gc

import psutil
import pytest

from genmux.app import App
from genmux.client.async_client import AsyncClient
from genmux.contract.error_kinds import STATUS_KINDS
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator import FAULTS, Simulator
from genmux.types.chat import ChatResult
from genmux.types.errors import ErrorKind, ProviderError, Retry

SLOW = {"no_reply", "stalled_body", "drip", "endless_headers", "endless_body", "endless_line"}
UNTOLD = {"unknown"}
"""Faults of which nobody can say more."""


def connect(simulator: Simulator) -> AsyncClient:
    key = {"api_key": "sk-simulated-key-of-the-provider"}
    own = ProviderSettings(base_url=f"{simulator.base_url}/v1", credentials=key)
    return AsyncClient(app=App(Settings(providers={"openai": own, "anthropic": own}), environ={}))


async def ask(client: AsyncClient, provider: str, fault: str, *, stream: bool) -> ChatResult | ProviderError:
    said = f"[mock fault={fault} after=2] tell me something about faults"
    options = {
        "model": f"{provider}/mock/echo",
        "max_tokens": 40,
        "retries": 0,
        "timeout": 0.7 if fault in SLOW else 15,
    }
    try:
        if not stream:
            return await client.chat(said, **options)
        async with await client.stream(said, **options) as parts:
            async for _ in parts:
                pass
            return parts.result()
    except ProviderError as error:
        return error


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [False, True])
async def test_every_fault_is_an_answer_or_a_typed_error(provider: str, *, stream: bool):
    async with Simulator() as simulator:
        client = connect(simulator)
        outcomes: dict[str, ChatResult | ProviderError] = {}
        for fault in map(str, FAULTS):
            outcomes[fault] = await ask(client, provider, fault, stream=stream)
        await client.app.aclose()
        await simulator.until(lambda: simulator.open_connections == 0)
    errors = {fault: outcome for fault, outcome in outcomes.items() if isinstance(outcome, ProviderError)}
    untyped = {fault: str(error) for fault, error in errors.items() if error.kind is ErrorKind.UNKNOWN}
    assert set(untyped) <= UNTOLD, untyped
    assert all(error.provider == provider and error.message for error in errors.values())
    assert not [fault for fault, error in errors.items() if "sk-simulated" in f"{error} {error.body}"]
    answers = {fault: outcome for fault, outcome in outcomes.items() if isinstance(outcome, ChatResult)}
    assert not [fault for fault, result in answers.items() if not result.text and fault != "empty_stream"], answers
    for status, kind in STATUS_KINDS.items():
        if f"status_{status}" in errors:
            assert errors[f"status_{status}"].kind is kind, status
    for fault in ("reset_after_request", "fin_after_request", "no_reply", "short_body"):
        assert errors[fault].retry is Retry.UNSURE, fault


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_two_thousand_cancelled_streams_leave_nothing_behind(provider: str):
    process = psutil.Process()

    async def begin_and_leave(client: AsyncClient) -> None:
        stream = await client.stream(
            "[mock tokens=200 pace=0.01] go on", model=f"{provider}/mock/story", max_tokens=500
        )
        await anext(aiter(stream))
        await stream.aclose()

    async with Simulator(limit=10) as simulator:
        client = connect(simulator)
        await asyncio.gather(*(begin_and_leave(client) for _ in range(100)))
        await simulator.until(lambda: simulator.open_connections == 0)
        gc.collect()
        files, tasks, memory = process.num_fds(), len(asyncio.all_tasks()), process.memory_info().rss
        for _ in range(20):
            await asyncio.gather(*(begin_and_leave(client) for _ in range(100)))
        await simulator.until(lambda: simulator.open_connections == 0)
        gc.collect()
        assert process.num_fds() <= files + 2
        assert len(asyncio.all_tasks()) <= tasks
        assert process.memory_info().rss - memory < 30e6
        await client.app.aclose()
