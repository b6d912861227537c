"""From a caller's request, as JSON or as a form, to ours."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from genmux.contract.forms import FormPart, split_form
from genmux.dialects.openai_videos.schema import OBJECT
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input

PAGE, LARGEST_PAGE = 20, 100
"""How many videos a list has where nobody says so, and at most."""


class AcceptedVideo(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's request for a video, understood. `extra` are fields that no other dialect knows; `user` is the end user's id."""

    request: GenerationRequest
    user: str | None = None
    extra: Fields = msgspec.field(default_factory=dict)


class VideoPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which videos are listed: `limit` of them, after the video `after`, the newest first unless `order` is `asc`."""

    limit: int = PAGE
    after: str | None = None
    order: Literal["asc", "desc"] = "desc"


def accept(body: bytes) -> AcceptedVideo:
    """Understand a JSON body. Raises InvalidRequestError that names the field and what is wrong with it."""
    fields = _object(body)
    inputs = _referred(fields.pop("input_reference", None))
    return _accepted(fields, inputs)


def accept_form(parts: Iterable[FormPart]) -> AcceptedVideo:
    """Understand a form, whose files are put away already. Raises InvalidRequestError."""
    texts, files = split_form(parts)
    inputs: list[Input] = []
    for file in files:
        if file.name.removesuffix("[]") != "input_reference":
            raise _wrong(file.name, "is a file, and no file belongs there")
        one = file.input("image")
        inputs.append(one if one.kind == "image" else msgspec.structs.replace(one, role="video"))
    inputs += _referred(texts.pop("input_reference", None))
    return _accepted(texts, inputs)


def accept_remix(body: bytes, *, model: str, source: str) -> AcceptedVideo:
    """Understand a request to change a video; `source` is the id of the job that made it, `model` what it was made with.

    Raises InvalidRequestError.
    """
    accepted = accept_words(body)
    clip = Input(kind="video", source=source, role="video")
    request = GenerationRequest(
        operation="video_to_video",
        model=accepted.request.model or model,
        prompt=accepted.request.prompt,
        inputs=(clip,),
    )
    return msgspec.structs.replace(accepted, request=request)


def accept_words(body: bytes) -> AcceptedVideo:
    """Understand a body that has a prompt and no picture. Raises InvalidRequestError."""
    return _accepted(_object(body), [])


def accept_list(query: Mapping[str, str]) -> VideoPage:
    """Understand which videos are asked for. Raises InvalidRequestError."""
    told = query.get("limit", str(PAGE))
    if not told.isdecimal() or not 0 <= int(told) <= LARGEST_PAGE:
        raise _wrong("limit", f"is {told!r:.60}; it must be a number from 0 to {LARGEST_PAGE}")
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise _wrong("order", f"is {order!r:.60}; it must be 'asc' or 'desc'")
    return VideoPage(limit=int(told), after=query.get("after") or None, order=order)


def _object(body: bytes) -> Fields:
    try:
        return OBJECT.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not a JSON object in UTF-8: {error}") from error


def _accepted(given: Mapping[str, Any], inputs: list[Input]) -> AcceptedVideo:
    fields = {name: value for name, value in given.items() if value is not None}
    model, prompt, size, user = (_text(fields, name) for name in ("model", "prompt", "size", "user"))
    if not prompt:
        raise _wrong("prompt", "is missing")
    params: Fields = {} if size is None else {"size": size}
    if "seconds" in fields:
        params["duration"] = _seconds(fields.pop("seconds"))
    moving = any(one.role == "video" for one in inputs)
    request = GenerationRequest(
        operation="video_to_video" if moving else "image_to_video" if inputs else "text_to_video",
        model=model or "",
        prompt=prompt,
        inputs=tuple(inputs),
        params=params,
    )
    return AcceptedVideo(request=request, user=user, extra=fields)


def _referred(given: Any) -> list[Input]:
    """A picture that is named and does not come along: by its address, or by the id of a file."""
    match given:
        case None:
            return []
        case {"image_url": str() as source} | {"file_id": str() as source} | {"url": str() as source} if source:
            return [Input(kind="image", source=source, role="image")]
        case str() if given:
            return [Input(kind="image", source=given, role="image")]
        case _:
            raise _wrong("input_reference", f"must name a picture by `image_url` or `file_id`, not {given!r:.60}")


def _text(fields: Fields, name: str) -> str | None:
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, f"must be a text, not {value!r:.60}")
    return value


def _seconds(given: Any) -> float | int:
    """Seconds are told as text; numbers are understood, too."""
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = -1.0
    if isinstance(given, bool) or not 0 < seconds < float("inf"):
        raise _wrong("seconds", f"is {given!r:.60}; it must be a number of seconds, such as '8'")
    return int(seconds) if seconds.is_integer() else seconds


def _wrong(place: str, fault: str) -> InvalidRequestError:
    return InvalidRequestError(f"`{place}` {fault}", param=place)
