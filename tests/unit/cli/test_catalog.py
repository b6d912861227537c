"""`genmux catalog` checks and makes the media prices, and fails while somebody has to look at one."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from genmux.services.prices.sources import wheels as wheels_module
from tests.unit.cli.conftest import Run
from tests.unit.services.prices.sources.packages import wheels


def test_the_catalogue_that_comes_along_is_in_order(run: Run) -> None:
    told = run("catalog", "check")

    assert (told.code, told.out) == (0, "the catalogue is in order\n")
    assert json.loads(run("catalog", "check", "--json").out)["faults"] == []


def test_it_is_made_of_wheels_in_a_folder_and_then_in_order(run: Run, tmp_path: Path) -> None:
    arguments = ("--offline", str(wheels(tmp_path / "wheels")), "--into", str(tmp_path / "made"))
    told = run("catalog", "update", *arguments)

    assert told.code == 0
    assert "4 models of 4 providers from by-hand " in told.out
    assert ", genai-prices 1.2.0, litellm 1.2.0" in told.out
    assert run("catalog", "check", "--into", str(tmp_path / "made")).code == 0
    assert run("catalog", "update", "--check", *arguments).code == 0


def test_doubts_fail_it_and_nothing_is_written_until_they_are_accepted(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    arguments = ("--offline", str(wheels(tmp_path / "wheels", voice="0.2")), "--into", str(folder))
    told = run("catalog", "update", *arguments)

    assert told.code == 1
    assert "deepgram/nova-9" in told.err
    assert not folder.exists()
    assert json.loads(run("catalog", "update", *arguments, "--json").out)["faults"]
    assert run("catalog", "update", "--accept", *arguments).code == 0
    assert run("catalog", "update", "--check", *arguments).code == 0


def test_a_check_changes_nothing(run: Run, tmp_path: Path) -> None:
    told = run(
        "catalog", "update", "--check", "--offline", str(wheels(tmp_path / "wheels")), "--into", str(tmp_path / "made")
    )

    assert told.code == 1
    assert not (tmp_path / "made").exists()


def test_a_folder_without_wheels_is_told_without_a_traceback(run: Run, tmp_path: Path) -> None:
    told = run("catalog", "update", "--offline", str(tmp_path))

    assert told.code != 0
    assert "holds no wheel of genai-prices" in told.err
    assert "Traceback" not in told.err


def test_wheels_are_fetched_with_pip_and_what_it_says_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        wheels(Path(command[command.index("--dest") + 1]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(wheels_module.subprocess, "run", pip)
    assert run("catalog", "update", "--into", str(tmp_path / "made")).code == 0
    assert asked[0][-4:] == ["genai-prices", "litellm", "model-prices", "voice-prices"]

    monkeypatch.setattr(
        wheels_module.subprocess, "run", lambda *a, **_: subprocess.CompletedProcess(a, 1, "", "no network")
    )
    assert "pip says: no network" in run("catalog", "update", "--into", str(tmp_path / "made")).err
