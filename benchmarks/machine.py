"""Processes, cores and memory of the machine that measures."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

HERE = Path(__file__).parent
MEASURED, OTHERS = 0, (os.cpu_count() or 2) - 1
"""The core of what is measured, and that of upstream and load."""


def pinned(core: int, *command: str) -> list[str]:
    """A command that runs on one core, where the system can do that."""
    return ["taskset", "-c", str(core), *command] if sys.platform == "linux" else [*command]


@contextmanager
def upstream() -> Iterator[str]:
    """The mock upstream in a process of its own; gives its URL."""
    command = pinned(OTHERS, sys.executable, str(HERE / "upstream.py"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and its children so far."""
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


def megabytes(process: psutil.Process) -> float:
    """Resident memory of a process and its children."""
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6
