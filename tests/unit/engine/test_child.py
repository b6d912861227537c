import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from genmux.contract.local import LocalEngine
from genmux.engine import child
from genmux.types.chat import Message
from genmux.types.content import Text
from genmux.types.errors import (
    ConfigurationError,
    ContextOverflowError,
    ErrorKind,
    InvalidRequestError,
    ProviderError,
    Retry,
    ServerError,
    UnsupportedError,
)
from genmux.types.join import join
from genmux.types.parts import TextDelta
from tests.unit.engine.callers import EMBED, FAKE, INLINE, Caller, running, until
from tests.unit.engine.fake_engines import MODEL, Fake, Inline, Knowing, Plain, PlainInline, chat, provider_of


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    one = Caller(grace=3)
    yield one
    await one.host.aclose()


@pytest.mark.parametrize("engine", [Fake("hi "), Inline("hi ")], ids=["process", "inline"])
class TestEitherIsolation:
    async def test_a_chat_comes_in_parts(self, caller: Caller, engine: LocalEngine) -> None:
        parts = await caller.parts("say you", engine)
        assert [type(part).__name__ for part in parts] == ["Start", "BlockStart", "TextDelta", "BlockEnd", "Finish"]
        assert join(parts).text == "hi you"

    async def test_embeddings_come_as_one_result(self, caller: Caller, engine: LocalEngine) -> None:
        (result,) = [result async for result in caller.run(EMBED, engine)]
        assert result.vectors == ((1.0, 1.0), (3.0, 1.0))

    async def test_tokens_are_counted_by_the_model(self, caller: Caller, engine: LocalEngine) -> None:
        count = await caller.host.count(provider_of(engine), engine, MODEL, chat("four"), options={})
        assert (count.tokens, count.exact) == (4, True)

    async def test_the_options_reach_the_engine(self, caller: Caller, engine: LocalEngine) -> None:
        assert await caller.text("options_", engine, threads="2") == "[('threads', '2')]"

    async def test_an_error_keeps_its_class_and_fields(self, caller: Caller, engine: LocalEngine) -> None:
        with pytest.raises(ContextOverflowError, match="too much") as caught:
            await caller.parts("refuse too much", engine)
        assert (caught.value.code, caught.value.param) == ("too_long", "messages")
        assert await caller.text("say again", engine) == "hi again"

    async def test_a_mistake_of_the_engine_is_a_server_error(self, caller: Caller, engine: LocalEngine) -> None:
        with pytest.raises(ServerError, match="ValueError: oh") as caught:
            await caller.parts("break oh", engine)
        assert caught.value.retry is Retry.UNSURE
        assert await caller.text("say again", engine) == "hi again"

    async def test_a_missing_file_is_a_configuration_error(self, caller: Caller, engine: LocalEngine) -> None:
        with pytest.raises(ConfigurationError, match="tiny is not there"):
            await caller.parts("say x", engine, fault="missing")

    async def test_leaving_early_stops_the_work(self, caller: Caller, engine: LocalEngine, tmp_path: Path) -> None:
        mark = tmp_path / "stopped"
        async with aclosing(caller.run(chat(f"forever {mark}"), engine)) as parts:
            async for part in parts:
                if isinstance(part, TextDelta):
                    break
        assert await caller.text("say next", engine) == "hi next"
        assert mark.read_text() == "stopped"

    async def test_a_stream_that_is_left_open_holds_up_nobody(self, caller: Caller, engine: LocalEngine) -> None:
        left = caller.run(chat("say " + "x" * 500_000), engine)  # more than a pipe takes in
        async for _ in left:
            break
        async with asyncio.timeout(20):
            assert await caller.text("say next", engine) == "hi next"
        rest = [part.text async for part in left if isinstance(part, TextDelta)]
        assert "".join(rest) == "hi " + "x" * 500_000

    async def test_a_closed_host_refuses(self, caller: Caller, engine: LocalEngine) -> None:
        await caller.text("say x", engine)
        await caller.host.aclose()
        await caller.host.aclose()
        with pytest.raises(ProviderError, match="closed") as caught:
            await caller.parts("say x", engine)
        assert caught.value.kind is ErrorKind.CANCELLED


