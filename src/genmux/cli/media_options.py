"""Options of the commands that make media."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from genmux.cli.estimate import plainly, read_pair
from genmux.cli.limits import read_tags
from genmux.cli.options import Switch
from genmux.types.errors import InvalidRequestError

ELSEWHERE = ("http://", "https://", "data:", "asset_", "job_")
"""How what is no file of this machine begins."""

Several = Parameter(negative="", show_default=False)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What goes in beside the prompt: files of this machine, URLs, ids of assets or of jobs (their first output)."""

    image: Annotated[
        tuple[str, ...],
        Parameter(name=("--image", "-i"), help="A picture to begin with. Repeatable.", negative="", show_default=False),
    ] = ()
    last_image: Annotated[str | None, Parameter(help="The last picture of a video.")] = None
    mask: Annotated[str | None, Parameter(help="Where an edit may paint: a picture, clear there.")] = None
    reference: Annotated[tuple[str, ...], Several, Parameter(help="A picture to take after. Repeatable.")] = ()
    video: Annotated[str | None, Parameter(help="A video to begin with.")] = None
    audio: Annotated[str | None, Parameter(help="A sound, such as a narration.")] = None

    def given(self) -> dict[str, Any]:
        """As keywords of the client. Raises InvalidRequestError for a file that is not there."""
        told: dict[str, Any] = {
            "image": [*map(_there, self.image)] or None,
            "last_image": _there(self.last_image),
            "mask": _there(self.mask),
            "reference": [*map(_there, self.reference)] or None,
            "video": _there(self.video),
            "audio": _there(self.audio),
        }
        return {name: value for name, value in told.items() if value is not None}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Params:
    """What is to be made. What a model takes is in the reference of providers, and in its form."""

    size: Annotated[str | None, Parameter(help="Width and height in pixels, as 1024x1536.")] = None
    aspect_ratio: Annotated[str | None, Parameter(help="Such as 16:9.")] = None
    resolution: Annotated[str | None, Parameter(help="Such as 1080p or 2K.")] = None
    duration: Annotated[float | None, Parameter(help="How many seconds of video or sound.")] = None
    fps: Annotated[int | None, Parameter(help="Pictures a second of a video.")] = None
    quality: Annotated[str | None, Parameter(help="Such as low, medium or high.")] = None
    style: Annotated[str | None, Parameter(help="A style that the model has a name for.")] = None
    seed: Annotated[int | None, Parameter(help="The same seed gives the same, where models can.")] = None
    n: Annotated[int | None, Parameter(name=("--n", "-n"), help="How many are made.")] = None
    format: Annotated[str | None, Parameter(help="Of the file, such as png, jpeg, webp, mp4.")] = None
    negative_prompt: Annotated[str | None, Parameter(help="What is not to be seen.")] = None
    param: Annotated[
        tuple[str, ...],
        Parameter(
            name=("--param", "-p"), help="Any other, as name=value. Repeatable.", negative="", show_default=False
        ),
    ] = ()

    def given(self) -> dict[str, Any]:
        """As keywords of the client. Raises InvalidRequestError for a `--param` that is none."""
        names = ("size", "aspect_ratio", "resolution", "fps", "quality", "style", "seed", "n", "format")
        told: dict[str, Any] = {name: getattr(self, name) for name in names}
        told |= {"duration": plainly(self.duration), "negative_prompt": self.negative_prompt}
        told |= dict(read_pair(one, "--param", "such as camera_motion=pan") for one in self.param)
        return {name: value for name, value in told.items() if value is not None}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Doing:
    """How it is done, and what becomes of it."""

    model: Annotated[
        str | None, Parameter(name=("--model", "-m"), help="provider/model, an alias, or a bare name.")
    ] = None
    out: Annotated[
        str | None,
        Parameter(name=("--out", "-o"), help="The file to write, or a folder; by default the folder one is in."),
    ] = None
    open: Annotated[bool, Switch, Parameter(help="Open what was made.")] = False
    estimate: Annotated[bool, Switch, Parameter(help="Only say what it may cost.")] = False
    budget_limit: Annotated[Decimal | None, Parameter(help="The most it may cost, in US dollars.")] = None
    detach: Annotated[bool, Switch, Parameter(help="Print the job's id and do not wait.")] = False
    priority: Annotated[int, Parameter(help="-100 to 100; the largest is first.", show_default=False)] = 0
    tag: Annotated[tuple[str, ...], Several, Parameter(help="A tag on the job, as name=value. Repeatable.")] = ()
    idempotency_key: Annotated[str | None, Parameter(help="The same key is the same job, made only once.")] = None

    def asking(self) -> dict[str, Any]:
        """As fields of a request. Raises InvalidRequestError for a tag that is none."""
        return {
            "model": self.model,
            "budget_limit": self.budget_limit,
            "tags": read_tags(self.tag),
            "idempotency_key": self.idempotency_key,
        }


def _there(source: str | None) -> str | None:
    if source is None or source.startswith(ELSEWHERE):
        return source
    place = Path(source).expanduser()
    if place.is_file():
        return str(place.absolute())
    what = "is a folder" if place.is_dir() else "is not there"
    message = f"the file {source!r} {what}; give a file, a URL, or the id of an asset or a job"
    raise InvalidRequestError(message, param="inputs")
