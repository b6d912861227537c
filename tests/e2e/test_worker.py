"""`genmux worker` beside others on a PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path


def genmux(*arguments: str, environ: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genmux", *arguments]
    return subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_a_worker_does_what_is_only_taken_in_and_hands_over_when_it_is_stopped(
    postgres_store_url: str, tmp_path: Path
) -> None:
    settings = tmp_path / "genmux.toml"
    settings.write_text("[jobs]\nwork = false\n", "utf-8")  # for all but workers
    environ = {**os.environ, "GENMUX_STORE": postgres_store_url, "GENMUX_CONFIG": str(settings), "NO_COLOR": "1"}
    queued = genmux("image", "a fish", "-m", "mock/image", "--detach", environ=environ, cwd=tmp_path)
    assert queued.returncode == 0, queued.stderr
    job = queued.stdout.strip()
    assert json.loads(genmux("jobs", "show", job, "--json", environ=environ, cwd=tmp_path).stdout)["status"] == "queued"

    command = [sys.executable, "-u", "-m", "genmux", "worker"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as worker:
        assert worker.stdout is not None
        try:
            line = worker.stdout.readline()
            made = genmux("jobs", "wait", job, "--json", environ=environ, cwd=tmp_path)
        finally:
            worker.send_signal(signal.SIGTERM)
            rest = worker.stdout.read()
    assert "is working on" in line
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["status"] == "completed"
    assert (worker.returncode, rest) == (0, "")
