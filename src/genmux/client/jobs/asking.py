"""From the keywords of a generation to its request: inputs by their roles, everything else by its name."""

import base64
import difflib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from genmux.client.requests import amount_of
from genmux.types.assets import Asset
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input, InputKind, InputRole
from genmux.types.jobs import GenerationResult, Job, JobFilter

Source = str | Path | bytes | Asset | Job | GenerationResult
"""A path, a URL, a `data:` URI, bytes, an asset or its id, a job or its id (its first output is meant), a result."""

ROLES: dict[str, tuple[InputKind, InputRole]] = {
    "image": ("image", "image"),
    "last_image": ("image", "last_image"),
    "mask": ("image", "mask"),
    "reference": ("image", "reference"),
    "video": ("video", "video"),
    "audio": ("audio", "audio"),
    "document": ("document", "document"),
}
"""Keywords that name an input, with its kind and its role."""

OPERATIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "image": (("mask", "edit_image"), ("image", "image_to_image"), ("reference", "image_to_image")),
    "video": (("video", "video_to_video"), ("image", "image_to_video"), ("reference", "image_to_video")),
}
"""Which inputs make a picture or a video out of something else, the first one first."""

PLAIN = {"image": "text_to_image", "video": "text_to_video"}


def operation_for(what: str, params: Mapping[str, Any]) -> str:
    """The operation that makes a picture or a video out of what is given."""
    return next((name for role, name in OPERATIONS[what] if params.get(role) is not None), PLAIN[what])


def ask(  # noqa: PLR0913 — the fields of a request
    operation: str,
    prompt: Any,
    *,
    model: str | None,
    inputs: Sequence[Input] = (),
    budget_limit: Decimal | float | str | None = None,
    tags: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
    params: Mapping[str, Any],
) -> GenerationRequest:
    """A request. Raises InvalidRequestError that names what has the wrong type."""
    if not isinstance(prompt, str):
        raise InvalidRequestError(f"`prompt` is {prompt!r:.100}; it must be a text", param="prompt")
    named = {name: value for name, value in params.items() if value is not None}
    taken = [
        Input(kind=kind, role=role, source=source_of(one, name))
        for name, (kind, role) in ROLES.items()
        if name in named and not isinstance(named[name], bool)
        for one in _listed(named.pop(name))
    ]
    return GenerationRequest(
        operation=operation,
        model=model or "",
        prompt=prompt,
        inputs=(*inputs, *taken),
        params=named,
        budget_limit=None if budget_limit is None else amount_of(budget_limit, "budget_limit"),
        tags=dict(tags or {}),
        idempotency_key=idempotency_key,
    )


def filter_of(wanted: Mapping[str, Any]) -> JobFilter:
    """Which jobs are meant; one status may stand without a list. Raises InvalidRequestError that names what is wrong."""
    known = JobFilter.__struct_fields__
    if unknown := [name for name in wanted if name not in known]:
        near = difflib.get_close_matches(unknown[0], known, n=3, cutoff=0.5) or known
        message = f"jobs are not listed by `{unknown[0]}`; try {', '.join(near)}"
        raise InvalidRequestError(message, param=unknown[0])
    told = {name: value for name, value in wanted.items() if value is not None}
    if isinstance(told.get("status"), str):
        told["status"] = (told["status"],)
    try:
        return msgspec.convert(told, JobFilter)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"jobs cannot be listed by this: {error}") from error


def source_of(given: Any, name: str) -> str:
    """Where an input is, as a text. Raises InvalidRequestError for what is no source."""
    match given:
        case str() if given:
            return given
        case Path():
            return str(given)
        case bytes() if given:
            return f"data:application/octet-stream;base64,{base64.b64encode(given).decode()}"
        case Asset() | Job():
            return given.id
        case GenerationResult(assets=assets) if assets:
            return assets[0].id
        case _:
            message = f"`{name}` is {given!r:.100}; it must be a path, a URL, bytes, an asset, or a job with a result"
            raise InvalidRequestError(message, param=name)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
