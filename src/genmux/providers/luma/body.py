"""How a request reads in Luma's words: one shape of body for each endpoint. Whatever goes in is an address."""

from collections.abc import Callable
from typing import Any

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.media_writing import Fields, write_fields

FIELDS = Fields(spellings={"duration": "seconds"})

Shape = Callable[[MediaRequest], dict[str, Any]]
"""A request as the fields of a body; those that are None are left out."""


def video(request: MediaRequest) -> dict[str, Any]:
    """From text, or between keyframes."""
    motion = request.params.get("camera_motion")
    frames = {"frame0": request.first("image"), "frame1": request.first("last_image")}
    keyframes = {name: {"type": "image", "url": one.url} for name, one in frames.items() if one is not None}
    return _own(request, "camera_motion") | {
        "concepts": None if motion is None else [{"key": motion}],
        "keyframes": keyframes or None,
    }


def image(request: MediaRequest) -> dict[str, Any]:
    """From text, with pictures to take after, or from a picture that is changed."""
    source, strength = request.first("image"), request.params.get("strength")
    changed = None if source is None else {"url": source.url} | ({} if strength is None else {"weight": strength})
    return _own(request, "strength") | {
        "image_ref": [{"url": one.url} for one in request.all("reference")] or None,
        "modify_image_ref": changed,
    }


def _own(request: MediaRequest, *others: str) -> dict[str, Any]:
    return write_fields(msgspec.structs.replace(request, inputs=()), FIELDS, (), without=others)
