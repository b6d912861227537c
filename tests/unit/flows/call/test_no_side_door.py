"""There are two ways to spend money, calls and jobs: what is sent needs a permit, and each has one place that makes them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import genmux

SOURCE = Path(next(iter(genmux.__path__)))
DOOR = "flows/call/door.py"
JOBS = {"flows/job/submitting.py", "flows/job/recovering.py", "flows/job/embedded.py"}
"""Who makes the permits of jobs, whose money was held when they were taken in."""

SENDERS = {"flows/call/flow.py", "flows/call/health.py", "flows/job/streaming.py", "flows/job/submitting.py"}
"""Who calls the engine: the flows of calls and jobs under a permit, and health checks, which only look."""


@cache
def calls(path: Path) -> tuple[ast.Call, ...]:
    tree = ast.parse(path.read_text("utf-8"))
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    yield
    calls.cache_clear()


def makers(*names: str) -> set[str]:
    """The files in which something of these names is made; checks for the authors of providers spend nobody's money."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0] != "testing"
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id in names
    }


def test_only_the_door_makes_permits() -> None:
    assert makers("Run", "Permit") == {DOOR}


def test_only_the_flow_of_a_job_makes_permits_of_jobs() -> None:
    assert makers("JobPermit") == JOBS


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
