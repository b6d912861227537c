"""`genmux chat` without a prompt: a conversation."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from genmux.cli import conversation
from tests.unit.cli.conftest import Run


@pytest.fixture(autouse=True)
def data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GENMUX_DATA_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def talk(run: Run, *lines: str, model: str = "mock/echo", more: tuple[str, ...] = ()) -> tuple[str, str]:
    ended = run("chat", "-m", model, *more, typed="".join(f"{line}\n" for line in lines), terminal=True)
    assert ended.code == 0, ended.err
    return ended.out, ended.err


def test_it_answers_until_the_end_of_input(run: Run) -> None:
    out, err = talk(run, "Hello", "", "  ", "again")

    assert "Hello\n" in out
    assert "again\n" in out
    assert "Talking with mock/echo" in err


def test_exit_ends_it(run: Run) -> None:
    out, _ = talk(run, "/exit", "never said")

    assert "never said" not in out


def test_the_model_remembers_what_was_said_until_it_is_cleared(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    answer = conversation.stream_answer
    monkeypatch.setattr(
        conversation,
        "stream_answer",
        lambda client, said, params: asked.append(len(said)) or answer(client, said, params),
    )
    talk(run, "one", "two", "/clear", "three")

    assert asked == [1, 3, 1]


def test_another_model_and_other_instructions_can_be_had(run: Run) -> None:
    out, err = talk(run, "/model mock/story", "/system Be brief.", "/system", "/model nope/x", "/model mock/echo", "hi")

    assert "Going on with mock/story." in err
    assert "The instructions are changed." in err
    assert "There are no instructions now." in err
    assert "there is no provider 'nope'" in err
    assert "hi\n" in out


def test_help_lists_the_commands_and_unknown_ones_are_told(run: Run) -> None:
    _, err = talk(run, "/help", "/nothing")

    assert all(name in err for name in ("/model", "/system", "/clear", "/help", "/exit"))
    assert "There is no /nothing" in err


def test_a_path_is_something_to_say(run: Run) -> None:
    assert "/etc/hosts is a file\n" in talk(run, "/etc/hosts is a file")[0]


def test_an_error_does_not_end_it(run: Run) -> None:
    out, err = talk(run, "[mock fault=server_error]", "still there")

    assert "error: " in err
    assert "still there\n" in out


def test_an_unknown_model_ends_it_at_once(run: Run) -> None:
    ended = run("chat", "-m", "nope/x", typed="hi\n", terminal=True)

    assert ended.code == 2
    assert "there is no provider 'nope'" in ended.err


def test_json_wants_a_prompt(run: Run) -> None:
    ended = run("chat", "-m", "mock/echo", "--json", terminal=True)

    assert ended.code == 2
    assert "there is no prompt" in json.loads(ended.out)["error"]["message"]


def test_reasoning_is_shown_beside_the_answer(run: Run) -> None:
    ended = run("chat", "-m", "mock/reasoner", "Hello")

    assert "Hello" in ended.out
    assert ended.err.strip()


def test_only_the_owner_may_read_the_history(run: Run, data_folder: Path) -> None:
    talk(run, "Hello")

    if os.name == "posix":
        assert stat.S_IMODE((data_folder / "history").stat().st_mode) == 0o600


def test_it_works_without_readline(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "readline", None)

    assert "Hello\n" in talk(run, "Hello")[0]
