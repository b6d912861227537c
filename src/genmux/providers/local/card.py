"""`local/card`: draws a card with the prompt on it in place of the picture that a model would make, and says so on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Progress
from genmux.contract.model import Model
from genmux.providers.local.card_drawing import LABEL, draw, lay_out
from genmux.providers.local.picture_files import check_pillow, save_picture
from genmux.providers.local.sizes import Size, asked_size
from genmux.types.assets import Output
from genmux.types.jobs import Completed
from genmux.types.usage import Usage

LONG_SIDE, SHORTEST, LONGEST = 1_024, 64, 4_096
"""In pixels: the longer side where nobody says, and the bounds of each."""


class CardEngine(msgspec.Struct, frozen=True):
    """Draws cards."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "CardModel":
        """Raises ConfigurationError when Pillow is not installed."""
        del options
        check_pillow()
        return CardModel(model)


class CardModel:
    """Ready to draw."""

    def __init__(self, model: Model) -> None:
        self._reference = model.reference

    def run(self, request: MediaRequest) -> Iterator[Progress | Completed]:
        """Draw `n` cards; each has the seed after that of the one before. Raises InvalidRequestError."""
        params = request.params
        size = asked_size(params, long_side=LONG_SIDE, least=SHORTEST, most=LONGEST)
        count, seed = int(params.get("n") or 1), int(params.get("seed") or 0)
        outputs: list[Output] = []
        for number in range(count):
            yield Progress(number / count)
            outputs.append(self._card(request, size, seed + number, number + 1))
        yield Progress(1.0)
        yield Completed(outputs=tuple(outputs), usage=Usage(meters={"images.output": count}))

    def _card(self, request: MediaRequest, size: Size, seed: int, number: int) -> Output:
        facts = f"{size[0]} × {size[1]} · seed {seed} · {self._reference}"
        image = draw(lay_out(request.prompt, size=size, seed=seed, facts=facts))
        format_ = str(request.params.get("format") or "png")
        path = Path(request.folder) / f"card-{number}.{format_}"
        media_type = save_picture(image, path, format_=format_, comment=f"{LABEL}; {facts}")
        return Output(
            file=str(path), media_type=media_type, name=path.name, metadata={"seed": seed, "placeholder": True}
        )
