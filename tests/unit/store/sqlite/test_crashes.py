"""What was acknowledged is there after `kill -9`, and nothing is there by half."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genmux.store.database import Tx
from genmux.store.opening import open_store

KILLS = 5

WRITES_UNTIL_KILLED = """
import asyncio, os, sys
from genmux.store.opening import open_store

async def main():
    store = await open_store(sys.argv[1], role="gateway", about="a writer")
    numbers = iter(range(int(sys.argv[2]), 10**9))

    def pair(n):
        def work(tx):
            tx.raw.execute("INSERT INTO ledger_versions VALUES (?, ?)", (f"first {n}", n))
            if n % 7 == 0:
                raise KeyError(n)
            tx.raw.execute("INSERT INTO ledger_versions VALUES (?, ?)", (f"second {n}", n))
        return work

    async def caller():
        for n in numbers:
            try:
                await store.database.write(pair(n))
            except KeyError:
                continue
            os.write(1, f"{n}\\n".encode())

    await asyncio.gather(*(caller() for _ in range(32)))

asyncio.run(main())
"""


def kept(tx: Tx) -> tuple[set[int], set[int]]:
    assert tx.raw is not None
    found = (
        tx.raw.execute("SELECT version FROM ledger_versions WHERE name LIKE ?", (f"{one} %",))
        for one in ("first", "second")
    )
    first, second = ({int(n) for (n,) in rows} for rows in found)
    return first, second


@pytest.mark.timeout(60)
async def test_five_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    for kill in range(KILLS):
        process = subprocess.Popen(  # noqa: ASYNC220 — nothing else runs in this loop
            [sys.executable, "-c", WRITES_UNTIL_KILLED, tmp_path / "s.db", str(kill * 1_000_000)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        for _ in range(500 + 777 * kill):
            acknowledged.add(int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split(b"\n")
        acknowledged.update(int(line) for line in rest[:-1])
        process.stdout.close()
        process.wait()

        store = await open_store(tmp_path / "s.db", role="command")
        first, second = await store.database.read(kept)
        await store.aclose()
        assert acknowledged <= first
        assert first == second

    assert len(acknowledged) > KILLS * 500
    assert not any(n % 7 == 0 for n in acknowledged)