@pytest.mark.parametrize("engine", [Plain(), PlainInline()], ids=["process", "inline"])
async def test_an_engine_may_be_plain_and_give_an_iterator(caller: Caller, engine: LocalEngine) -> None:
    assert await caller.text("hello", engine) == "hello"


@pytest.mark.parametrize("engine", [Plain(), PlainInline()], ids=["process", "inline"])
async def test_counting_is_refused_by_a_model_that_cannot(caller: Caller, engine: LocalEngine) -> None:
    with pytest.raises(UnsupportedError, match="does not count"):
        await caller.host.count(provider_of(engine), engine, MODEL, chat("x"), options={})


class TestInline:
    async def test_pauses_are_awaited_and_empty_ones_are_not(self) -> None:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        caller = Caller(sleep=sleep)
        async with aclosing(caller.run(chat("forever"), INLINE)) as parts:
            texts = [await anext(parts) for _ in range(4)]
        assert len(texts) == 4
        assert slept == [0.005, 0.005]
        assert [result.vectors[0][0] async for result in caller.run(EMBED, INLINE)] == [1.0]
        assert slept == [0.005, 0.005]

    async def test_the_model_is_loaded_once(self, caller: Caller) -> None:
        first, second = await caller.text("pid", INLINE), await caller.text("pid", INLINE)
        assert first == second == str(os.getpid())
        assert caller.host.pids() == ()


