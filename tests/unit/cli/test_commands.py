"""What holds for every command: help, misuse, faults, interrupts, the log."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genmux import __version__
from genmux.cli import commands, files, serving
from genmux.cli.answers import money
from genmux.cli.console import EXIT_CODES, err, harmless, out, show_error, show_fault, show_misuse
from genmux.types.errors import ErrorKind, GenmuxError, ProviderError
from tests.unit.cli.conftest import Run


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").out == f"{__version__}\n"
    assert run("-V").out == f"{__version__}\n"


GROUPS = (
    "local",
    "catalog",
    "store",
    "accounts",
    "keys",
    "budgets",
    "organisations",
    "teams",
    "webhooks",
    "jobs",
    "assets",
)
"""Commands that only have commands of their own."""


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_the_list_of_commands_says_what_each_is_for(run: Run, arguments: tuple[str, ...]) -> None:
    told = run(*arguments).out

    for name in commands.COMMANDS:
        line = next(line for line in told.splitlines() if f"│ {name} " in line)
        assert len(line.strip("│ ").split()) > 3, name


@pytest.mark.parametrize(
    "command", [*([name] for name in commands.COMMANDS), ["local", "install"], ["local", "remove"]]
)
def test_every_option_is_explained(run: Run, command: list[str]) -> None:
    ended = run(*command, "--help")

    assert ended.code == 0
    options = [line.strip("│ ") for line in ended.out.splitlines() if line.startswith("│ --")]
    assert options or command[0] in GROUPS
    assert all(len(line.split("  ")) > 1 for line in options), options


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (("modelss",), "models"),
        (("chat", "--modl", "x"), "--model"),
        (("local", "lst"), "list"),
        (("chat", "--temperature", "x"), "--temperature"),
        (("serve", "--port", "many"), "--port"),
        (("replay",), "PATH"),
        (("budgets", "create", "1O"), "12.50"),
    ],
)
def test_misuse_exits_with_2_and_names_what_is_near(run: Run, arguments: tuple[str, ...], near: str) -> None:
    told, as_json = run(*arguments), run(*arguments, "--json")

    assert (told.code, told.out) == (2, "")
    assert near in told.err
    assert "--help` tells what there is" in told.err
    assert as_json.code == 2
    assert near in json.loads(as_json.out)["error"]["message"]


def test_the_hint_names_the_command_that_was_called(run: Run) -> None:
    assert "`genmux chat --help`" in run("chat", "--nonsense").err
    assert "`genmux local install --help`" in run("local", "install", "--nonsense").err


class TestFaults:
    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object, **__: object) -> None:
            raise RuntimeError("[nobody] thought of this")

        monkeypatch.setattr("genmux.client.client.Client.chat", fail)
        monkeypatch.setattr("genmux.client.client.Client.stream", fail)

    def test_a_fault_of_our_own_is_a_line(self, run: Run) -> None:
        ended = run("chat", "-m", "mock/echo", "hi")

        assert ended.code == 1
        assert ended.err.startswith("genmux failed: RuntimeError: [nobody] thought of this\n")

    def test_with_json_it_is_json(self, run: Run) -> None:
        ended = run("chat", "-m", "mock/echo", "hi", "--json")

        assert ended.code == 1
        assert "thought of this" in json.loads(ended.out)["error"]["message"]

    def test_verbose_shows_where(self, run: Run) -> None:
        with pytest.raises(RuntimeError):
            run("chat", "-m", "mock/echo", "hi", "--verbose")


@pytest.mark.parametrize("terminal", [False, True])
def test_an_interrupt_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("genmux.client.client.Client.stream", interrupt)
    ended = run("chat", "-m", "mock/echo", "hi", terminal=terminal)

    assert ended.code == 130
    assert "Traceback" not in ended.err


def test_an_interrupt_while_importing_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    from genmux.cli import main

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "run", interrupt)
    monkeypatch.setattr(sys, "argv", ["genmux", "models"])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 130


def test_the_log_is_as_loud_as_asked_and_redacted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-" + "a1B2" * 8
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setenv("GENMUX_LOG", "debug:json")
    (Path("genmux.toml")).write_text('[providers.openai]\nbase_url = "http://127.0.0.1:9/v1"\n', "utf-8")
    ended = run("chat", "-m", "openai/gpt-5.4", "hi")

    lines = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert ended.code == 7
    assert any(line["logger"].startswith("genmux.provider.openai") for line in lines)
    assert key not in ended.err


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_has_an_exit_code(kind: ErrorKind, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_error(ProviderError("[red]no[/]", kind=kind, provider="p", model="m", status=400)) == EXIT_CODES.get(
        kind, 1
    )
    assert capsys.readouterr().err == f"error: [red]no[/] ({kind}, p/m, HTTP 400)\n"


def test_an_error_that_is_no_providers_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_error(GenmuxError("odd")) == 1
    assert show_error(GenmuxError("odd"), as_json=True) == 1
    assert show_misuse("wrong", "genmux chat") == 2
    assert show_fault(ValueError("x")) == 1
    told = capsys.readouterr()
    assert json.loads(told.out) == {"error": {"kind": "unknown", "message": "odd"}}
    assert told.err.startswith("error: odd\n")


def test_a_reader_who_has_gone_ends_a_screen() -> None:
    for screen in (out, err):
        with pytest.raises(BrokenPipeError):
            screen.on_broken_pipe()


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (None, "unknown cost"),
        ("0", "$0"),
        ("0.0000001", "less than $0.000001"),
        ("0.0123450", "$0.012345"),
        ("12", "$12"),
    ],
)
def test_amounts_are_told_honestly(amount: str | None, told: str) -> None:
    from decimal import Decimal

    assert money(None if amount is None else Decimal(amount)) == told


def test_harmless_text_keeps_lines_and_tabs() -> None:
    assert harmless("a\tb\nc\x1b]0;x\x07\x9bd") == "a\tb\nc]0;xd"


def test_nothing_is_piped_in_where_there_is_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    assert files.piped() == ""


def test_the_program_is_called_as_it_can_be_called_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "genmux"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert serving.our_name() == str(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert serving.our_name() == "genmux"
    monkeypatch.setattr(sys, "argv", ["/somewhere/__main__.py"])
    assert serving.our_name() == "genmux"


def test_the_version_is_told_without_importing_the_commands() -> None:
    code = """
import sys
sys.argv = ["genmux", "--version"]
from genmux.cli import main
main()
print([name for name in ("cyclopts", "rich", "msgspec", "genmux.cli.commands") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})

    assert done.stdout == f"{__version__}\n[]\n"


def test_help_imports_neither_client_nor_network() -> None:
    """Start-up time is mostly imports, and these are the heavy ones."""
    heavy = ("aiohttp", "genmux.client.client", "genmux.app", "litestar", "uvicorn", "xllamacpp", "numpy", "asyncio")
    code = f"""
import sys
from genmux.cli.commands import app, load_commands
load_commands()
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})

    assert done.stdout.strip() == "[]"
