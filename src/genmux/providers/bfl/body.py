"""How a request reads in the words of Black Forest Labs. What goes in is an address, or plain base64 without `data:` before it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.media_writing import Fields, write_fields

Placing = Callable[[MediaRequest], dict[str, Any]]
"""The inputs of a request as fields of the body."""

FIELDS = Fields(
    names={
        "format": "output_format",
        "enhance_prompt": "prompt_upsampling",
        "moderation": "safety_tolerance",
        "strength": "image_prompt_strength",
        "audio": "generate_audio",
    },
    spellings={"size": "width_height"},
)
"""Our names where theirs are others."""

SHARP: Mapping[str, str] = {"720p": "hd", "1080p": "fhd"}
MODES: Mapping[str, str] = {"text_to_video": "t2v", "image_to_video": "i2v", "video_to_video": "v2v"}


def body_of(request: MediaRequest, place: Placing) -> dict[str, Any]:
    """The JSON of a submission."""
    return write_fields(msgspec.structs.replace(request, inputs=()), FIELDS, ()) | place(request)


def pictures(request: MediaRequest) -> dict[str, Any]:
    """What is changed or taken after: `input_image`, `input_image_2` …"""
    numbered = enumerate((*request.all("image"), *request.all("reference")), start=1)
    return {f"input_image_{number}" if number > 1 else "input_image": bare(one) for number, one in numbered}


def prompted(request: MediaRequest) -> dict[str, Any]:
    """A picture to take after."""
    return _named(("image_prompt", request.first("reference")))


def painted(request: MediaRequest) -> dict[str, Any]:
    """A picture, and where it may be painted."""
    return _named(("image", request.first("image")), ("mask", request.first("mask")))


def filmed(request: MediaRequest) -> dict[str, Any]:
    """The mode of a video, with its first and last picture, or the video that it goes on from."""
    frames = [bare(one) for one in (request.first("image"), request.first("last_image")) if one is not None]
    sharp = request.params.get("resolution")
    body: dict[str, Any] = {"mode": MODES[request.operation]}
    if sharp is not None:
        body["resolution"] = SHARP.get(sharp, sharp)
    if frames:
        body["keyframes"] = frames[0] if len(frames) == 1 else frames
    return body | _named(("start_video", request.first("video")))


def bare(one: MediaInput) -> str:
    """An address as it is, the bytes of a `data:` URI as base64."""
    url = one.url or ""
    return url.partition(",")[2] if url.startswith("data:") else url


def _named(*fields: tuple[str, MediaInput | None]) -> dict[str, Any]:
    return {name: bare(one) for name, one in fields if one is not None}
