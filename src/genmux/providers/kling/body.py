"""How a request reads in Kling's words, at its newer addresses."""

from collections.abc import Mapping
from typing import Any

from genmux.contract.inputs import MediaInput, MediaRequest

ELSEWHERE = frozenset({"video_use", "original_sound", "audio", "multi_shot"})
"""Parameters that have a place of their own."""


def from_text(request: MediaRequest) -> dict[str, Any]:
    """A video from words alone."""
    return {"prompt": request.prompt, "settings": settings(request.params)}


def from_pictures(request: MediaRequest) -> dict[str, Any]:
    """A video that begins with a picture, and may end with another."""
    return {"contents": [*_prompt(request), *_frames(request)], "settings": settings(request.params)}


def from_anything(request: MediaRequest) -> dict[str, Any]:
    """A video from words, pictures and a video. The prompt may name what goes in: `@image_1` …, `@video_1`."""
    params, video = request.params, request.first("video")
    written = settings(params)
    contents = [*_prompt(request), *_frames(request)]
    contents += [{"type": "refer_image", "url": inside(one)} for one in request.all("reference")]
    for number, one in enumerate((one for one in contents if one["type"] != "prompt"), start=1):
        one["id"] = f"image_{number}"
    if video is None and request.first("image") is None:
        written.setdefault("aspect_ratio", "16:9")  # nothing else tells the format
    if video is not None:
        use = params.get("video_use", "base_video")
        contents.append({"type": use, "url": video.url, "id": "video_1"})
        written["multi_shot"] = use == "feature_video"  # the one way that the documents allow
        written["audio"] = "original" if params.get("original_sound") else "off"
    return {"contents": contents, "settings": written}


def settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, which mostly have our names."""
    written = {name: value for name, value in params.items() if name not in ELSEWHERE and value is not None}
    if (sound := params.get("audio")) is not None:
        written["audio"] = "native" if sound else "off"
    if (shots := params.get("multi_shot")) is not None:
        written["multi_shot"] = shots
    return written


def inside(one: MediaInput) -> str:
    """The address of an input, or its base64 alone: Kling wants no `data:` before it."""
    url = one.url or ""
    return url.partition(";base64,")[2] if url.startswith("data:") else url


def _prompt(request: MediaRequest) -> list[dict[str, Any]]:
    return [{"type": "prompt", "text": request.prompt}] if request.prompt else []


def _frames(request: MediaRequest) -> list[dict[str, Any]]:
    frames = (("first_frame", request.first("image")), ("last_frame", request.first("last_image")))
    return [{"type": name, "url": inside(one)} for name, one in frames if one is not None]
