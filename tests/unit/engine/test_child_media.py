import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput
from genmux.contract.local import LocalEngine, Progress
from genmux.engine import child
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind, InvalidRequestError, ProviderError, Retry, ServerError
from genmux.types.jobs import Completed, Failed, Filtered
from genmux.types.usage import Usage
from tests.unit.engine.callers import FAKE, INLINE, Caller, running, until
from tests.unit.engine.fake_engines import media

EITHER = pytest.mark.parametrize("engine", [FAKE, INLINE], ids=["process", "inline"])
PICTURE = MediaInput(
    kind="image", role="image", file=FileBody(path="/a.png", size=3, media_type="image/png"), media_type="image/png"
)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    one = Caller(grace=3)
    yield one
    await one.host.aclose()


async def made(caller: Caller, prompt: str, engine: LocalEngine = FAKE, **fields: Any) -> list[Any]:
    return [output async for output in caller.run(media(prompt, **fields), engine)]


@EITHER
class TestEitherIsolation:
    async def test_progress_comes_first_and_what_became_of_it_last(
        self, caller: Caller, engine: LocalEngine, tmp_path: Path
    ) -> None:
        outputs = await made(
            caller, "make", engine, folder=str(tmp_path), params={"size": "8x8", "n": 1}, inputs=(PICTURE,)
        )
        path = tmp_path / "made.txt"
        assert outputs == [
            Progress(0.5),
            Progress(1.0),
            Completed(
                outputs=(Output(file=str(path), media_type="text/plain", metadata={"seed": 1}),),
                usage=Usage(meters={"images.output": 1}),
            ),
        ]
        assert (path.read_text() == str(os.getpid())) is (engine is INLINE)

    @pytest.mark.parametrize(
        ("how", "state"),
        [("filtered", Filtered(reason="not this")), ("failed", Failed(message="no luck", code="E1"))],
    )
    async def test_what_was_filtered_or_failed_is_told_as_such(
        self, caller: Caller, engine: LocalEngine, how: str, state: Filtered | Failed
    ) -> None:
        assert await made(caller, f"end {how}", engine) == [state]

    @pytest.mark.parametrize(
        ("prompt", "words"),
        [
            ("end nothing", "fake/tiny ended without saying what became of the job"),
            ("end part", "fake/tiny gave a Start where progress or an end is due"),
            ("break oh", "fake/tiny gave a Start"),
        ],
    )
    async def test_an_engine_that_does_not_say_what_became_of_it_failed(
        self, caller: Caller, engine: LocalEngine, prompt: str, words: str
    ) -> None:
        with pytest.raises(ServerError, match=words) as caught:
            await made(caller, prompt, engine)
        assert caught.value.retry is Retry.NEVER
        assert await made(caller, "end failed", engine) == [Failed(message="no luck", code="E1")]

    async def test_leaving_early_stops_the_work(self, caller: Caller, engine: LocalEngine, tmp_path: Path) -> None:
        mark = tmp_path / "stopped"
        async with aclosing(caller.run(media(f"render {mark}"), engine)) as outputs:
            async for output in outputs:
                if output.part:
                    break
        await until(mark.exists)
        assert mark.read_text() == "stopped"
        assert await made(caller, "end failed", engine) == [Failed(message="no luck", code="E1")]


class TestProcess:
    async def test_a_cancelled_job_stops_the_work_and_keeps_the_process(self, caller: Caller, tmp_path: Path) -> None:
        mark = tmp_path / "stopped"
        begun = asyncio.Event()

        async def watch() -> None:
            async for _ in caller.run(media(f"render {mark}"), FAKE):
                begun.set()

        task = asyncio.create_task(watch())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(mark.exists)
        assert await made(caller, "end failed") == [Failed(message="no luck", code="E1")]
        assert caller.told() == ["loading", "loaded"]

    async def test_what_does_not_stop_is_killed_soon_though_others_may_take_longer(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child, "MEDIA_GRACE", 0.2)
        caller = Caller(grace=60)
        async with aclosing(caller.run(media("stuck"))) as outputs:
            await anext(outputs)
        (pid,) = caller.host.pids()
        async with asyncio.timeout(10):
            assert await made(caller, "end failed") == [Failed(message="no luck", code="E1")]
        assert not running(pid)
        await caller.host.aclose()

    @pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
    async def test_a_crash_costs_one_job(self, caller: Caller, name: str) -> None:
        outputs = caller.run(media(f"abort {name}"))
        assert await anext(outputs) == Progress(0.5)
        with pytest.raises(ServerError, match=f"fake/tiny died: its process was killed by {name}") as caught:
            await anext(outputs)
        assert caught.value.retry is Retry.UNSURE
        assert await made(caller, "end failed") == [Failed(message="no luck", code="E1")]

    async def test_a_process_that_is_killed_in_the_middle_says_so(self, caller: Caller) -> None:
        async with aclosing(caller.run(media("render"))) as outputs:
            await anext(outputs)
            (pid,) = caller.host.pids()
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(ServerError, match=r"was killed by SIGKILL .* the next request starts a new one"):
                async for _ in outputs:
                    pass

    async def test_a_state_that_does_not_fit_is_a_mistake_of_the_engine(self, caller: Caller) -> None:
        with pytest.raises(ServerError, match=r"could not answer the request: msgspec\.ValidationError"):
            await made(caller, "end wrong")
        assert await made(caller, "end failed") == [Failed(message="no luck", code="E1")]

    async def test_a_job_that_cannot_travel_is_refused_and_holds_up_nobody(self, caller: Caller) -> None:
        with pytest.raises(InvalidRequestError, match="cannot be given to the embedded engine of fake/tiny"):
            await made(caller, "end failed", params={"x": object()})
        with pytest.raises(InvalidRequestError, match="does not have the expected form"):
            await made(caller, "end failed", folder=5)
        assert await made(caller, "end failed") == [Failed(message="no luck", code="E1")]

    async def test_closing_the_host_fails_a_job_under_way(self, caller: Caller) -> None:
        async with aclosing(caller.run(media("render"))) as outputs:
            await anext(outputs)
            closing = asyncio.create_task(caller.host.aclose())
            with pytest.raises(ProviderError) as caught:
                async for _ in outputs:
                    pass
        assert caught.value.kind is ErrorKind.CANCELLED
        await closing
