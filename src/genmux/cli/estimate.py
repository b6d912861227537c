"""`genmux estimate`: what a request may cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from genmux.cli.answers import money
from genmux.cli.console import out, print_json, show_table, warn
from genmux.cli.files import said
from genmux.cli.options import Ask, Common, Switch
from genmux.cli.session import connected
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import Input

if TYPE_CHECKING:
    from genmux.client.client import Client
    from genmux.types.money import Estimate

SHORT: dict[str, tuple[str, dict[str, str]]] = {
    "image": ("text_to_image", {"image": "image_to_image"}),
    "video": ("text_to_video", {"video": "video_to_video", "image": "image_to_video"}),
    "speech": ("text_to_speech", {}),
    "music": ("text_to_music", {}),
}
"""Short names of operations, and what they are when something of a kind goes in."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Make:
    """What is to be made."""

    operation: Annotated[
        str,
        Parameter(name=("--operation", "-o"), help="chat, image, video, speech, music, transcribe, rerank, realtime …"),
    ] = "chat"
    duration: Annotated[float | None, Parameter(help="Seconds of what is made, or of the session.")] = None
    resolution: Annotated[str | None, Parameter(help="Such as 1080p or 2K.")] = None
    size: Annotated[str | None, Parameter(help="Width and height in pixels, as 1024x1536.")] = None
    quality: Annotated[str | None, Parameter(help="Such as low, medium or high.")] = None
    count: Annotated[int | None, Parameter(name=("--count", "-n"), help="How many are made.")] = None
    param: Annotated[
        tuple[str, ...],
        Parameter(
            name=("--param", "-p"), help="Any other, as name=value. Repeatable.", negative="", show_default=False
        ),
    ] = ()
    input: Annotated[
        tuple[str, ...],
        Parameter(
            help="What goes in, as audio:seconds=90 or document:pages=3. Repeatable.", negative="", show_default=False
        ),
    ] = ()

    def params(self) -> dict[str, Any]:
        """As keywords of the client. Raises InvalidRequestError for a `--param` that is none."""
        told: dict[str, Any] = {
            "duration": plainly(self.duration),
            "resolution": self.resolution,
            "size": self.size,
            "quality": self.quality,
            "n": self.count,
        }
        told |= dict(read_pair(one, "--param", "such as fps=24") for one in self.param)
        return {name: value for name, value in told.items() if value is not None}

    def inputs(self, images: tuple[str, ...]) -> tuple[Input, ...]:
        """What goes in. Raises InvalidRequestError for an `--input` that is none."""
        return (*(Input(kind="image", source=image) for image in images), *map(_input, self.input))


def plainly(number: float | None) -> float | None:
    """A whole number without its point: many models take only those."""
    return int(number) if number is not None and number.is_integer() else number


def estimate(
    *prompt: Annotated[str, Parameter(help="What would be asked.")],
    ask: Ask | None = None,
    make: Make | None = None,
    expression: Annotated[bool, Switch, Parameter(help="Print the price as a table for forms, as JSON.")] = False,
    common: Common | None = None,
) -> None:
    """What a request may cost, before it is sent: a chat, or with `--operation` anything else.

    `genmux estimate -o video -m google/veo-3.1-generate-001 --duration 8 --resolution 1080p "A cat"`
    """
    ask, make, common = ask or Ask(), make or Make(), common or Common()
    with connected(common) as client:
        inputs = make.inputs(ask.image)
        operation = _operation(make.operation, inputs)
        if expression:
            print_json(client.price_expression(operation, model=ask.model))
            return
        made = _made(client, operation, said(prompt), ask=ask, make=make)
        if common.json:
            print_json(made)
        else:
            show_estimate(made)


def _made(client: "Client", operation: str, words: str, *, ask: Ask, make: Make) -> "Estimate":
    params = make.params()
    if operation == "chat" and not make.input:
        if params:
            message = (
                f"a chat has no {', '.join(f'`{name}`' for name in params)}; say what is to be made with --operation"
            )
            raise InvalidRequestError(message, param=next(iter(params)))
        return client.estimate(words, **ask.params())
    if ask.max_tokens is not None:
        params["max_tokens"] = ask.max_tokens
    return client.estimate_generation(operation, model=ask.model, prompt=words, inputs=make.inputs(ask.image), **params)


def show_estimate(made: "Estimate") -> None:
    """Print an estimate for people."""
    span = money(made.high) if made.low == made.high else f"{money(made.low)} to {money(made.high)}"
    out.print(f"{span} ({made.confidence} confidence)")
    if made.lines:
        rows = ((line.meter, f"{line.quantity:,}", money(line.amount)) for line in made.lines)
        show_table(("meter", "at most", "amount"), rows)
    for kind, taken in made.credits.items():
        out.print(f"{taken.low} to {'?' if taken.high is None else taken.high} credits of type {kind}")
    for assumption in made.assumed:
        out.print(f"assumed: {assumption}", style="dim")
    for unknown in made.unknown:
        warn(f"unknown: {unknown}")


def _operation(name: str, inputs: tuple[Input, ...]) -> str:
    """The operation that a name means, with these inputs."""
    if name not in SHORT:
        return name
    plain, others = SHORT[name]
    kinds = {one.kind for one in inputs}
    return next((operation for kind, operation in others.items() if kind in kinds), plain)


def _input(text: str) -> Input:
    kind, _, rest = text.partition(":")
    fields = dict(read_pair(one, "--input", "such as audio:seconds=90") for one in rest.split(",") if one)
    if unknown := [name for name in fields if name not in Input.__struct_fields__]:
        message = f"--input {text!r}: there is no `{unknown[0]}`; there are {', '.join(Input.__struct_fields__[1:])}"
        raise InvalidRequestError(message, param="inputs")
    try:
        return msgspec.convert({**fields, "kind": kind}, Input)
    except msgspec.ValidationError as error:
        message = f"--input {text!r}: {error}"
        raise InvalidRequestError(message, param="inputs") from error


def read_pair(text: str, option: str, example: str) -> tuple[str, Any]:
    """A name and its value: JSON where it is JSON, else a text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        message = f"{option} {text!r} is no name=value, {example}"
        raise InvalidRequestError(message, param=name or option)
    try:
        return name.strip().replace("-", "_"), msgspec.json.decode(value)
    except msgspec.MsgspecError:
        return name.strip().replace("-", "_"), value
