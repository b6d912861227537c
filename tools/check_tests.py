"""Every test asserts something: by `assert`, by `pytest.raises`, or through a function that does."""

import ast
import sys
from pathlib import Path

from tools.tracked_files import ROOT, report, tracked_files

Function = ast.FunctionDef | ast.AsyncFunctionDef
ASSERTING = ("assert", "check", "expect", "raises", "verify", "warns")
"""How the names of functions that assert begin."""


def faults_of(path: Path, *, root: Path = ROOT) -> list[str]:
    """The tests of one file that assert nothing."""
    tree = ast.parse(path.read_text("utf-8"), str(path))
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    asserting = _asserting_names(functions)
    return [
        f"{path.relative_to(root)}:{function.lineno}: {function.name} asserts nothing"
        for function in functions
        if function.name.startswith("test_") and not _asserts(function, asserting)
    ]


def _asserting_names(functions: list[Function]) -> set[str]:
    """Names of the functions of one file that assert, themselves or through each other."""
    names: set[str] = set()
    while True:
        more = {function.name for function in functions if _asserts(function, names)}
        if more == names:
            return names
        names = more


def _asserts(function: Function, asserting: set[str]) -> bool:
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _is_asserting_name(_name(node.func), asserting))
        for node in ast.walk(function)
    )


def _is_asserting_name(name: str, asserting: set[str]) -> bool:
    return name in asserting or name.lstrip("_").startswith(ASSERTING)


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def main() -> int:
    """Check every test file of the project."""
    files = [path for path in tracked_files() if path.name.startswith("test_") and path.suffix == ".py"]
    return report([fault for path in files for fault in faults_of(path)], what="tests")


if __name__ == "__main__":
    sys.exit(main())
