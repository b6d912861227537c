"""How a request reads in Runway's words: the names of its parameters, and where each endpoint wants its inputs."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.media_writing import Fields, write_fields

Placing = Callable[[MediaRequest], dict[str, Any]]
"""The inputs of a request as fields of the body."""

FIELDS = Fields(
    names={
        "prompt": "promptText",
        "negative_prompt": "negativePrompt",
        "aspect_ratio": "ratio",
        "format": "outputFormat",
        "language": "languageCode",
        "scale": "scaleFactor",
    }
)
"""Our names where Runway has others; all others are its own."""

NESTED: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "size": lambda value: {"ratio": str(value).replace("x", ":")},
    "voice": lambda value: {"voice": {"type": "runway-preset", "presetId": value}},
    "moderation": lambda value: {"contentModeration": {"publicFigureThreshold": value}},
}
"""What has another form there, by our name."""


def body_of(request: MediaRequest, wire_id: str, place: Placing) -> dict[str, Any]:
    """The JSON of a submission."""
    body = {"model": wire_id} | write_fields(msgspec.structs.replace(request, inputs=()), FIELDS, (), without=NESTED)
    for name, write in NESTED.items():
        if (value := request.params.get(name)) is not None:
            body |= write(value)
    return body | place(request)


def references(request: MediaRequest) -> dict[str, Any]:
    """Pictures to take after, for images; the prompt may name them `@image1`, `@image2` … in their order."""
    pictures = (*request.all("image"), *request.all("reference"))
    named = [{"uri": one.url, "tag": f"image{number}"} for number, one in enumerate(pictures, start=1)]
    return {"referenceImages": named} if named else {}


def keyframes(request: MediaRequest) -> dict[str, Any]:
    """The first picture of a video, and the last one where there is one; else pictures to take after."""
    frames = [(request.first("image"), "first"), (request.first("last_image"), "last")]
    placed = [{"uri": one.url, "position": position} for one, position in frames if one is not None]
    if placed:
        return {"promptImage": placed}
    return _more(request)


def video(field: str) -> Placing:
    """A video that is edited or taken after, in the field that an endpoint has for it."""

    def place(request: MediaRequest) -> dict[str, Any]:
        source = request.first("video")
        return ({field: source.url} if source is not None else {}) | _more(request)

    return place


def picture(field: str) -> Placing:
    """One picture, in the field that an endpoint has for it."""

    def place(request: MediaRequest) -> dict[str, Any]:
        source = request.first("image")
        return {field: source.url} if source is not None else {}

    return place


def _more(request: MediaRequest) -> dict[str, Any]:
    pictures, sounds = request.all("reference"), request.all("audio")
    found: dict[str, Any] = {"references": [{"uri": one.url} for one in pictures]} if pictures else {}
    if sounds:
        found["referenceAudio"] = [{"type": "audio", "uri": one.url} for one in sounds]
    return found
