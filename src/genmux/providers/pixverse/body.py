"""How a request reads in PixVerse's words. What goes in is named by the numbers of its uploads."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.types.errors import InvalidRequestError

NAMES: Final[Mapping[str, str]] = {"resolution": "quality", "audio": "generate_audio_switch"}
"""Our names where PixVerse has others; all others are its own."""

Uploaded = tuple[MediaInput, int]
"""An input, and the number by which PixVerse knows it."""


def body_of(request: MediaRequest, wire_id: str, uploads: Sequence[Uploaded]) -> tuple[str, dict[str, Any]]:
    """Where the request goes, and its JSON. Raises InvalidRequestError for inputs that go to no address."""
    written = {NAMES.get(name, name): value for name, value in request.params.items() if value is not None}
    way, inputs = _placed(uploads)
    if request.operation == "image_to_video" and not inputs:
        message = "a video from a picture needs one: give `image`, or one or more `reference`"
        raise InvalidRequestError(message, param="image")
    if way in ("text", "fusion"):
        written.setdefault("aspect_ratio", "16:9")  # must be told there, and not where a picture tells it
    prompt = {"prompt": request.prompt} if request.prompt else {}
    return f"/video/{way}/generate", {"model": wire_id, **prompt, **written, **inputs}


def _placed(uploads: Sequence[Uploaded]) -> tuple[str, dict[str, Any]]:
    """The address for what there is, and the fields that it has for that."""
    by_role = {one.role: number for one, number in uploads}
    match by_role:
        case {"video": number}:
            return "extend", {"video_media_id": number}
        case {"image": first, "last_image": last}:
            return "transition", {"first_frame_img": first, "last_frame_img": last}
        case {"image": number}:
            return "img", {"img_id": number}
        case {"reference": _}:
            return "fusion", {"image_references": [_reference(*one) for one in enumerate(uploads, start=1)]}
        case _:
            return "text", {}


def _reference(place: int, uploaded: Uploaded) -> dict[str, Any]:
    """One of several pictures, which the prompt may name `@image1` …"""
    return {"type": "subject", "img_id": uploaded[1], "ref_name": f"image{place}"}
