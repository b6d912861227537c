"""From a caller's request, as JSON or as a form, to ours."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from genmux.contract.forms import FormPart, split_form
from genmux.dialects.openai_images.schema import EDITS, GENERATIONS, OBJECT, ResponseFormat
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input

Way = Literal["generations", "edits"]

_TEXT, _COUNT, _TRUTH = "a text", "a whole number", "true or false"
_KINDS: dict[str, type] = {_TEXT: str, _COUNT: int, _TRUTH: bool}

PARAMS: dict[str, tuple[str, str]] = {
    "n": ("n", _COUNT),
    "size": ("size", _TEXT),
    "quality": ("quality", _TEXT),
    "background": ("background", _TEXT),
    "moderation": ("moderation", _TEXT),
    "output_format": ("format", _TEXT),
    "output_compression": ("output_compression", _COUNT),
    "partial_images": ("partial_images", _COUNT),
    "style": ("style", _TEXT),
    "input_fidelity": ("input_fidelity", _TEXT),
}
"""Fields that are parameters: our name for each, and what it must be."""

SETTINGS: dict[str, str] = {
    "model": _TEXT,
    "prompt": _TEXT,
    "stream": _TRUTH,
    "response_format": _TEXT,
    "user": _TEXT,
    "safety_identifier": _TEXT,
}
"""All other fields that are known."""

_IMAGE_NAMES = ("image", "images")


class AcceptedImages(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's request for pictures, understood.

    `stream` asks for unfinished pictures, `response_format` says how finished ones are wanted (None: the usual way), `user`
    is the end user's id. `extra` are fields that no other dialect knows; they may only go to a host of this one.
    """

    request: GenerationRequest
    way: Way = "generations"
    stream: bool = False
    response_format: ResponseFormat | None = None
    user: str | None = None
    extra: Fields = msgspec.field(default_factory=dict)

    @property
    def event(self) -> str:
        """With which the types of the events of its stream begin."""
        return EDITS if self.way == "edits" else GENERATIONS


def accept(body: bytes, way: Way) -> AcceptedImages:
    """Understand a JSON body. Raises InvalidRequestError that names the field and what is wrong with it."""
    try:
        fields = OBJECT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not a JSON object in UTF-8: {error}") from error
    inputs: tuple[Input, ...] = ()
    if way == "edits":
        inputs = tuple(_pictures(fields))
    return _accepted(fields, inputs, way)


def accept_form(parts: Iterable[FormPart], way: Way) -> AcceptedImages:
    """Understand a form, whose files are put away already. Raises InvalidRequestError."""
    texts, files = split_form(parts)
    inputs: list[Input] = []
    for file in files:
        name = file.name.removesuffix("[]")
        if way != "edits" or name not in (*_IMAGE_NAMES, "mask"):
            raise _wrong(file.name, "is a file, and no file belongs there")
        inputs.append(file.input("mask" if name == "mask" else "image", "image"))
    return _accepted({name: _read(name, text) for name, text in texts.items()}, tuple(inputs), way)


def _accepted(given: Mapping[str, Any], inputs: tuple[Input, ...], way: Way) -> AcceptedImages:
    fields = {name: value for name, value in given.items() if value is not None}
    told = {name: _demand(fields, name, words) for name, words in SETTINGS.items()}
    params = {
        ours: value for name, (ours, words) in PARAMS.items() if (value := _demand(fields, name, words)) is not None
    }
    if not told["prompt"]:
        raise _wrong("prompt", "is missing")
    if told["response_format"] not in (None, "b64_json", "url"):
        raise _wrong("response_format", f"is {told['response_format']!r:.60}; it must be 'b64_json' or 'url'")
    if way == "edits" and not any(one.role == "image" for one in inputs):
        raise _wrong("image", "is missing; give the picture that is to be edited")
    masked = any(one.role == "mask" for one in inputs)
    request = GenerationRequest(
        operation="text_to_image" if way == "generations" else "edit_image" if masked else "image_to_image",
        model=told["model"] or "",
        prompt=told["prompt"],
        inputs=inputs,
        params=params,
    )
    return AcceptedImages(
        request=request,
        way=way,
        stream=bool(told["stream"]),
        response_format=told["response_format"],
        user=told["safety_identifier"] or told["user"],
        extra=fields,
    )


def _demand(fields: Fields, name: str, words: str) -> Any:
    value = fields.pop(name, None)
    if value is not None and type(value) is not _KINDS[words]:
        raise _wrong(name, f"must be {words}, not {value!r:.60}")
    return value


def _read(name: str, text: Any) -> Any:
    """A text of a form as the number or truth that it stands for."""
    words = PARAMS[name][1] if name in PARAMS else SETTINGS.get(name)
    if words == _COUNT and isinstance(text, str) and text.lstrip("-").isdecimal():
        return int(text)
    return {"true": True, "false": False}.get(text, text) if words == _TRUTH and isinstance(text, str) else text


def _pictures(fields: Fields) -> Iterator[Input]:
    """The pictures of a JSON body: `images` or `image`, and `mask`, each an address or an object with one."""
    for name in _IMAGE_NAMES:
        given = fields.pop(name, None)
        for number, one in enumerate(given if isinstance(given, list) else [given] if given is not None else []):
            yield Input(kind="image", source=_source(f"{name}[{number}]", one), role="image")
    if (mask := fields.pop("mask", None)) is not None:
        yield Input(kind="image", source=_source("mask", mask), role="mask")


def _source(place: str, given: Any) -> str:
    match given:
        case {"image_url": {"url": str() as address}} if address:
            return address
        case {"image_url": str() as address} | {"url": str() as address} | {"file_id": str() as address} if address:
            return address
        case str() if given:
            return given
        case _:
            raise _wrong(place, f"must name a picture by `image_url` or `file_id`, not {given!r:.60}")


def _wrong(place: str, fault: str) -> InvalidRequestError:
    return InvalidRequestError(f"`{place}` {fault}", param=place)
