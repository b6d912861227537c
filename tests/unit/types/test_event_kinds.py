"""Every event is described, and every description is of an event that is told."""

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import genmux
from genmux.engine.child_queue import LocalEventType
from genmux.flows.job.telling import NAMES
from genmux.types.event_kinds import EVENTS

TELLING = frozenset({"publish", "tell_in", "_tell", "_event", "_alert"})
"""Functions whose argument is the name of an event."""

FROM_TABLES = {*NAMES.values(), *LocalEventType.__args__}  # type: ignore[attr-defined]
"""Names that are told out of a table."""

MADE = {"account.revoked", "account.exhausted"}
"""Names that are put together: by the pool of accounts, of `account.` and the status."""


def told_in_code() -> Iterator[str]:
    for path in Path(genmux.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in TELLING:
                for argument in node.args[:4]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and "." in argument.value:
                        yield argument.value
                    if isinstance(argument, ast.IfExp):
                        yield from (
                            one.value for one in (argument.body, argument.orelse) if isinstance(one, ast.Constant)
                        )


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def test_every_event_that_is_told_is_described_and_the_other_way_round() -> None:
    assert {*told_in_code()} | FROM_TABLES | MADE == {*EVENTS}


@pytest.mark.parametrize("name", EVENTS)
def test_every_particular_is_explained_and_may_travel_as_json(name: str) -> None:
    kind = EVENTS[name]
    assert kind.meaning.endswith(".")
    for field in msgspec.structs.fields(kind.data):
        notes = getattr(field.type, "__metadata__", ())
        assert any(note.description for note in notes), f"{name}: {field.name}"
    msgspec.json.schema(kind.data)
