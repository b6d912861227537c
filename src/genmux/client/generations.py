"""From the keywords of a generation to its request."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from genmux.client.requests import Asked
from genmux.flows.call.options import DEFAULT_OPTIONS
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input


def ask_generation(
    operation: str,
    prompt: Any,
    inputs: Sequence[Input | Mapping[str, Any]],
    *,
    model: str | None,
    params: Mapping[str, Any],
) -> Asked:
    """A generation as it was asked for. Raises InvalidRequestError that names what has the wrong type."""
    if not isinstance(prompt, str):
        message = f"`prompt` is {prompt!r:.100}; it must be a text"
        raise InvalidRequestError(message, param="prompt")
    read = tuple(_input(place, one) for place, one in enumerate(_listed(inputs)))
    told = {name: value for name, value in params.items() if value is not None}
    request = GenerationRequest(operation=operation, model=model or "", prompt=prompt, inputs=read, params=told)
    return Asked(request=request, options=DEFAULT_OPTIONS)


def _listed(inputs: Any) -> Sequence[Any]:
    if isinstance(inputs, Sequence) and not isinstance(inputs, str | bytes):
        return inputs
    message = f"`inputs` is {inputs!r:.100}; it must be a list of `Input`s, or of dicts with `kind` and `source`"
    raise InvalidRequestError(message, param="inputs")


def _input(place: int, one: Any) -> Input:
    if isinstance(one, Input):
        return one
    if isinstance(one, Mapping) and (unknown := [name for name in one if name not in Input.__struct_fields__]):
        message = f"inputs[{place}] has no field `{unknown[0]}`; there are {', '.join(Input.__struct_fields__)}"
        raise InvalidRequestError(message, param="inputs")
    try:
        return msgspec.convert(one, Input)
    except msgspec.ValidationError as error:
        message = f"inputs[{place}] is wrong: {error}"
        raise InvalidRequestError(message, param="inputs") from error
