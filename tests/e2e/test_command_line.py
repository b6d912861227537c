"""`genmux` as people and scripts run it: processes, pipes, signals, a terminal."""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from genmux.providers.local.files import weights_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, pipes and terminals of POSIX")

GENMUX = [sys.executable, "-m", "genmux"]
PATIENCE = 60
INSTALLED = weights_folder(os.environ)
"""Where this machine has its weights; each test looks elsewhere."""

STORY = "[mock pace=0.05 tokens=2000] Tell me a story."


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, without anybody's keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENMUX_")}
    return {
        **kept,
        "HOME": str(tmp_path),
        "GENMUX_DATA_DIR": str(tmp_path / "data"),
        "PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', '')}",
        "TERM": "xterm-256color",
        "SHELL": "/bin/bash",
    }


def genmux(environment: dict[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GENMUX, *arguments],
        env=environment,
        cwd=environment["HOME"],
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def started(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*GENMUX, *arguments],
        env=environment,
        cwd=environment["HOME"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_question_is_answered(environment: dict[str, str]) -> None:
    done = genmux(environment, "chat", "-m", "mock/echo", "Hello", typed="world")

    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello\n\nworld\n", "")


def test_errors_leave_standard_output_empty_and_no_traceback(environment: dict[str, str]) -> None:
    done = genmux(environment, "chat", "-m", "nope/x", "Hello")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no provider 'nope'")


@pytest.mark.parametrize(
    "command", ["models", "models --json", "mock --list-faults", "chat -m mock/story --json --stream hi"]
)
def test_a_reader_who_leaves_early_is_no_fault(environment: dict[str, str], command: str) -> None:
    line = f"set -o pipefail; {' '.join(GENMUX)} {command} | head -c 1 >/dev/null"
    done = subprocess.run(
        ["bash", "-c", line], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode in (0, 141)  # 0 where everything fitted into the pipe


def test_an_interrupt_ends_a_stream_quietly(environment: dict[str, str]) -> None:
    with started(environment, "chat", "-m", "mock/echo", STORY) as process:
        assert process.stdout is not None
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (130, "")


@pytest.mark.skipif(not [*INSTALLED.glob("*.gguf")], reason="no weights are installed")
def test_an_interrupt_ends_the_embedded_model_too(environment: dict[str, str]) -> None:
    weights = {**environment, "GENMUX_DATA_DIR": str(INSTALLED.parent)}
    with started(weights, "chat", "-m", "local/smollm2", "--max-tokens", "2000", "Count from 1 to 1000.") as process:
        assert process.stdout is not None
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (130, "")


def test_the_commands_that_the_gateway_prints_work(environment: dict[str, str]) -> None:
    with started(environment, "serve", "--port", "0") as process:
        assert process.stdout is not None
        head = process.stdout.readline()
        assert "genmux is listening on http://127.0.0.1:" in head
        process.stdout.readline()
        commands = [process.stdout.readline() for _ in range(3)]
        for command in commands:
            done = subprocess.run(
                ["bash", "-c", command.replace("curl ", "curl --silent --fail ")],
                env=environment,
                cwd=environment["HOME"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert done.returncode == 0, (command, done.stderr)
            assert "Hello" in done.stdout or "hello" in done.stdout
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (0, "")


def test_the_mock_is_a_server(environment: dict[str, str]) -> None:
    with started(environment, "mock", "--port", "0", "--json") as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["url"].rpartition(":")[2]
        connection = http.client.HTTPConnection("127.0.0.1", int(port))
        connection.request("GET", "/v1/models")
        assert json.load(connection.getresponse())["data"]
        connection.close()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("command", ["serve", "mock"])
def test_a_port_in_use_is_told(environment: dict[str, str], command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = genmux(environment, command, "--port", str(taken.getsockname()[1]))

    assert done.returncode == 3
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_beyond_this_machine_keys_are_needed(environment: dict[str, str]) -> None:
    done = genmux(environment, "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 — it is refused

    assert done.returncode == 3


def test_completion_can_be_installed(environment: dict[str, str]) -> None:
    done = genmux(environment, "--install-completion")

    assert done.returncode == 0, done.stderr
    scripts = [path for path in Path(environment["HOME"]).rglob("*") if path.is_file() and "genmux" in path.name]
    assert scripts
    assert "providers" in scripts[0].read_text("utf-8")


def test_output_that_cannot_show_a_letter_is_no_fault(environment: dict[str, str]) -> None:
    done = genmux({**environment, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, "chat", "-m", "mock/echo", "Größe →")

    assert done.returncode == 0, done.stderr


def at_a_terminal(environment: dict[str, str], *arguments: str, typed: str = "", until: str = "") -> str:
    """What a terminal shows of it."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(environment["HOME"])
        os.execve(sys.executable, [*GENMUX, *arguments], environment)  # noqa: S606 — no shell is wanted
    shown, deadline = b"", time.monotonic() + PATIENCE
    waiting = typed
    try:
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                shown += os.read(terminal, 65_536)
            except OSError:  # that is how a terminal says that nobody is there any more
                break
            if waiting and (not until or until.encode() in shown):
                os.write(terminal, waiting.encode())
                waiting = ""
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return shown.decode()


def test_a_terminal_gets_colors_and_a_pipe_gets_none(environment: dict[str, str]) -> None:
    assert "\x1b[32mready" in at_a_terminal(environment, "models", "-p", "mock")
    assert "\x1b" not in genmux(environment, "models", "-p", "mock").stdout
    assert "\x1b[32m" not in at_a_terminal({**environment, "NO_COLOR": "1"}, "models", "-p", "mock")


def test_a_conversation_at_a_terminal_remembers_its_lines(environment: dict[str, str]) -> None:
    shown = at_a_terminal(environment, "chat", "-m", "mock/echo", typed="Hello\n\x04", until="> ")
    again = at_a_terminal(environment, "chat", "-m", "mock/echo", typed="\x1b[A\n\x04", until="> ")

    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert "Talking with mock/echo" in plain
    assert plain.count("Hello") == 2
    assert "1 out · $0 · stop" in plain
    assert again.count("Hello") >= 2
