"""What turns of a session cost is counted once, and what did not begin is not counted at all."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from genmux.app import App
from genmux.contract.cascades import Timed
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Resume
from genmux.flows.voice.session import Session
from genmux.types.audio import AudioFormat
from genmux.types.realtime import Command, SendText, SendToolResult, SessionConfig
from genmux.types.realtime_events import ResponseDone, ResponseStarted, SessionCreated, ToolCalled
from genmux.types.usage import Usage
from tests.talking import LIMITS, of, playing_app, rest, sessions_of, until
from tests.unit.flows.call.house import total
from tests.unit.flows.call.keepers import Kept, budget
from tests.unit.flows.voice.house import Clock

CALL = ToolCalled(response_id="one", call_id="c1", name="look", arguments="{}")
USED = Usage(meters={"tokens.input": 100, "tokens.output": 20})


class ToldLater:
    """Plays sessions in which the usage of a tool call is told with the answer that follows it."""

    capabilities = Capabilities()
    input = output = AudioFormat()

    def play(
        self,
        config: SessionConfig,
        model: Model,
        resume: Resume | None = None,
        *,
        options: Mapping[str, str] | None = None,
    ) -> "ToldLater":
        del config, model, resume, options
        return self

    def begin(self) -> Sequence[Timed]:
        return [Timed(event=SessionCreated())]

    def hear(self, command: Command, now_ms: float) -> Sequence[Timed]:
        del now_ms
        match command:
            case SendText():
                told: list[Any] = [
                    ResponseStarted(response_id="one"),
                    CALL,
                    ResponseDone(response_id="one", usage=Usage()),
                ]
            case SendToolResult():
                told = [ResponseStarted(response_id="two"), ResponseDone(response_id="two", usage=USED)]
            case _:
                told = []
        return [Timed(event=event) for event in told]


@pytest.fixture
async def app() -> AsyncGenerator[App]:
    house: Any = ToldLater()
    app = playing_app(house)
    yield app
    await app.aclose()


async def opened(app: App) -> Session:
    clock = Clock()
    sessions = sessions_of(app, clock=clock, sleep=clock.sleep)
    return await sessions.prepare("inside/talker", SessionConfig(), limits=LIMITS)


async def test_a_session_in_which_nothing_was_said_is_no_call(app: App) -> None:
    kept = Kept(app, budget(10**9))
    async with await opened(app):
        pass
    assert total(app, "inside/talker") == (0, 0, Decimal(0))
    assert kept.ledger.ends == [("released", 0)]
    assert kept.rows == []


async def test_a_tool_call_whose_usage_is_told_later_is_counted_with_the_answer(app: App) -> None:
    kept = Kept(app, budget(10**9))
    async with await opened(app) as session:
        await session.send_text("look")
        first = (await until(session, ResponseDone))[-1]
        await session.send_tool_result(CALL, "a fish")
        second = (await until(session, ResponseDone))[-1]
    assert first.cost is None
    assert second.cost is not None
    calls, failed, cost = total(app, "inside/talker")
    assert (calls, failed, cost) == (1, 0, second.cost.amount)
    assert [end and end[0] for end in kept.ledger.ends] == ["settled", "released"]


async def test_a_tool_call_whose_usage_nobody_tells_counts_as_what_was_held(app: App) -> None:
    kept = Kept(app, budget(10**9))
    async with await opened(app) as session:
        await session.send_text("look")
        await until(session, ResponseDone)
    assert of(ResponseDone, await rest(session)) == []
    assert kept.ledger.ends == [("presumed", kept.ledger.holds[0].amount)]
