"""From a request to the parameters and measures that an expression is evaluated with, and what is wrong with it."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from genmux.contract.model import Model
from genmux.contract.operations import OPERATIONS
from genmux.contract.params import Param
from genmux.services.estimates.facts import AROUND, LONGEST_LETTER, PART, SHORTEST_PART
from genmux.services.estimates.vocabulary import ALIASES, DAY, KNOWN
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input

KINDS = ("image", "audio", "video", "document", "text")

SIDES: dict[str, Param] = {
    "seconds": Param(type="number", min=0, max=DAY),
    "pages": Param(type="integer", min=0, max=1_000_000),
    "width": Param(type="integer", min=1, max=65_536),
    "height": Param(type="integer", min=1, max=65_536),
    "bytes": Param(type="integer", min=0, max=10**13),
    "characters": Param(type="integer", min=0, max=1_000_000_000),
}
"""The ranges of what an input may say of itself."""


def measured(request: GenerationRequest, model: Model) -> dict[str, Any]:
    """The parameters by their usual names, with what is counted of the prompt and the inputs; None is not known.

    Raises InvalidRequestError for what does not exist or is out of its range.
    """
    check_operation(request.operation)
    params = checked(request.params, model.spec.params)
    inputs = checked_inputs(request.inputs)
    return {**_counted(request, inputs), **params}


def check_operation(operation: str) -> None:
    """Raise InvalidRequestError for an operation that does not exist."""
    if operation not in OPERATIONS:
        raise InvalidRequestError(_no_such("operation", operation, OPERATIONS), param="operation")


def checked(params: Mapping[str, Any], own: Mapping[str, Param]) -> dict[str, Any]:
    """Parameters by their usual names. `own` are those of the model, whose ranges come first."""
    found: dict[str, Any] = {}
    for name, value in params.items():
        ours = ALIASES.get(name, name)
        param = own.get(name) or own.get(ours) or KNOWN.get(ours)
        if param is None:
            raise InvalidRequestError(_no_such("parameter", name, {*own, *KNOWN, *ALIASES}), param=name)
        if value is None:
            continue
        if fault := param.fault(name, value) or _general_fault(ours, name, value):
            raise InvalidRequestError(fault, param=name)
        found[ours] = value
    return found


def checked_inputs(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Inputs whose numbers are within their ranges."""
    read: list[Input] = []
    for place, one in enumerate(inputs):
        if one.kind not in KINDS:
            raise InvalidRequestError(_no_such(f"inputs[{place}].kind", one.kind, KINDS), param="inputs")
        for name, param in SIDES.items():
            value = getattr(one, name)
            if value is not None and (fault := param.fault(f"inputs[{place}].{name}", value)):
                raise InvalidRequestError(fault, param="inputs")
        read.append(one)
    return tuple(read)


def _general_fault(ours: str, name: str, value: object) -> str | None:
    """What is wrong with a number whatever the model says, such as one that is none."""
    general = KNOWN.get(ours)
    return None if general is None or general.max is None else general.fault(name, value)


def _counted(request: GenerationRequest, inputs: tuple[Input, ...]) -> dict[str, Any]:
    """What is there, None for what is there but of unknown extent; what is not there is left out."""
    found: dict[str, Any] = {}
    prompt = request.prompt
    kinds = {kind: [one for one in inputs if one.kind == kind] for kind in KINDS}
    texts = kinds["text"]
    if request.operation == "rerank":
        texts = texts + kinds["document"]
        most = max(SHORTEST_PART, PART - len(prompt.encode("utf-8", "surrogatepass")))
        found["document_parts"] = _total(texts, lambda one: _parts(one, most))
    if prompt or texts:
        own = len(prompt.encode("utf-8", "surrogatepass"))
        found["prompt_bytes"] = own
        found["characters"] = _total(texts, _characters, len(prompt))
        found["text_bytes"] = _total(texts, _bytes, own + AROUND)
    if texts or kinds["document"]:
        found["documents"] = len(texts) + len(kinds["document"])
    if kinds["document"]:
        found["pages"] = _total(kinds["document"], lambda one: one.pages)
    if kinds["image"]:
        found["input_images"] = len(kinds["image"])
        found["input_pixels"] = _total(kinds["image"], _pixels)
    for kind in ("audio", "video"):
        if kinds[kind]:
            found[f"{kind}_seconds"] = _total(kinds[kind], lambda one: one.seconds)
    return found


def _total(inputs: Iterable[Input], measure: Callable[[Input], float | None], already: float = 0) -> float | None:
    total = already
    for one in inputs:
        size = measure(one)
        if size is None:
            return None
        total += size
    return total


def _characters(one: Input) -> int | None:
    if one.characters is not None:
        return one.characters
    return len(one.source) if one.source is not None else one.bytes


def _bytes(one: Input) -> int | None:
    if one.source is not None:
        return len(one.source.encode("utf-8", "surrogatepass")) + AROUND
    if one.bytes is not None:
        return one.bytes + AROUND
    return None if one.characters is None else one.characters * LONGEST_LETTER + AROUND


def _parts(one: Input, most: int) -> int | None:
    size = _bytes(one)
    return None if size is None else max(1, -(-(size - AROUND) // most))


def _pixels(one: Input) -> int | None:
    return None if one.width is None or one.height is None else one.width * one.height


def _no_such(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=3)
    return f"there is no {what} {name!r}; {_hint(near, known)}"


def _hint(near: list[str], known: Iterable[str]) -> str:
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known))}"


def generation_of(document: Mapping[str, Any]) -> GenerationRequest:
    """A request from decoded JSON. Raises InvalidRequestError that names what is wrong."""
    fields = GenerationRequest.__struct_fields__
    for name in document:
        if name not in fields:
            raise InvalidRequestError(_no_such("field", name, fields), param=name)
    try:
        return msgspec.convert(document, GenerationRequest)
    except msgspec.ValidationError as error:
        message = f"the generation is wrong: {error}"
        raise InvalidRequestError(message, param=next(_named_in(str(error)), None)) from error


def _named_in(message: str) -> Iterator[str]:
    _, _, place = message.partition("`$.")
    if name := place.partition("`")[0].partition("[")[0].partition(".")[0]:
        yield name
