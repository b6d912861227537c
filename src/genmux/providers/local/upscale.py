"""`local/upscale`: Real-ESRGAN through ncnn, on the processor, tile by tile."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Progress
from genmux.contract.model import Model
from genmux.providers.local.files import weights_folder
from genmux.providers.local.picture_files import FORMATS, check_pillow, open_picture, save_picture
from genmux.providers.local.settings import missing_extra, thread_count
from genmux.providers.local.tiles import Tile, tiles
from genmux.providers.local.weights import WEIGHTS
from genmux.types.assets import Output
from genmux.types.errors import ConfigurationError, ErrorKind, InvalidRequestError, ProviderError, Retry
from genmux.types.jobs import Completed
from genmux.types.usage import Usage

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

MOST_PIXELS = 64_000_000
"""The largest picture that is made."""

MARGIN = 8
"""How many pixels around a tile the model sees, so that no seams are to be seen."""


class Plan(msgspec.Struct, frozen=True):
    """How a set of weights is used: the file of the net for each scale, and the side of a tile in pixels.

    A tile takes less than three seconds on one slow core, so that a stop is soon heard.
    """

    nets: dict[int, str]
    side: int


PLANS: dict[str, Plan] = {
    "upscale": Plan({scale: f"realesr-animevideov3-x{scale}.param" for scale in (2, 3, 4)}, side=192),
    "upscale-photo": Plan({4: "realesrgan-x4plus.param"}, side=64),
}
"""By the name of the weights, which is that of the model."""


class UpscaleEngine(msgspec.Struct, frozen=True):
    """Loads Real-ESRGAN."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "UpscaleModel":
        """Load it. Raises ConfigurationError when weights or a package are missing."""
        check_pillow()
        try:
            import ncnn
            import numpy as np
        except ImportError as error:
            raise missing_extra(error) from error
        del np
        weights, folder = WEIGHTS[model.wire_id], weights_folder(os.environ, options)
        if not all((folder / one.file).is_file() for one in weights.files):
            message = f"the weights of {weights.name} are not installed: run `genmux local install {weights.name}`"
            raise ConfigurationError(message, param="model")
        return UpscaleModel(ncnn, folder, weights.name, thread_count(options))


class UpscaleModel:
    """Real-ESRGAN; the net for a scale is loaded when it is first asked for."""

    def __init__(self, ncnn: Any, folder: Path, name: str, threads: int) -> None:
        self._ncnn = ncnn
        self._folder = folder
        self._name = name
        self._weights = WEIGHTS[name].file
        self._plan = PLANS[name]
        self._threads = threads
        self._nets: dict[int, Any] = {}

    def run(self, request: MediaRequest) -> Iterator[Progress | Completed]:
        """Make a picture larger. Raises InvalidRequestError."""
        given = request.first("image")
        if given is None:
            raise InvalidRequestError("there is no picture to enlarge: give one as the input `image`", param="image")
        scale = int(request.params.get("scale") or min(self._plan.nets))
        image = open_picture(given, "image")
        self._check(image, scale)
        made = yield from self._enlarged(image, scale)
        came_as = next((name for name, (_, known, _) in FORMATS.items() if known == given.media_type), "png")
        format_ = str(request.params.get("format") or came_as)
        path = Path(request.folder) / f"upscaled.{format_}"
        media_type = save_picture(made, path, format_=format_)
        output = Output(file=str(path), media_type=media_type, name=path.name, metadata={"scale": scale})
        yield Completed(
            outputs=(output,), usage=Usage(meters={"images.output": 1, "pixels.output": made.width * made.height})
        )

    def _check(self, image: "Image", scale: int) -> None:
        if scale not in self._plan.nets:
            message = f"`scale` is {scale}; it must be one of {', '.join(map(str, self._plan.nets))}"
            raise InvalidRequestError(message, param="scale")
        if image.width * image.height * scale**2 > MOST_PIXELS:
            message = (
                f"`scale` is {scale}, which would make {image.width * scale}x{image.height * scale} pixels;"
                f" at most {MOST_PIXELS:,} are made"
            )
            raise InvalidRequestError(message, param="scale")

    def _enlarged(self, image: "Image", scale: int) -> Generator[Progress, None, "Image"]:
        """The picture made larger, tile by tile."""
        from PIL import Image

        size = (image.width * scale, image.height * scale)
        colors, made = image.convert("RGB"), Image.new("RGB", size)
        parts = tiles(image.size, self._plan.side)
        for number, tile in enumerate(parts, start=1):
            pixels = self._tile(colors, tile, scale)
            made.paste(Image.fromarray(pixels), (tile.left * scale, tile.top * scale))
            yield Progress(number / len(parts))
        if image.mode == "RGBA":
            made.putalpha(image.getchannel("A").resize(size, Image.Resampling.BICUBIC))
        return made

    def _tile(self, image: "Image", tile: Tile, scale: int) -> "np.ndarray[Any, Any]":
        """What the net makes of one tile, as pixels."""
        import numpy as np

        seen = (
            max(0, tile.left - MARGIN),
            max(0, tile.top - MARGIN),
            min(image.width, tile.left + tile.width + MARGIN),
            min(image.height, tile.top + tile.height + MARGIN),
        )
        around = (tile.left - seen[0], tile.top - seen[1])
        pixels = np.asarray(image.crop(seen), dtype=np.float32) / 255
        short = ((MARGIN - around[1], MARGIN - (seen[3] - tile.top - tile.height)),
                 (MARGIN - around[0], MARGIN - (seen[2] - tile.left - tile.width)), (0, 0))  # fmt: skip
        planes = np.ascontiguousarray(np.pad(pixels, short, mode="edge").transpose(2, 0, 1))
        extractor = self._net(scale).create_extractor()
        extractor.input("data", self._ncnn.Mat(planes).clone())  # ncnn keeps the address of what it is given
        fault, out = extractor.extract("output")
        if fault:
            message = f"ncnn could not compute a tile of {tile.width}x{tile.height} pixels (it says {fault})"
            raise ProviderError(message, kind=ErrorKind.SERVER, retry=Retry.NEVER)
        edge = MARGIN * scale
        kept = np.asarray(out)[:, edge : edge + tile.height * scale, edge : edge + tile.width * scale]
        return (kept.clip(0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)

    def _net(self, scale: int) -> Any:
        """Load a net. Raises ConfigurationError when its files are damaged."""
        net = self._nets.get(scale)
        if net is not None:
            return net
        net = self._ncnn.Net()
        net.opt.use_vulkan_compute = False
        net.opt.num_threads = self._threads
        plan, weights = self._folder / self._plan.nets[scale], self._folder / self._weights
        if net.load_param(str(plan)) != 0 or net.load_model(str(weights)) != 0:
            name = self._name
            message = (
                f"{plan} or {weights} is damaged: run `genmux local remove {name}` and `genmux local install {name}`"
            )
            raise ConfigurationError(message, param="model")
        self._nets[scale] = net
        return net
