"""What a gateway adds to live sessions: CPU a frame, latency, memory a session.

`python realtime.py [--seconds 20] [--sessions 200] [--talking 100]`; `--seconds 600` looks for drift.

Latency is that of the middle second of all: a machine that does other things, too, has seconds in which it is not about us.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psutil
from machine import HERE, MEASURED, OTHERS, cpu_seconds, megabytes, pinned

KEY = "sk-benchmark-0123456789"
MANIFEST = """
spec = 1
id = "live"
name = "Live"
base_url = "http://127.0.0.1:{port}/v1"

[credentials.api_key]
env = ["LIVE_API_KEY"]

[wires.realtime]
dialect = "openai_realtime"

[models.echo]
operations = {{ realtime = "realtime" }}
prices = [{{ meter = "tokens.input", per = 1_000_000, amount = "1", source = "the benchmark" }}]
"""


@contextmanager
def started(core, *command, **environ):
    """A process that says one line when it is ready."""
    process = subprocess.Popen(
        pinned(core, sys.executable, *command),
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def gateway(upstream, folder):
    """`genmux serve` before the upstream; gives its port and process."""
    (folder / "providers" / "live").mkdir(parents=True)
    (folder / "providers" / "live" / "manifest.toml").write_text(MANIFEST.format(port=upstream))
    (folder / "genmux.toml").write_text(
        f'provider_paths = ["{folder}/providers"]\n[gateway]\nkeys = ["{KEY}"]\n'
        '[gateway.realtime]\nsessions_per_key = 10000\nidle = 3600\n[store]\nurl = "none"\n'
    )
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    environ = {"GENMUX_CONFIG": str(folder / "genmux.toml"), "LIVE_API_KEY": "sk-live"}
    with started(MEASURED, "-m", "genmux", "serve", "--port", str(port), **environ) as process:
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port, psutil.Process(process.pid)


def load(url, options, watched=None):
    """One run; gives what was measured."""
    command = (str(HERE / "live_load.py"), url, str(options.sessions), str(options.talking), str(options.seconds))
    if watched is not None:  # what the first session loads is not what each one takes
        first = argparse.Namespace(sessions=2, talking=2, seconds=1)
        load(url, first)
    idle = None if watched is None else megabytes(watched)
    with started(OTHERS, *command) as process:
        line = process.stdout.readline()
        assert line, "no session could be opened"
        full = None if watched is None else megabytes(watched)
        before = 0.0 if watched is None else cpu_seconds(watched)
        process.stdin.write("go\n")
        process.stdin.flush()
        lines, frames = [], 0
        for line in process.stdout:
            told = json.loads(line)
            if "frames" in told:
                frames += told["frames"]
                lines.append(told)
                if watched is not None and options.seconds > 60 and len(lines) % 30 == 1:
                    told |= {"mb": round(megabytes(watched), 1), "fds": watched.num_fds()}
                    print(told, flush=True)
            elif "late" in told:
                frames += told["late"]
                break
        spent = 0.0 if watched is None else cpu_seconds(watched) - before
        after = None if watched is None else megabytes(watched)
    lines.sort(key=lambda one: one["p99_ms"])
    middle = lines[len(lines) // 2]
    return {
        "frames": frames,
        "cpu_us": spent / max(1, 2 * frames) * 1e6,
        "p50_ms": middle["p50_ms"],
        "p99_ms": middle["p99_ms"],
        "kb_a_session": None if full is None else (full - idle) * 1e3 / options.sessions,
        "kb_a_session_after": None if after is None else (after - idle) * 1e3 / options.sessions,
    }


def main():
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--talking", type=int, default=100)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = stack.enter_context(started(OTHERS, str(HERE / "live_upstream.py")))
        port = int(upstream.stdout.readline())
        short = argparse.Namespace(**{**vars(options), "seconds": min(options.seconds, 20)})
        direct = load(f"http://127.0.0.1:{port}/v1/realtime?model=echo", short)
        served, process = stack.enter_context(gateway(port, folder))
        through = load(f"http://127.0.0.1:{served}/v1/realtime?model=live/echo", options, process)
    print("| live sessions | measured |\n| --- | --- |")
    print(f"| frames, there and back | {through['frames']} |")
    print(f"| CPU a frame, one way | {through['cpu_us']:.1f} µs |")
    print(f"| there and back, p50 / p99 | {through['p50_ms']:.2f} / {through['p99_ms']:.2f} ms |")
    print(f"| the same without a gateway | {direct['p50_ms']:.2f} / {direct['p99_ms']:.2f} ms |")
    print(
        f"| memory a session, silent / after talking | {through['kb_a_session']:.0f} / {through['kb_a_session_after']:.0f} KB |"
    )


if __name__ == "__main__":
    main()
