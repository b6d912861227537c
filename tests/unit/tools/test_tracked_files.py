import subprocess
from pathlib import Path

import pytest

from tools.tracked_files import report, tracked_files


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in tracked_files(root)]


def test_without_git_every_visible_file_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("src/a.py", ".venv/b.py", "build/c.py", "d.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["d.md", "src/a.py"]


def test_with_git_new_files_count_and_ignored_ones_do_not(tmp_path: Path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "a.log").touch()
    (tmp_path / "ä.py").touch()
    assert names(tmp_path) == [".gitignore", "ä.py"]


def test_faults_are_printed_counted_and_make_the_exit_code(capsys: pytest.CaptureFixture[str]):
    assert report([], what="words") == 0
    assert report(["a.py: x", "b.py: y"], what="words") == 1
    printed = capsys.readouterr()
    assert printed.out == "a.py: x\nb.py: y\n"
    assert printed.err == "words: 2 to mend\n"
