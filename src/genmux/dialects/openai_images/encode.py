"""From a request to the one that is sent: JSON, or a form where pictures are files."""

import base64
import binascii
from typing import Any

import msgspec

from genmux.contract.http import Field, Form, Framing, HttpRequest, json_request
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Prepared
from genmux.contract.model import Model
from genmux.dialects.openai_images.profile import Profile
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError, UnsupportedError
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

STREAMED = frozenset({"partial_images"})
"""Parameters that only a stream has."""

_FORM_STREAM = (("accept", "text/event-stream"),)
_FORM_WHOLE = (("accept", "application/json"),)


def prepared(request: MediaRequest, model: Model, profile: Profile) -> Prepared:
    """The fields of a request, without its pictures. Raises UnsupportedError for pictures that the host does not take."""
    if request.inputs and not profile.edits:
        message = f"{model.reference} takes no pictures: there is no address for edits"
        raise UnsupportedError(message, provider=model.provider, model=model.id)
    params = {name: value for name, value in request.params.items() if value is not None}
    warnings = tuple(
        Warning("unsupported", name, "the host does not take it; it is left out")
        for name in profile.drop
        if params.pop(name, None) is not None
    )
    fields: Fields = {"model": model.wire_id, "prompt": request.prompt, **profile.defaults}
    params |= {name: str(params[name]).lower() for name in profile.lowercase if name in params}
    fields |= {profile.rename.get(name, name): value for name, value in params.items()}
    if request.user and profile.user:
        fields[profile.user] = request.user
    return Prepared(request=request, model=model, body=fields, warnings=warnings)


def written(ready: Prepared, profile: Profile, *, stream: bool) -> HttpRequest:
    """The request as it leaves. Raises InvalidRequestError for a picture that cannot go along."""
    fields: Fields = {name: value for name, value in ready.body.items() if stream or name not in STREAMED}
    if stream:
        fields["stream"] = True
    request = ready.request
    if not request.inputs:
        return json_request(profile.generations, fields, stream=stream)
    if any(one.file is not None for one in request.inputs):
        return _form(fields, request, profile, stream=stream)
    images = [_object(one, profile) for one in _pictures(request)]
    if profile.single_input and len(images) == 1:
        fields[profile.single_input] = images[0]
    else:
        fields["images"] = images
    if (mask := request.first("mask")) is not None:
        fields["mask"] = _object(mask, profile)
    return json_request(profile.edits, fields, stream=stream)


def _form(fields: Fields, request: MediaRequest, profile: Profile, *, stream: bool) -> HttpRequest:
    texts = tuple(Field(name=name, value=_text(value)) for name, value in fields.items())
    files = tuple(_file("image[]", one) for one in _pictures(request))
    masks = tuple(_file("mask", one) for one in request.all("mask"))
    return HttpRequest(
        method="POST",
        url=profile.edits,
        headers=_FORM_STREAM if stream else _FORM_WHOLE,
        body=Form((*texts, *files, *masks)),
        framing=Framing.SSE if stream else Framing.RAW,
    )


def _pictures(request: MediaRequest) -> tuple[MediaInput, ...]:
    return tuple(one for one in request.inputs if one.role != "mask")


def _object(one: MediaInput, profile: Profile) -> dict[str, str]:
    kind = {"type": profile.input_type} if profile.input_type else {}
    return {profile.input_key: one.url or "", **kind}


def _file(name: str, one: MediaInput) -> Field:
    if one.file is not None:
        return Field(name=name, value=one.file, media_type=one.media_type)
    head, comma, data = (one.url or "").partition(";base64,")
    if not head.startswith("data:") or not comma:
        message = f"the input {name!r} is an address, and others are files; give all of them in one way"
        raise InvalidRequestError(message, param=one.role)
    try:
        value = base64.b64decode(data)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(f"the input {name!r} is not base64: {error}", param=one.role) from error
    return Field(name=name, value=value, media_type=head.removeprefix("data:"), file_name="image")


def _text(value: Any) -> str:
    """A value in a form: words stand for themselves, all else is written as in JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
