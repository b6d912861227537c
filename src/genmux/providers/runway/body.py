"""How a request reads in Runway's words: the names of its parameters, and where each endpoint wants its inputs."""

from collections.abc import Callable, Mapping
from typing import Any

from genmux.contract.inputs import MediaRequest

Placing = Callable[[MediaRequest], dict[str, Any]]
"""The inputs of a request as fields of the body."""

NAMES: Mapping[str, str] = {
    "negative_prompt": "negativePrompt",
    "size": "ratio",
    "aspect_ratio": "ratio",
    "n": "outputCount",
    "format": "outputFormat",
    "language": "languageCode",
    "scale": "scaleFactor",
    "enhance_prompt": "promptExpansionMode",
}
"""Our names where Runway has others; all others are its own."""


def body_of(request: MediaRequest, wire_id: str, place: Placing) -> dict[str, Any]:
    """The JSON of a submission."""
    body: dict[str, Any] = {"model": wire_id}
    if request.prompt:
        body["promptText"] = request.prompt
    for name, value in request.params.items():
        if value is not None:
            body |= _field(name, value)
    return body | place(request)


def _field(name: str, value: Any) -> dict[str, Any]:
    match name:
        case "size":
            return {"ratio": str(value).replace("x", ":")}
        case "voice":
            return {"voice": {"type": "runway-preset", "presetId": value}}
        case "moderation":
            return {"contentModeration": {"publicFigureThreshold": value}}
        case _:
            return {NAMES.get(name, name): value}


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
