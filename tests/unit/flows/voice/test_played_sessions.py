"""Whole conversations with the simulator in this process, by the real rules and the real door, on a clock that stands still."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.voice.session import Session
from genmux.flows.voice.toolbox import Toolbox
from genmux.providers.mock.live import MockRealtime, Tape
from genmux.types import realtime as rt
from genmux.types import realtime_events as rte
from genmux.types.chat import Tool
from genmux.types.errors import BudgetExceededError
from tests.talking import LIMITS, SPEECH, of, playing_app, rest, say, sessions_of, talk, until
from tests.unit.flows.call.house import total
from tests.unit.flows.call.keepers import Kept, budget
from tests.unit.flows.voice.house import Clock

WEATHER = Tool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})


def answer_to(events: list[Any]) -> str:
    return "".join(one.text for one in of(rte.OutputTranscriptDelta, events))


class Stage:
    """An App, a clock, and the peers that were played."""

    def __init__(self, **settings: Any) -> None:
        self.house = MockRealtime()
        self.app = playing_app(self.house, **settings)
        self.clock = Clock()

    @property
    def tape(self) -> Tape:
        """The last session."""
        return self.house.tapes[-1]

    @asynccontextmanager
    async def session(
        self, config: rt.SessionConfig, options: CallOptions = DEFAULT_OPTIONS
    ) -> AsyncGenerator[Session]:
        sessions = sessions_of(self.app, clock=self.clock, sleep=self.clock.sleep)
        async with await sessions.prepare("inside/talker", config, options, limits=LIMITS) as made:
            yield made

    async def wake(self, session: Session, seconds: float) -> list[Any]:
        """Let time pass; gives what came in it."""
        self.clock.now += seconds
        await session.clear()
        return await until(session, rte.InputCleared)


@pytest.fixture
async def stage() -> AsyncGenerator[Stage]:
    made = Stage()
    yield made
    await made.app.aclose()


async def test_a_conversation_of_several_turns_is_heard_written_down_and_paid_for(stage: Stage) -> None:
    async with stage.session(talk()) as session:
        await say(session, 300)
        first = await until(session, rte.ResponseDone)
        await session.send_text("Good evening")
        second = await until(session, rte.ResponseDone)
        turns = [(turn.role, turn.text) for turn in session.history.turns()]
    assert answer_to(first) == "I heard 300 ms of sound"
    assert answer_to(second) == "Good evening"
    assert turns == [
        ("user", "300 ms of sound"),
        ("assistant", "I heard 300 ms of sound"),
        ("user", "Good evening"),
        ("assistant", "Good evening"),
    ]
    costs = [one.cost.amount for one in of(rte.ResponseDone, [*first, *second])]
    calls, _, cost = total(stage.app, "inside/talker")
    assert (calls, cost) == (2, sum(costs))
    assert all(costs)


async def test_whoever_speaks_into_an_answer_cuts_it_at_what_was_heard(stage: Stage) -> None:
    async with stage.session(talk("[mock pace=0.02 seconds=2]")) as session:
        await session.send_text("Good evening")
        begun = await until(session, rte.AudioChunk)
        came = await stage.wake(session, 0.205)
        assert len(of(rte.AudioChunk, [*begun, *came])) == 11
        session.playback.played(100)
        await session.send_audio(SPEECH)
        ended = await until(session, rte.ResponseDone)
        await until(session, rte.ItemTruncated)
    (interrupted,) = of(rte.Interrupted, ended)
    assert interrupted.heard_ms == 100
    assert ended[-1].status == "cancelled"
    assert of(rte.AudioChunk, ended) == []
    cuts = [one for one in stage.tape.commands if isinstance(one, rt.TruncateItem)]
    assert [cut.audio_ms for cut in cuts] == [100]
    assert not [
        one for one in stage.tape.commands if isinstance(one, rt.CancelResponse)
    ]  # the peer does that by itself


async def test_an_interruption_before_the_first_sound_cuts_nothing(stage: Stage) -> None:
    async with stage.session(talk("[mock barge=0]")) as session:
        await session.send_text("Good evening")
        events = await until(session, rte.ResponseDone)
    assert of(rte.Interrupted, events)
    assert of(rte.AudioChunk, events) == []
    assert not [one for one in stage.tape.commands if isinstance(one, rt.TruncateItem)]


async def test_a_tool_runs_and_the_model_goes_on_with_its_result(stage: Stage) -> None:
    config = talk("""[mock turn=1 tool=weather arguments='{"city":"Rome"}']""", tools=(WEATHER,))
    async with stage.session(config) as session:
        session.use_tools(toolbox(session))
        await session.send_text("How is it?")
        events = await until(session, rte.ResponseDone, 2)
    assert [one.name for one in of(rte.ToolCalled, events)] == ["weather"]
    assert answer_to(events) == 'weather says: {"city":"Rome","degrees":21}'
    assert total(stage.app, "inside/talker")[0] == 2


async def test_a_tool_whose_answer_is_interrupted_is_not_run(stage: Stage) -> None:
    async with stage.session(talk("[mock tool=weather barge=0]", tools=(WEATHER,))) as session:
        session.use_tools(toolbox(session))
        await session.send_text("How is it?")
        events = await until(session, rte.ResponseDone)
        await stage.wake(session, 0.0)
    assert of(rte.ToolCalled, events)
    assert not [one for one in stage.tape.commands if isinstance(one, rt.SendToolResult)]


async def test_an_answer_that_a_content_policy_cuts_off_is_paid_for_as_far_as_it_went(stage: Stage) -> None:
    async with stage.session(talk("[mock filtered seconds=1]")) as session:
        await session.send_text("Good evening")
        done = (await until(session, rte.ResponseDone))[-1]
    assert done.filtered
    assert done.usage.meters["tokens.output.audio"] == 10
    assert done.cost.amount > 0


async def test_late_transcripts_still_find_their_place(stage: Stage) -> None:
    async with stage.session(talk('[mock transcript=late heard="Good evening"]')) as session:
        await say(session)
        events = await until(session, rte.InputTranscriptDone)
        assert ("user", "Good evening") in [(turn.role, turn.text) for turn in session.history.turns()]
    assert of(rte.ResponseDone, events)


async def test_a_connection_that_will_end_is_left_before_and_gone_on_with_elsewhere(stage: Stage) -> None:
    async with stage.session(talk("[mock turn=1]")) as session:
        await session.send_text("Good evening [mock going=5]")
        events = await until(session, rte.StateChanged, 4)
        await session.send_text("And again")
        again = await until(session, rte.ResponseDone)
    states = [one.state for one in of(rte.StateChanged, events)]
    assert states[-2:] == [rt.SessionState.RECONNECTING, rt.SessionState.CONNECTED]
    assert of(rte.StateChanged, events)[-1].state_restored
    assert answer_to(again) == "And again"
    first, second = stage.house.tapes
    assert second.resume is not None
    assert second.resume.handle is not None
    assert first.session != second.session


async def test_an_error_of_the_model_does_not_end_a_session(stage: Stage) -> None:
    async with stage.session(talk()) as session:
        await session.send_text("Good evening [mock rate_limit]")
        failed = (await until(session, rte.SessionFailed))[-1]
        await session.send_text("Good evening")
        assert answer_to(await until(session, rte.ResponseDone)) == "Good evening"
    assert failed.recoverable
    assert failed.error.kind == "rate_limit"


async def test_late_sound_of_an_interrupted_answer_is_not_heard(stage: Stage) -> None:
    async with stage.session(talk("[mock pace=0.02 seconds=2]")) as session:
        await session.send_text("Good evening")
        await until(session, rte.AudioChunk)
        await session.interrupt()
        ended = await until(session, rte.ResponseDone)
        later = await stage.wake(session, 3.0)
    assert of(rte.AudioChunk, [*ended, *later]) == []
    assert [one for one in stage.tape.commands if isinstance(one, rt.CancelResponse)]


async def held_for_a_turn() -> int:
    """Millionths of a dollar that are held before the first turn."""
    stage = Stage()
    kept = Kept(stage.app, budget(10**9))
    async with stage.session(talk()):
        pass
    await stage.app.aclose()
    assert kept.ledger.ends == [("released", 0)]
    return kept.ledger.holds[0].amount


async def test_each_turn_is_held_and_settled_and_what_did_not_begin_is_given_back(stage: Stage) -> None:
    kept = Kept(stage.app, budget(10**9))
    async with stage.session(talk()) as session:
        for _ in range(2):
            await session.send_text("Good evening")
            await until(session, rte.ResponseDone)
    first, second, third = kept.ledger.ends
    assert first is not None
    assert first == second
    assert first[0] == "settled"
    assert third == ("released", 0)
    assert kept.ledger.held == 0
    assert [(row.status, row.operation) for row in kept.rows][:2] == [("completed", "realtime")] * 2


async def test_the_end_of_the_budget_is_told_after_the_turn_and_closes_the_session(stage: Stage) -> None:
    kept = Kept(stage.app, budget(await held_for_a_turn() + 1))
    async with stage.session(talk()) as session:
        await session.send_text("Good evening")
        events = await rest(session)
    assert [one.status for one in of(rte.ResponseDone, events)] == ["completed"]
    assert len(of(rte.BudgetSpent, events)) == 1
    assert isinstance(events[-1], rte.SessionClosed)
    assert events[-1].reason == "budget_spent"
    assert kept.ledger.held == 0


async def test_a_session_for_whose_first_turn_there_is_no_money_is_not_opened(stage: Stage) -> None:
    Kept(stage.app, budget(await held_for_a_turn() - 1))
    with pytest.raises(BudgetExceededError):
        async with stage.session(talk()):
            pass
    assert not stage.house.tapes


async def test_the_limit_of_a_call_is_that_of_each_turn(stage: Stage) -> None:
    enough = CallOptions(budget_limit=Decimal(await held_for_a_turn()) / 1_000_000, retries=0)
    async with stage.session(talk(), enough) as session:
        await session.send_text("Good evening")
        assert (await until(session, rte.ResponseDone))[-1].cost is not None
        for _ in range(20):
            await session.send_audio(
                bytes(96_000)
            )  # two seconds of silence: the next turn might be heard with them all
        await session.send_text("And again")
        events = await rest(session)
    assert "budget_limit" in of(rte.BudgetSpent, events)[0].message
    with pytest.raises(BudgetExceededError, match="budget_limit"):
        async with stage.session(talk(), CallOptions(budget_limit=Decimal("0.0001"))):
            pass


async def test_what_was_held_counts_as_spent_where_a_connection_breaks_in_an_answer(stage: Stage) -> None:
    kept = Kept(stage.app, budget(10**9))
    async with stage.session(talk()) as session:
        await session.send_text("Good evening [mock drop after=2]")
        await rest(session)
    assert kept.ledger.ends == [("presumed", kept.ledger.holds[0].amount)]


def toolbox(session: Session) -> Toolbox:
    def weather(city: str) -> dict[str, Any]:
        """The weather."""
        return {"city": city, "degrees": 21}

    return Toolbox({"weather": weather}, lambda function, text: function(**json.loads(text)), session.send)