class TestProcess:
    async def test_one_process_serves_all_requests(self, caller: Caller) -> None:
        pids = {await caller.text("pid") for _ in range(3)}
        assert pids == {str(pid) for pid in caller.host.pids()}
        assert os.getpid() not in caller.host.pids()
        assert caller.told() == ["loading", "loaded"]

    async def test_each_model_has_a_process_of_its_own(self, caller: Caller) -> None:
        one, other = await asyncio.gather(caller.text("pid"), caller.text("pid", threads="2"))
        assert one != other

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"seed": 10**30}, "cannot be given to the embedded engine of fake/tiny"),
            ({"extra": {"x": object()}}, "cannot be given to the embedded engine of fake/tiny"),
            (
                {"messages": (Message(role="user", content=(Text("\ud800"),)),)},
                "cannot be given to the embedded engine",
            ),
            ({"user": 5}, "does not have the expected form: Expected `str"),
        ],
    )
    async def test_a_request_that_cannot_travel_is_refused_and_holds_up_nobody(
        self, changes: dict[str, Any], words: str
    ) -> None:
        caller = Caller(grace=60)
        pid = await caller.text("pid")
        request = msgspec.structs.replace(chat("say x"), **changes)
        async with asyncio.timeout(10):
            with pytest.raises(InvalidRequestError, match=words):
                await anext(caller.run(request, FAKE))
            assert await caller.text("pid") == pid
        await caller.host.aclose()

    async def test_options_that_cannot_travel_leave_no_process(self, caller: Caller) -> None:
        with pytest.raises(InvalidRequestError, match="cannot be given"):
            await caller.parts("say x", threads="\ud800")
        await until(lambda: caller.host.pids() == ())

    async def test_models_of_any_number_of_names_are_not_all_remembered(
        self, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child, "REMEMBERED", 3)
        pid = await caller.text("pid")
        for number in range(5):
            with pytest.raises(ConfigurationError):
                await caller.parts("say x", fault="missing", number=str(number))
            await caller.text("pid", INLINE, number=str(number))
        assert len(caller.host) <= 6
        assert await caller.text("pid") == pid

    async def test_requests_wait_for_their_turn(self, caller: Caller) -> None:
        texts = await asyncio.gather(*(caller.text(f"say {number}") for number in range(20)))
        assert texts == [str(number) for number in range(20)]
        assert len(caller.host.pids()) == 1

    async def test_a_waiting_request_can_be_cancelled(self, caller: Caller) -> None:
        async with aclosing(caller.run(chat("forever"))) as parts:
            await anext(parts)
            waiting = asyncio.create_task(caller.text("say never"))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert isinstance(await anext(parts), TextDelta)
        assert await caller.text("say next") == "next"

    async def test_a_cancelled_request_keeps_the_process(self, caller: Caller, tmp_path: Path) -> None:
        pid = await caller.text("pid")
        task = asyncio.create_task(caller.text(f"forever {tmp_path / 'mark'}"))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await caller.text("pid") == pid
        assert (tmp_path / "mark").read_text() == "stopped"

    async def test_a_flood_is_held_back_and_stopped(self, caller: Caller) -> None:
        pid = int(await caller.text("pid"))
        async with aclosing(caller.run(chat("flood"))) as parts:
            for _ in range(1_000):
                await anext(parts)
            await asyncio.sleep(0.2)
            assert psutil.Process(pid).memory_info().rss < 300_000_000
        assert await caller.text("pid") == str(pid)

    async def test_what_does_not_stop_is_killed(self) -> None:
        caller = Caller(grace=0.2)
        pid = int(await caller.text("pid"))
        async with aclosing(caller.run(chat("deaf"))) as parts:
            await anext(parts)
        assert await caller.text("say alive") == "alive"
        assert not running(pid)
        await caller.host.aclose()

    async def test_cancelling_while_it_loads_ends_the_process(self, caller: Caller) -> None:
        task = asyncio.create_task(caller.text("say x", fault="slow"))
        await until(lambda: caller.told() == ["loading"])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: caller.told() == ["loading", "closed"])
        assert not running(caller.events[0].pid)

    async def test_an_unused_process_is_closed_and_comes_back(self) -> None:
        caller = Caller(idle=0.05)
        pid = await caller.text("pid")
        await until(lambda: caller.host.pids() == ())
        assert caller.told() == ["loading", "loaded", "closed"]
        assert await caller.text("pid") != pid
        await caller.host.aclose()

    async def test_a_request_in_time_keeps_an_unused_process(self) -> None:
        caller = Caller(idle=0.4)
        pid = await caller.text("pid")
        for _ in range(3):
            await asyncio.sleep(0.2)
            assert await caller.text("pid") == pid
        await caller.host.aclose()

    async def test_what_is_printed_goes_to_the_log_and_nowhere_else(
        self, caller: Caller, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG, "genmux.provider.fake")
        assert await caller.text("print abc") == "printed"
        await caller.host.aclose()
        logged = "\n".join(record.getMessage() for record in caplog.records)
        assert {"fake/tiny: native: abc", "fake/tiny: python: abc", "fake/tiny: warning: abc"} <= set(
            logged.split("\n")
        )
        assert capfd.readouterr() == ("", "")

    async def test_what_cannot_travel_is_a_server_error(self, caller: Caller) -> None:
        with pytest.raises(ServerError, match="object cannot be sent"):
            await caller.parts("unsendable")
        assert await caller.text("say next") == "next"

    @pytest.mark.parametrize("engine", [Knowing(), type("Nested", (Plain,), {"__qualname__": "f.<locals>.Nested"})()])
    async def test_an_engine_that_a_child_cannot_find_is_refused(self, caller: Caller, engine: LocalEngine) -> None:
        with pytest.raises(ConfigurationError, match="runs in a child process, which"):
            await caller.parts("x", engine)

    async def test_an_engine_that_a_child_cannot_import_is_told(self, caller: Caller) -> None:
        lost = type("Lost", (Plain,), {"__module__": "no_such_module"})()
        with pytest.raises(ConfigurationError, match="no_such_module:Lost cannot be imported"):
            await caller.parts("x", lost)

    async def test_a_mistake_while_loading_is_a_server_error(self, caller: Caller) -> None:
        with pytest.raises(ServerError, match="could not load the model: ZeroDivisionError"):
            await caller.parts("say x", fault="broken")
        assert caller.host.pids() == ()
