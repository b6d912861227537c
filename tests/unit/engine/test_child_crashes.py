import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from genmux.engine import child_process
from genmux.types.errors import (
    ErrorKind,
    ProviderError,
    Retry,
    ServerError,
)
from genmux.types.parts import Part
from tests.unit.engine.callers import Caller, running, until
from tests.unit.engine.fake_engines import chat


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    one = Caller(grace=3)
    yield one
    await one.host.aclose()


class TestCrash:
    @pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
    async def test_a_crash_costs_one_request(self, caller: Caller, name: str) -> None:
        waiting: list[asyncio.Task[str]] = []
        seen: list[Part] = []
        with pytest.raises(ServerError, match=f"was killed by {name}") as caught:  # noqa: PT012 — it comes midway
            async for part in caller.run(chat(f"die {name}")):
                seen.append(part)
                waiting.append(asyncio.create_task(caller.text("say alive")))
        assert len(seen) == 1
        assert caught.value.retry is Retry.UNSURE
        assert "last words" in (caught.value.body or "")
        assert await asyncio.gather(*waiting) == ["alive"]
        assert caller.told() == ["loading", "loaded", "crashed", "loading", "loaded"]
        assert name in (caller.events[2].reason or "")

    async def test_an_exit_is_a_crash(self, caller: Caller) -> None:
        with pytest.raises(ServerError, match="ended with exit code 3"):
            await caller.parts("exit 3")
        assert await caller.text("say alive") == "alive"

    async def test_a_crash_while_loading_costs_one_request(self, caller: Caller) -> None:
        with pytest.raises(ServerError, match="SIGSEGV") as caught:
            await caller.parts("say x", fault="crash")
        assert "no memory" in (caught.value.body or "")

    async def test_a_process_that_died_unused_is_replaced_without_harm(self, caller: Caller) -> None:
        pid = int(await caller.text("pid"))
        os.kill(pid, signal.SIGKILL)
        assert await caller.text("say alive") == "alive"
        assert caller.told() == ["loading", "loaded", "crashed", "loading", "loaded"]

    async def test_closing_the_host_fails_who_is_under_way_and_who_waits(self, caller: Caller) -> None:
        pid = int(await caller.text("pid"))
        async with aclosing(caller.run(chat("forever"))) as parts:
            await anext(parts)
            waiting = asyncio.create_task(caller.text("say never"))
            closing = asyncio.create_task(caller.host.aclose())
            with pytest.raises(ProviderError) as caught:
                async for _ in parts:
                    pass
        assert caught.value.kind is ErrorKind.CANCELLED
        await closing
        with pytest.raises(ProviderError, match="was closed"):
            await waiting
        assert not running(pid)


async def test_a_stuck_process_is_killed(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "END", 0.1)
    pid = int(await caller.text("pid"))
    os.kill(pid, signal.SIGSTOP)
    await caller.host.aclose()
    assert not running(pid)
    assert "SIGKILL" in (caller.events[-1].reason or "")


async def test_a_stuck_process_does_not_outlive_who_gives_up_waiting(caller: Caller) -> None:
    pid = int(await caller.text("pid"))
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await caller.host.aclose()
    await until(lambda: not running(pid))
    assert not running(pid)


@pytest.mark.parametrize(
    ("code", "fate"),
    [(None, "still runs"), (0, "ended with exit code 0"), (-11, "was killed by SIGSEGV (Segmentation fault)")],
)
def test_the_end_of_a_process_is_told_in_words(code: int | None, fate: str) -> None:
    assert child_process.fate_of(code) == fate


def test_a_signal_without_a_name_has_its_number() -> None:
    assert child_process.fate_of(-250) == "was killed by signal 250"


PARENT = """
import asyncio, sys
sys.path.insert(0, {root!r})
from genmux.engine.child import LocalHost
from genmux.engine.permit import Permit
from tests.unit.engine.fake_engines import MODEL, Fake, chat, provider_of
from genmux.types.parts import TextDelta

async def main():
    host, engine = LocalHost(), Fake()
    pid = ""
    async for part in host.run(provider_of(engine), engine, MODEL, chat("pid"), options={{}}, permit=Permit()):
        if isinstance(part, TextDelta):
            pid = part.text
    async for part in host.run(provider_of(engine), engine, MODEL, chat({prompt!r}), options={{}}, permit=Permit()):
        if pid:
            print(pid, flush=True)
            pid = ""

asyncio.run(main())
"""


def wait_for_end(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return True
    return bool(psutil.wait_procs([process], timeout=10)[0])


def parent_program(prompt: str) -> list[str]:
    program = PARENT.format(root=str(Path(__file__).resolve().parents[3]), prompt=prompt)
    return [sys.executable, "-W", "ignore", "-c", program]


@pytest.mark.parametrize("prompt", ["forever", "flood", "deaf"])
def test_no_child_outlives_a_killed_parent(prompt: str) -> None:
    with subprocess.Popen(parent_program(prompt), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert running(child)
        parent.kill()
    assert wait_for_end(child)


def test_no_child_outlives_a_parent_that_forgot_to_close() -> None:
    done = subprocess.run(parent_program("say x"), capture_output=True, text=True, check=True)
    assert wait_for_end(int(done.stdout))


async def test_a_host_belongs_to_one_event_loop(caller: Caller) -> None:
    await caller.text("say x")
    faults: list[BaseException] = []

    def elsewhere() -> None:
        try:
            asyncio.run(caller.text("say x"))
        except RuntimeError as error:
            faults.append(error)

    await asyncio.to_thread(elsewhere)
    assert "another event loop" in str(faults[0])


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_loops_in_threads_each_have_a_host(loops: str) -> None:
    new_loop = pytest.importorskip(loops).new_event_loop
    texts: list[str] = []

    async def talk(number: int) -> None:
        caller = Caller()
        texts.append(await caller.text(f"say {number}"))
        await caller.host.aclose()

    def work(number: int) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(talk(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == ["0", "1", "2"]


async def test_nothing_is_left_behind() -> None:
    me = psutil.Process()
    descriptors, tasks, children = me.num_fds(), len(asyncio.all_tasks()), set(me.children())
    caller = Caller(grace=3)
    for prompt in ("say x", "die SIGKILL", "break x", "say y"):
        try:
            await caller.parts(prompt)
        except ServerError:
            continue
    async with aclosing(caller.run(chat("flood"))) as parts:
        await anext(parts)
    await caller.host.aclose()
    gc.collect()
    assert me.num_fds() == descriptors
    assert len(asyncio.all_tasks()) == tasks
    assert set(me.children()) <= children
