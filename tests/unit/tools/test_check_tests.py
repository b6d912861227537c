from pathlib import Path

import pytest

from tools.check_tests import faults_of


def faults(folder: Path, source: str) -> list[str]:
    path = folder / "test_x.py"
    path.write_text(source)
    return faults_of(path, root=folder)


@pytest.mark.parametrize(
    "body",
    [
        "assert f()",
        "with pytest.raises(ValueError): f()",
        "same(f(), 1)",
        "twice(f(), 1)",
        "simulator.assert_called()",
        "if f():\n        assert g()",
    ],
)
def test_every_way_to_assert_counts(tmp_path: Path, body: str):
    steps = "def same(a, b):\n    assert a == b\ndef twice(a, b):\n    same(a, b)\n"
    assert faults(tmp_path, f"{steps}def test_it():\n    {body}\n") == []


@pytest.mark.parametrize("head", ["def", "async def"])
def test_a_test_that_only_runs_code_is_a_fault(tmp_path: Path, head: str):
    [fault] = faults(tmp_path, f"{head} test_it():\n    print(f())\n")
    assert fault == "test_x.py:1: test_it asserts nothing"


def test_tests_in_classes_are_seen(tmp_path: Path):
    assert len(faults(tmp_path, "class TestIt:\n    def test_it(self):\n        f()\n")) == 1


def test_functions_that_are_no_tests_need_not_assert(tmp_path: Path):
    assert faults(tmp_path, "def prepare():\n    f()\n") == []
