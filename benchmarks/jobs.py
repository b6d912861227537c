"""What jobs cost: intake a second, how late they end, CPU time and memory, with a simulated provider in another process.

    python benchmarks/jobs.py [--jobs 1000 10000] [--work 30] [--every 2] [--store URL] [--asset-mb 500]

Each job works for `--work` seconds at the provider and is polled every `--every` seconds over real HTTP on loopback. A job is
late by the time from its end at the provider until it is settled here. What is made is a small picture that is
downloaded, looked at and kept, as in life; `--no-files` leaves that out, to show the engine alone.
"""

import argparse
import asyncio
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from genmux.app import App
from genmux.engine.loops import new_loop
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator.media.providers import simulated_provider
from genmux.types.asset_settings import AssetSettings
from genmux.types.generation import GenerationRequest
from genmux.types.job_settings import JobSettings
from genmux.types.principal import NOBODY

ASIDE = 0
"""The core of the simulator. What is measured may use any, since foreign files are opened in a process of their own."""

CALLERS = 64
SAMPLES = 1.0

T = TypeVar("T")


@contextmanager
def simulator() -> Iterator[str]:
    """A simulator in a process of its own; gives its address."""
    command = [sys.executable, "-m", "genmux.testing.simulator.media", "--port", "0", "--personality", "generic"]
    process = subprocess.Popen(["taskset", "-c", str(ASIDE), *command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        yield f"{found[0]}/generic"
    finally:
        process.kill()


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """Megabytes."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def run(count: int, *, work: float, every: float, store: str, url: str, files: bool) -> dict[str, float]:
    own = {"sim-none": ProviderSettings(base_url=url)}
    settings = Settings(
        providers=own,
        jobs=JobSettings(concurrency=100_000),
        assets=AssetSettings(private_hosts=("127.0.0.0/8",), thumbnails=False),
    )
    app = App(settings, store=store, environ={"HOME": tempfile.gettempdir()})
    app.registry.register(simulated_provider("sim-none", poll_first=every, poll_every=every))
    await app.open(role="worker" if "://" in store else "gateway", about="a benchmark")
    kept = app.kept()
    if not files:
        _without_files(kept)
    jobs = kept.jobs
    try:
        before, memory, began = cpu(), resident(), time.perf_counter()
        numbers = iter(range(count))

        async def caller() -> None:
            for number in numbers:
                prompt = f"job {number} [[work {work}]]"
                request = GenerationRequest(operation="text_to_image", model="sim-none/picture", prompt=prompt)
                await jobs.submit(request, NOBODY)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        intake = count / (time.perf_counter() - began)
        peak = memory
        while await _under_way(kept):
            await asyncio.sleep(SAMPLES)
            peak = max(peak, resident())
        seconds, spent = time.perf_counter() - began, cpu() - before
        late = await kept.store.database.read(lambda tx: _late(tx, work))
    finally:
        await app.aclose()
    return {
        "jobs": count,
        "intake/s": intake,
        "late p50": late[int(len(late) * 0.50)],
        "late p99": late[int(len(late) * 0.99)],
        "late max": late[-1],
        "CPU s": spent,
        "peak MB": peak,
        "KB a job": (peak - memory) * 1e3 / count,
        "seconds": seconds,
        "completed": len(late),
    }


async def _under_way(kept: Any) -> int:
    counts = await kept.job_counts()
    return sum(number for status, _, number in counts if status in ("queued", "submitting", "running", "downloading"))


def _late(tx: Any, work: float) -> list[float]:
    rows = tx.core.exec_driver_sql("SELECT submitted_at, ended_at FROM jobs WHERE status = 'completed'").all()
    return sorted((ended - submitted) / 1e6 - work for submitted, ended in rows)


def _without_files(kept: Any) -> None:
    """Let what was made be noted and not fetched."""
    from genmux.flows.job.ports import Stored

    async def collect(output: Any, **_: Any) -> Stored:
        return Stored(storage_key=output.url, sha256="0", bytes=1, media_type="image/png")

    files = kept.assets.files
    files.collect, files.add_in = collect, lambda _tx, _stored, _whence: ()


async def asset(megabytes: int, url: str) -> tuple[float, float]:
    """How much the memory grows, in megabytes, and how many seconds it takes, while one large file comes in."""
    with tempfile.TemporaryDirectory() as folder:
        own = {"sim-none": ProviderSettings(base_url=url)}
        settings = Settings(providers=own, assets=AssetSettings(private_hosts=("127.0.0.0/8",)))
        app = App(settings, store=str(Path(folder) / "genmux.db"), environ={"HOME": folder})
        app.registry.register(simulated_provider("sim-none", poll_first=0.1, poll_every=0.1))
        await app.open(role="gateway", about="a benchmark")
        jobs = app.kept().jobs
        try:
            small = GenerationRequest(operation="text_to_image", model="sim-none/picture", prompt="[[work 0.1]]")
            await jobs.wait((await jobs.submit(small, NOBODY)).id, NOBODY, 30)
            before, peak, began = resident(), resident(), time.perf_counter()
            prompt = f"[[work 0.1]] [[huge {megabytes * 1_000_000}]]"
            large = GenerationRequest(operation="text_to_image", model="sim-none/picture", prompt=prompt)
            job = await jobs.submit(large, NOBODY)
            waiting = asyncio.create_task(jobs.wait(job.id, NOBODY, 600))
            while not waiting.done():
                await asyncio.sleep(0.02)
                peak = max(peak, resident())
            done = await waiting
            assert done.status == "completed", done
            assert done.assets[0].bytes == megabytes * 1_000_000, done
            return peak - before, time.perf_counter() - began
        finally:
            await app.aclose()


def _on_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """As `genmux worker` and `genmux serve` do it."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--work", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=2.0)
    parser.add_argument("--store", default="")
    parser.add_argument("--no-files", action="store_true")
    parser.add_argument("--asset-mb", type=int, default=500)
    said = parser.parse_args()
    with simulator() as url:
        head: list[str] = []
        for count in said.jobs:
            with tempfile.TemporaryDirectory() as folder:
                store = said.store or str(Path(folder) / "genmux.db")
                row = _on_a_loop(
                    run(count, work=said.work, every=said.every, store=store, url=url, files=not said.no_files)
                )
            if not head:
                head = [*row]
                print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
            print("| " + " | ".join(f"{row[name]:,.2f}".rstrip("0").rstrip(".") for name in head) + " |", flush=True)
        if said.asset_mb:
            grown, seconds = _on_a_loop(asset(said.asset_mb, url))
            print(f"\na file of {said.asset_mb} MB: {grown:.0f} MB of memory, {seconds:.1f} s")


if __name__ == "__main__":
    main()
