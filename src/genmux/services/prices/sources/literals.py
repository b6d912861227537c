"""Reads data that is written as Python, without running any of it."""

import ast
import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from genmux.types.errors import InvalidRequestError

Called = dict[str, Any]
"""A call as its arguments by name; what was called is under `is`."""

VALUES: dict[str, Callable[..., Any]] = {
    "Decimal": Decimal,
    "datetime.date": datetime.date,
    "datetime.time": datetime.time,
    "datetime.datetime": datetime.datetime,
    "datetime.timezone": lambda *_: datetime.UTC,
    "datetime.timedelta": lambda *_: None,
}
"""Calls that make plain values."""


def read_literal(text: str, name: str) -> Any:
    """The value that a module's text gives to a name. Raises InvalidRequestError for anything but literals and calls of names."""
    for node in ast.parse(text).body:
        targets = (
            [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return _value(node.value)  # pyright: ignore[reportAttributeAccessIssue] — both kinds of assignment have one
    message = f"the data does not give {name!r} a value; its form has changed"
    raise InvalidRequestError(message)


def _value(node: ast.AST | None) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return [_value(part) for part in parts]
        case ast.Dict(keys=keys, values=values):
            return {_value(key): _value(value) for key, value in zip(keys, values, strict=True)}
        case ast.Call(func=func, args=arguments, keywords=keywords):
            return _call(
                ast.unparse(func),
                [_value(one) for one in arguments],
                {str(one.arg): _value(one.value) for one in keywords},
            )
        case ast.Attribute() | ast.Name():
            return ast.unparse(node)
        case _:
            message = f"the data holds {ast.dump(node) if node else 'nothing'!r:.80}, which is no plain value; its form has changed"
            raise InvalidRequestError(message)


def _call(name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    make = VALUES.get(name)
    if make is None:
        return {"is": name, **named}
    known = {key: value for key, value in named.items() if key != "tzinfo"}
    return make(*arguments, **known)
