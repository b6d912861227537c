"""The files that the simulator makes: tiny, valid, and the same for the same request."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.operations import OUTPUTS
from genmux.providers.mock.picture import png
from genmux.providers.mock.sound import wav
from genmux.providers.mock.video import mp4
from genmux.types.errors import InvalidRequestError

Size = tuple[int, int]

SHORT_SIDE = 64
"""Of a picture or a video in pixels, where nobody says."""

LONGEST = 2_048
"""Of a side in pixels."""

VIDEO_SECONDS, SOUND_SECONDS = 2.0, 3.0
FPS = 8
CHARACTERS_PER_SECOND = 15
"""How fast speech is spoken."""

_PAIR = re.compile(r"(\d+)\s*([x:])\s*(\d+)")


class MadeFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file, and what is measured of it."""

    data: bytes
    media_type: str
    ending: str
    meters: dict[str, float]


def files_of(request: MediaRequest, *, text: str, seed: int) -> Iterator[MadeFile]:
    """As many files as are asked for. Raises InvalidRequestError."""
    make = _MAKERS[OUTPUTS.get(request.operation, "")]
    for number in range(int(request.params.get("n") or 1)):
        yield make(request, text, (request.operation, text, seed, number))


def size_of(request: MediaRequest) -> Size:
    """Width and height that are asked for; those of an input times `scale` for `upscale`. Both are even."""
    params, given = request.params, request.first("image")
    if request.operation == "upscale" and given is not None and given.width and given.height:
        scale = int(params.get("scale") or 2)
        return _even(given.width * scale, given.height * scale)
    if found := _PAIR.fullmatch(str(params.get("size") or "")):
        return _even(int(found[1]), int(found[3]))
    found = _PAIR.fullmatch(str(params.get("aspect_ratio") or "1:1"))
    across, down = (int(found[1]), int(found[3])) if found else (1, 1)
    least = min(across, down) or 1
    return _even(SHORT_SIDE * across // least, SHORT_SIDE * down // least)


def _even(width: int, height: int) -> Size:
    if not 1 <= width <= LONGEST or not 1 <= height <= LONGEST:
        message = f"`size` would be {width}x{height}; the simulator makes 1 to {LONGEST} pixels on each side"
        raise InvalidRequestError(message, param="size")
    return width + width % 2, height + height % 2


def _image(request: MediaRequest, text: str, key: object) -> MadeFile:
    del text
    return MadeFile(data=png(*size_of(request), key), media_type="image/png", ending="png", meters={"images.output": 1})


def _video(request: MediaRequest, text: str, key: object) -> MadeFile:
    del text
    seconds = _seconds(request.params, VIDEO_SECONDS)
    data = mp4(seconds, int(request.params.get("fps") or FPS), size_of(request), key)
    meters = {"videos.output": 1, "seconds.output.video": seconds}
    return MadeFile(data=data, media_type="video/mp4", ending="mp4", meters=meters)


def _audio(request: MediaRequest, text: str, key: object) -> MadeFile:
    speech = request.operation == "text_to_speech"
    usual = max(0.2, round(len(text) / CHARACTERS_PER_SECOND, 1)) if speech else SOUND_SECONDS
    seconds = usual if speech else _seconds(request.params, usual)
    counted = {"characters.input": len(text)} if speech else {"tracks.output": 1}
    meters = {"seconds.output.audio": seconds, **counted}
    return MadeFile(data=wav(seconds, key), media_type="audio/wav", ending="wav", meters=meters)


def _seconds(params: Mapping[str, Any], usual: float) -> float:
    return float(params.get("duration") or usual)


_MAKERS: dict[str, Callable[[MediaRequest, str, object], MadeFile]] = {
    "image": _image,
    "video": _video,
    "audio": _audio,
}
"""By what an operation makes."""
