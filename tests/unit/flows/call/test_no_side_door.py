"""There is one way to spend money: what is sent needs a permit, and one module makes them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import genmux

SOURCE = Path(next(iter(genmux.__path__)))
DOOR = "flows/call/door.py"
SENDERS = {"flows/call/flow.py", "flows/call/health.py"}
"""Who calls the engine: the flow of a call under a permit, and health checks, which only look."""


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text("utf-8"))
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def makers(*names: str) -> set[str]:
    """The files in which something of these names is made."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id in names
    }


def test_only_the_door_makes_permits() -> None:
    assert makers("Run", "Permit") == {DOOR}


def test_only_the_flow_of_a_call_hands_requests_to_the_engine() -> None:
    senders = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"call", "open"}
        and isinstance(call.func.value, ast.Attribute)
        and call.func.value.attr in {"engine", "_engine"}
    }
    assert senders >= SENDERS
    for name in senders - SENDERS:
        assert "read_only=True" in (SOURCE / name).read_text("utf-8"), f"{name} sends what may cost money"


def test_transports_are_used_by_the_engine_alone() -> None:
    users = {
        path.relative_to(SOURCE).parts[0]
        for path in SOURCE.rglob("*.py")
        if "AiohttpTransport" in path.read_text("utf-8")
    }
    assert users <= {"engine", "app.py", "app", "testing"}
