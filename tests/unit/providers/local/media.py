"""Asks the media engines of this machine inside the process, and makes what goes in."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.local import Progress
from genmux.contract.manifest import ModelSpec, inherit
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.providers.local import provider
from genmux.types.generation import InputRole
from genmux.types.jobs import Completed

MANIFEST = provider.manifest
MEDIA = ("card", "edit", "upscale", "upscale-photo", "slideshow")


def spec_of(name: str) -> ModelSpec:
    return inherit(MANIFEST.models[name], MANIFEST.model_defaults)


def model_of(name: str) -> Model:
    return Model(provider="local", id=name, wire_id=name, spec=spec_of(name))


def load(name: str, **options: str) -> Any:
    """A model, loaded as genmux loads it."""
    model = model_of(name)
    engine = provider.wires[next(iter(model.spec.operations.values()))]
    return engine.load(model, {"threads": "1", **options})


def picture(
    folder: Path,
    size: tuple[int, int] = (40, 30),
    *,
    role: InputRole = "image",
    image: Image.Image | None = None,
    name: str = "in.png",
    **saving: Any,
) -> MediaInput:
    """A picture in a file; of four colors unless it is given."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    (image or quarters(size)).save(path, **saving)
    return given(path, role=role, media_type=f"image/{name.rpartition('.')[2]}")


def given(path: Path, *, role: InputRole = "image", media_type: str = "image/png") -> MediaInput:
    """A file as an input."""
    body = FileBody(path=str(path), size=path.stat().st_size, media_type=media_type)
    kind = "audio" if role == "audio" else "image"
    return MediaInput(kind=kind, role=role, file=body, media_type=media_type)


RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(size: tuple[int, int]) -> Image.Image:
    """Red and green above, blue and white below."""
    small = Image.new("RGB", (2, 2))
    for place, color in zip(((0, 0), (1, 0), (0, 1), (1, 1)), (RED, GREEN, BLUE, WHITE), strict=True):
        small.putpixel(place, color)
    return small.resize(size, Image.Resampling.NEAREST)


def request(folder: Path, operation: Operation, *inputs: MediaInput, prompt: str = "", **params: Any) -> MediaRequest:
    """What is asked, with the manifest's defaults left out: engines know them too."""
    return MediaRequest(operation=operation, prompt=prompt, params=params, inputs=inputs, folder=str(folder))


def ran(model: Any, wanted: MediaRequest) -> tuple[list[float], Completed]:
    """How it went on, and its end."""
    *steps, ended = model.run(wanted)
    assert isinstance(ended, Completed)
    assert all(isinstance(step, Progress) for step in steps)
    return [step.part for step in steps], ended


def opened(ended: Completed, number: int = 0) -> Image.Image:
    """A picture that was made."""
    path = ended.outputs[number].file
    assert path is not None
    image = Image.open(io.BytesIO(Path(path).read_bytes()))
    image.load()
    return image
