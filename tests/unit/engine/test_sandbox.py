"""Work in processes of their own."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from genmux.engine.sandbox import Sandbox, SandboxError
from genmux.types.errors import Retry

MODULE = """
import ctypes, os, sys, time

def answer(question):
    match question:
        case b"die": os._exit(3)
        case b"crash": ctypes.string_at(0)
        case b"hang": time.sleep(600)
        case b"eat": return bytes(8 * 1024**3)[:1]
        case b"raise": raise ValueError("no")
        case b"print": print("noise", flush=True); os.write(1, b"more"); return b"quiet"
        case b"who": return str(os.getpid()).encode()
        case b"environment": return b",".join(sorted(os.environb))
        case _: return question[::-1]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "dangerous_work.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "dangerous_work"


@pytest.fixture
def sandbox(module: str) -> Iterator[Sandbox]:
    made = Sandbox(module, memory=4 * 1024**3)
    yield made
    made.close()


async def test_what_is_asked_is_answered_by_the_same_process(sandbox: Sandbox) -> None:
    assert await sandbox.ask(b"abc" * 100_000, seconds=60) == b"cba" * 100_000
    assert await sandbox.ask(b"", seconds=60) == b""
    one, two = await asyncio.gather(sandbox.ask(b"who", seconds=60), sandbox.ask(b"who", seconds=60))
    assert one == two != str(os.getpid()).encode()


@pytest.mark.parametrize("question", [b"die", b"crash", b"eat", b"raise"])
async def test_what_dies_there_is_told_and_the_next_question_is_answered(question: bytes, sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="the process") as caught:
        await sandbox.ask(question, seconds=60)

    assert caught.value.retry is Retry.NEVER
    assert await sandbox.ask(b"ab", seconds=60) == b"ba"


async def test_what_hangs_there_is_ended(sandbox: Sandbox) -> None:
    await sandbox.ask(b"warm", seconds=60)
    with pytest.raises(SandboxError, match=r"not done within 0\.2 s"):
        await sandbox.ask(b"hang", seconds=0.2)

    assert await sandbox.ask(b"ab", seconds=60) == b"ba"


async def test_what_is_printed_there_is_no_answer(sandbox: Sandbox) -> None:
    assert await sandbox.ask(b"print", seconds=60) == b"quiet"
    assert await sandbox.ask(b"ab", seconds=60) == b"ba"


async def test_it_sees_none_of_our_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    assert b"SECRET" not in (await sandbox.ask(b"environment", seconds=60)).split(b",")


async def test_a_child_with_nothing_to_do_ends_and_comes_back(module: str) -> None:
    sandbox = Sandbox(module, idle=0.05)
    first = int(await sandbox.ask(b"who", seconds=60))
    child = psutil.Process(first)
    await asyncio.to_thread(psutil.wait_procs, [child], timeout=10)
    second = int(await sandbox.ask(b"who", seconds=60))
    sandbox.close()

    assert first != second


async def test_the_end_ends_the_children(sandbox: Sandbox) -> None:
    child = psutil.Process(int(await sandbox.ask(b"who", seconds=60)))
    asked = asyncio.create_task(sandbox.ask(b"hang", seconds=60))
    await asyncio.sleep(0)
    sandbox.close()

    with pytest.raises((SandboxError, asyncio.CancelledError)):
        await asked
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], timeout=10)
    assert gone or not child.is_running()
