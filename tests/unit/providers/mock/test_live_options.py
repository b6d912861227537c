"""Sessions of the simulator go as the options of its provider say."""

from collections.abc import Mapping
from typing import Any

import pytest

from genmux import AsyncClient
from genmux.app import App
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.providers.mock.live import MockRealtime
from genmux.services.settings import ProviderSettings, Settings
from genmux.types.errors import ConfigurationError, ProviderError
from genmux.types.realtime import SendText, SessionConfig
from genmux.types.realtime_events import AudioChunk, SessionFailed
from tests.talking import of, until

MODEL = Model(provider="mock", id="realtime", wire_id="realtime", spec=ModelSpec(operations={"realtime": "realtime"}))


def times(options: Mapping[str, str], told: str = '[mock seconds=0.1 say="hello"]') -> list[float]:
    """When each piece of the sound comes, in milliseconds."""
    peer = MockRealtime().play(SessionConfig(instructions=told), MODEL, options=options)
    return [one.after_ms for one in peer.hear(SendText("hi"), 0.0) if isinstance(one.event, AudioChunk)]


def faults(options: Mapping[str, str]) -> list[bool]:
    """Which of ten answers fail."""
    peer = MockRealtime().play(SessionConfig(instructions="[mock pace=0]"), MODEL, options=options)
    told: list[Any] = [peer.hear(SendText("hi"), 1_000.0 * number) for number in range(10)]
    return [any(isinstance(one.event, SessionFailed) for one in answer) for answer in told]


def test_sound_begins_late_and_comes_unevenly() -> None:
    plain, late = times({}), times({"latency": "0.5"})
    assert late[0] - plain[0] == pytest.approx(500)
    assert times({"pace": "0.1"})[1] - times({"pace": "0.1"})[0] == pytest.approx(100)
    uneven = times({"jitter": "0.05", "seed": "7", "pace": "0"})
    assert uneven == times({"jitter": "0.05", "seed": "7", "pace": "0"})
    assert uneven != times({"jitter": "0.05", "seed": "8", "pace": "0"})


def test_what_a_session_wishes_for_comes_before_the_options() -> None:
    assert times({"latency": "5"}, '[mock latency=0.2 seconds=0.1 say="hello"]')[0] == pytest.approx(200)


def test_some_answers_fail_and_the_same_ones_by_the_same_seed() -> None:
    assert faults({"error_rate": "0"}) == [False] * 10
    assert faults({"error_rate": "1"}) == [True] * 10
    some = faults({"error_rate": "0.5", "seed": "3"})
    assert {*some} == {True, False}
    assert some == faults({"error_rate": "0.5", "seed": "3"})
    assert some != faults({"error_rate": "0.5", "seed": "4"})


async def test_options_are_taken_from_the_settings_and_the_environment() -> None:
    told = Settings(providers={"mock": ProviderSettings(credentials={"error_rate": "1"})})
    for app in (App(told, environ={}), App(Settings(), environ={"GENMUX_MOCK_ERROR_RATE": "1"})):
        async with AsyncClient(app=app) as client, client.realtime("mock/realtime") as session:
            await session.send_text("hi")
            (failed,) = of(SessionFailed, await until(session, SessionFailed))
        assert isinstance(failed.error, ProviderError)
        await app.aclose()


async def test_an_option_that_is_wrong_is_named() -> None:
    app = App(Settings(), environ={"GENMUX_MOCK_JITTER": "much"})
    async with AsyncClient(app=app) as client:
        with pytest.raises(ConfigurationError, match="jitter"):
            async with client.realtime("mock/realtime"):
                pass
    await app.aclose()
