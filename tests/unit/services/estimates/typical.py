"""Typical requests of every operation, and how many of the models that are known have an estimate for theirs."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.app import App
from genmux.contract.operations import OPERATIONS
from genmux.contract.params import Param
from genmux.types.generation import GenerationRequest, Input
from genmux.types.money import Condition, Price

PICTURE = (Input(kind="image", width=1_024, height=1_024),)

TYPICAL: dict[str, dict[str, Any]] = {
    "chat": {"prompt": "Hello", "params": {"max_tokens": 100}},
    "embed": {"prompt": "Hello"},
    "rerank": {"prompt": "Which?", "inputs": (Input(kind="text", source="This one."),) * 10},
    "text_to_image": {"prompt": "A cat", "params": {"size": "1024x1024"}},
    "image_to_image": {"prompt": "A cat", "params": {"size": "1024x1024"}, "inputs": PICTURE},
    "edit_image": {"prompt": "A cat", "params": {"size": "1024x1024"}, "inputs": PICTURE},
    "upscale": {"params": {"scale": 2}, "inputs": PICTURE},
    "text_to_video": {"prompt": "A cat", "params": {"duration": 5, "resolution": "720p"}},
    "image_to_video": {"prompt": "A cat", "params": {"duration": 5, "resolution": "720p"}, "inputs": PICTURE},
    "video_to_video": {"prompt": "A cat", "inputs": (Input(kind="video", seconds=5, width=1_280, height=720),)},
    "text_to_speech": {"prompt": "Hello, how are you?"},
    "text_to_music": {"prompt": "A waltz", "params": {"duration": 30}},
    "text_to_sound": {"prompt": "Rain", "params": {"duration": 5}},
    "transcribe": {"inputs": (Input(kind="audio", seconds=60),)},
    "realtime": {"params": {"duration": 60}},
}


class Share(msgspec.Struct):
    """How many models an operation has, how many have an estimate, how many have a price, and which lack an estimate.

    `callable` are those of the manifests, which can be called; the others only have a price.
    """

    models: int = 0
    priced: int = 0
    estimated: int = 0
    callable: int = 0
    callable_estimated: int = 0
    lacking: list[str] = msgspec.field(default_factory=list)


def shares(app: App) -> dict[str, Share]:
    """For each operation, how many models of all manifests and of the price catalogue have an estimate for a typical request."""
    listed = {(model.reference, one) for model in app.catalog.models(app.prices) for one in model.operations}
    media = {(f"{one.provider}/{one.id}", name) for one in app.prices.catalogue_models() for name in one.operations}
    found = {operation: Share() for operation in OPERATIONS}
    for reference, operation in sorted(listed | media):
        rows = app.prices.rows(app.estimates.model(reference, operation))
        unknown = _unknown(app, reference, operation, rows or ())
        share = found[operation]
        share.models += 1
        share.priced += rows is not None
        share.estimated += not unknown
        if (reference, operation) in listed:
            share.callable += 1
            share.callable_estimated += not unknown
        if unknown:
            share.lacking.append(f"{reference}: {'; '.join(unknown)}")
    return found


def part(some: int, all_of_them: int) -> float:
    """A share; all of nothing is all."""
    return some / all_of_them if all_of_them else 1.0


def table(found: dict[str, Share]) -> str:
    """The shares, for people."""
    lines = [f"{'operation':<16}{'models':>8}{'priced':>8}{'estimated':>11}{'share':>8}{'callable':>10}{'share':>8}"]
    for operation, share in found.items():
        of_all, of_callable = part(share.estimated, share.models), part(share.callable_estimated, share.callable)
        counted = f"{operation:<16}{share.models:>8}{share.priced:>8}{share.estimated:>11}{of_all:>8.1%}"
        lines.append(f"{counted}{share.callable:>10}{of_callable:>8.1%}")
        lines += [f"    {one}" for one in share.lacking]
    return "\n".join(lines)


def _unknown(app: App, reference: str, operation: str, rows: tuple[Price, ...]) -> tuple[str, ...]:
    """What is missing in the estimate of a typical request."""
    said = TYPICAL[operation]
    own = app.estimates.model(reference, operation).spec.params
    said = {**said, "params": as_known(_as_priced(said.get("params", {}), rows), own)}
    estimate = app.estimates.generation(GenerationRequest(operation=operation, model=reference, **said))
    assert (estimate.high is None) == bool(estimate.unknown)
    return estimate.unknown


def as_known(params: dict[str, Any], own: Mapping[str, Param]) -> dict[str, Any]:
    """The same with values that the model takes, where its manifest says which."""
    told = dict(params)
    for name, value in params.items():
        param = own.get(name)
        if param is not None and param.fault(name, value):
            fitting = param.default if param.default is not None else next(iter(param.choices), param.min)
            told[name] = fitting
    return told


def _as_priced(params: dict[str, Any], rows: tuple[Price, ...]) -> dict[str, Any]:
    """The same with a size and a resolution that the model has, as nobody would ask it for another."""
    told = dict(params)
    for name in ("size", "resolution"):
        values: list[Condition] = [row.when[name] for row in rows if name in row.when]
        plain = any(name not in row.when for row in rows)
        if name in told and values and told[name] not in values and not plain:
            told[name] = values[0]
    return told
