from pathlib import Path

import pytest

from tools.check_sizes import LONGEST, faults_of


def written(folder: Path, name: str, lines: int) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x = 1\n" * lines)
    return path


def test_a_file_may_have_the_longest_length(tmp_path: Path):
    assert faults_of(written(tmp_path, "a.py", LONGEST), root=tmp_path) == []


def test_one_line_more_is_too_long(tmp_path: Path):
    [fault] = faults_of(written(tmp_path, "a.py", LONGEST + 1), root=tmp_path)
    assert fault.startswith(f"a.py: {LONGEST + 1} lines")


@pytest.mark.parametrize("name", ["utils.py", "engine/helpers.py", "common/money.py", "base.py", "misc.py"])
def test_a_drawer_for_everything_is_refused(tmp_path: Path, name: str):
    [fault] = faults_of(written(tmp_path, name, 1), root=tmp_path)
    assert name in fault
    assert "drawer" in fault


def test_a_name_that_only_contains_such_a_word_is_fine(tmp_path: Path):
    assert faults_of(written(tmp_path, "base_url.py", 1), root=tmp_path) == []
