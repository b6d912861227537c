"""`make bench`: genmux against its performance budget, as CPU time and ratios within one run."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from load import started
from machine import HERE, MEASURED, pinned, upstream

IMPORTED = """
import os, sys, time
def resident(): return int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6
started = time.process_time()
{statement}
print(time.process_time() - started, resident())
"""
CONFIG = """
[providers.openai]
api_key = "sk-benchmark"
base_url = "{base}/v1"
[gateway]
keys = ["sk-benchmark-0123456789"]
"""


def imported(statement: str, python: str = sys.executable) -> tuple[float, float]:
    """CPU milliseconds of an import in a fresh interpreter, and resident megabytes after it; the least of five."""
    rows: list[tuple[float, float]] = []
    for _ in range(5):
        code = IMPORTED.format(statement=statement)
        done = subprocess.run(pinned(MEASURED, python, "-c", code), capture_output=True, text=True, check=True)
        seconds, memory = map(float, done.stdout.split()[-2:])
        rows.append((seconds * 1e3, memory))
    return min(row[0] for row in rows), min(row[1] for row in rows)


def library(runner: str, base: str, python: str = sys.executable) -> dict[str, float]:
    """The figures of one runner."""
    command = pinned(MEASURED, python, str(HERE / "library.py"), runner, base)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])


def genmux_gateway(base: str, port: int, model: str) -> dict[str, float]:
    """The figures of `genmux serve`."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "genmux.toml"
        config.write_text(CONFIG.format(base=base))
        environ = {**os.environ, "GENMUX_CONFIG": str(config), "GENMUX_STORE": "none"}
        command = [sys.executable, "-m", "genmux", "serve", "--port", str(port)]
        with started(command, port, environ, model=model) as gateway:
            return gateway.measure(int(base.rpartition(":")[2]))


def bare_gateway(base: str, port: int) -> dict[str, float]:
    """The figures of a bare proxy on the same server and client."""
    options = [
        "--port",
        str(port),
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "error",
    ]
    command = [sys.executable, "-m", "uvicorn", "bare_gateway:app", "--app-dir", str(HERE), *options]
    environ = {**os.environ, "UPSTREAM": f"{base}/v1/chat/completions"}
    with started(command, port, environ) as gateway:
        return gateway.measure(int(base.rpartition(":")[2]))


def row(name: str, budget: str, measured: str) -> None:
    """Print one line of the table."""
    print(f"| {name} | {budget} | {measured} |", flush=True)


def main() -> None:
    """Measure everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("import", "library", "gateway"))
    only = parser.parse_args().only
    row("path", "budget", "measured")
    row("---", "---", "---")
    if only in (None, "import"):
        milliseconds, memory = imported("import genmux")
        row("`import genmux`", "≤ 80 ms, ≤ 30 MB", f"{milliseconds:.0f} ms CPU, {memory:.0f} MB")
    with upstream() as base:
        if only in (None, "library"):
            bare, ours = library("bare_aiohttp", base), library("genmux_library", base)
            for key, name in (("call_c1", "one at a time"), ("call_c64", "64 at once")):
                told = f"{ours[key] - bare[key]:+.1f} µs ({ours[key]:.1f} against {bare[key]:.1f}, × {ours[key] / bare[key]:.2f})"
                row(f"library: CPU a call over bare aiohttp, {name}", "≤ 25 µs", told)
            told = f"{ours['chunk']:.2f} µs (bare: {bare['chunk']:.2f})"
            row("library: CPU a streamed chunk, un-paced", "≤ 8 µs", told)
        if only in (None, "gateway"):
            bare, ours = bare_gateway(base, 18484), genmux_gateway(base, 18485, "openai/gpt-4o-mini")
            told = f"{ours['cpu_us']:.0f} µs (bare aiohttp proxy: {bare['cpu_us']:.0f}, × {ours['cpu_us'] / bare['cpu_us']:.2f})"
            row("gateway: CPU a request, bytes passed through, key and accounting", "≤ 180 µs", told)
            row("gateway: CPU a streamed chunk", "", f"{ours['chunk_us']:.2f} µs (bare: {bare['chunk_us']:.2f})")
            row(
                "gateway: added latency, one at a time, p50",
                "≤ 0.4 ms",
                f"{ours['added_ms']:.2f} ms (bare: {bare['added_ms']:.2f})",
            )
            row("gateway: memory idle / after load", "≤ 80 MB", f"{ours['idle_mb']:.0f} / {ours['after_mb']:.0f} MB")
            row("gateway: start to first answer", "", f"{ours['start_s']:.2f} s")


if __name__ == "__main__":
    main()
