"""`local/edit`: real edits of a picture, by params alone. No model looks at it, and nothing is made up."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Progress
from genmux.contract.model import Model
from genmux.providers.local.edit_looks import Edit, blur, enhanced, fill, grayscale, invert, masked, pixelate
from genmux.providers.local.edit_shapes import crop, fit, flip, rotate
from genmux.providers.local.picture_files import FORMATS, check_pillow, open_picture, save_picture
from genmux.types.assets import Output
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import Completed
from genmux.types.usage import Usage

if TYPE_CHECKING:
    from PIL.Image import Image

SHAPES: dict[str, Edit] = {"crop": crop, "rotate": rotate, "flip": flip, "size": fit, "aspect_ratio": fit}
"""Edits of the shape by the param that asks for them, in the order in which they are made."""

LOOKS: dict[str, Edit] = {
    "grayscale": grayscale,
    "invert": invert,
    "brightness": enhanced("Brightness", "brightness"),
    "contrast": enhanced("Contrast", "contrast"),
    "saturation": enhanced("Color", "saturation"),
    "sharpness": enhanced("Sharpness", "sharpness"),
    "blur": blur,
    "pixelate": pixelate,
    "fill": fill,
}
"""Edits of the looks, made after those of the shape."""

EDITS = SHAPES | LOOKS

UNREAD = "the prompt was not read: no model is behind local/edit, which does what its params say and nothing else"


class EditEngine(msgspec.Struct, frozen=True):
    """Edits pictures."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "EditModel":
        """Raises ConfigurationError when Pillow is not installed."""
        del model, options
        check_pillow()
        return EditModel()


class EditModel:
    """Ready to edit."""

    def run(self, request: MediaRequest) -> Iterator[Progress | Completed]:
        """Make all edits that the params ask for, one after the other. Raises InvalidRequestError."""
        params, given = request.params, request.first("image")
        wanted = asked_edits(params)
        if given is None:
            raise InvalidRequestError("there is no picture to edit: give one as the input `image`", param="image")
        if not wanted and not params.get("format"):
            message = f"nothing is to be done: give one of {', '.join(EDITS)}, or another `format`"
            raise InvalidRequestError(message, param="params")
        image = open_picture(given, "image")
        mask = request.first("mask")
        where = None if mask is None else open_picture(mask, "mask")
        _check_mask(wanted, where)
        for number, name in enumerate(wanted):
            yield Progress(number / (len(wanted) + 1))
            after = EDITS[name](image, params)
            image = after if where is None else masked(image, after, where)
        yield Progress(len(wanted) / (len(wanted) + 1))
        output = _saved(image, request, given.media_type)
        yield Completed(
            outputs=(output,), usage=Usage(meters={"images.output": 1}), text=UNREAD if request.prompt.strip() else None
        )


def asked_edits(params: Mapping[str, Any]) -> list[str]:
    """The edits that params ask for, in the order in which they are made."""
    asked = {name for name, value in params.items() if value is not None and value is not False and value != "auto"}
    names = [name for name in EDITS if name in asked]
    return [name for name in names if not (name == "aspect_ratio" and "size" in names)]


def _check_mask(wanted: list[str], mask: "Image | None") -> None:
    """Raise InvalidRequestError for what cannot be done in a part of a picture, or only there."""
    shapes = [name for name in wanted if name in SHAPES]
    if mask is not None and shapes:
        message = f"with a `mask` the shape stays as it is; leave out {', '.join(shapes)}"
        raise InvalidRequestError(message, param=shapes[0])
    if mask is None and "fill" in wanted:
        raise InvalidRequestError("`fill` covers what a `mask` marks; give one", param="mask")


def _saved(image: "Image", request: MediaRequest, media_type: str | None) -> Output:
    """In the format that is asked for, else in that of the picture that came, else as PNG."""
    came_as = next((name for name, (_, known, _) in FORMATS.items() if known == media_type), "png")
    format_ = str(request.params.get("format") or came_as)
    path = Path(request.folder) / f"edited.{format_}"
    made = save_picture(image, path, format_=format_, quality=str(request.params.get("quality") or "high"))
    return Output(file=str(path), media_type=made, name=path.name)
