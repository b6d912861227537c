"""`genmux image`, `video`, `upscale`, `music`, `sound`: each makes a job and waits for it."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from genmux.cli.console import out, print_json
from genmux.cli.files import said
from genmux.cli.media_options import Doing, Inputs, Params
from genmux.cli.options import Reach
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from genmux.types.generation import GenerationRequest

Prompt = Annotated[str, Parameter(help="What is to be made; also from standard input.")]


def image(
    *prompt: Prompt,
    inputs: Inputs | None = None,
    params: Params | None = None,
    doing: Doing | None = None,
    common: Reach | None = None,
) -> None:
    """Make a picture, or change one: `genmux image "A red fox"`, `genmux image -i fox.png "in winter"`."""
    _make("image", said(prompt), inputs=inputs, params=params, doing=doing, common=common)


def video(
    *prompt: Prompt,
    inputs: Inputs | None = None,
    params: Params | None = None,
    doing: Doing | None = None,
    common: Reach | None = None,
) -> None:
    """Make a video: `genmux video "A fox runs. Snow falls." --duration 6`, `genmux video -i fox.png "it runs away"`."""
    _make("video", said(prompt), inputs=inputs, params=params, doing=doing, common=common)


def upscale(
    file: Annotated[str, Parameter(help="The picture: a file, a URL, or the id of an asset or a job.")],
    /,
    *,
    scale: Annotated[int | None, Parameter(help="How many times wider and higher.")] = None,
    params: Params | None = None,
    doing: Doing | None = None,
    common: Reach | None = None,
) -> None:
    """Give a picture more pixels."""
    _make("upscale", "", Inputs(image=(file,)), params=params, doing=doing, common=common, more={"scale": scale})


def music(
    *prompt: Prompt, params: Params | None = None, doing: Doing | None = None, common: Reach | None = None
) -> None:
    """Make music: `genmux music "A slow waltz" --duration 30`."""
    _make("text_to_music", said(prompt), params=params, doing=doing, common=common)


def sound(
    *prompt: Prompt, params: Params | None = None, doing: Doing | None = None, common: Reach | None = None
) -> None:
    """Make a sound or a noise."""
    _make("text_to_sound", said(prompt), params=params, doing=doing, common=common)


def _make(  # noqa: PLR0913 — what the commands have in common
    what: str,
    words: str,
    inputs: Inputs | None = None,
    *,
    params: Params | None,
    doing: Doing | None,
    common: Reach | None,
    more: dict[str, Any] | None = None,
) -> None:
    """Make one thing, as these options say."""
    from genmux.cli.session import reported

    doing, common = doing or Doing(), common or Reach()
    with reported(common):
        given = {**(inputs or Inputs()).given(), **(params or Params()).given(), **(more or {})}
        request = _request(what, words, given, doing)
    if doing.estimate:
        _estimate(request, common)
    else:
        _run(request, doing, common)


def _request(what: str, words: str, given: dict[str, Any], doing: Doing) -> "GenerationRequest":
    from genmux.client.jobs.asking import OPERATIONS, ask, operation_for

    operation = operation_for(what, given) if what in OPERATIONS else what
    if operation.startswith("text_") and not words.strip():
        message = "there is no prompt; say what is to be made, as an argument or on standard input"
        raise InvalidRequestError(message, param="prompt")
    return ask(operation, words, params=given, **doing.asking())


def _estimate(request: "GenerationRequest", common: Reach) -> None:
    """Print what it may cost."""
    from genmux.cli.estimate import show_estimate
    from genmux.cli.session import connected

    with connected(common) as client:
        made = client.estimate_generation(
            request.operation,
            model=request.model or None,
            prompt=request.prompt,
            inputs=request.inputs,
            **request.params,
        )
        if common.json:
            print_json(made)
        else:
            show_estimate(made)


def _run(request: "GenerationRequest", doing: Doing, common: Reach) -> None:
    """Submit it, wait for it, and take what was made."""
    from genmux.cli.job_files import Target
    from genmux.cli.job_progress import follow, note_later
    from genmux.cli.job_results import tell_result
    from genmux.cli.working import working

    with working(common, works=not doing.detach) as desk:
        target = Target(doing.out)
        job = desk.run(desk.jobs.submit(request, priority=doing.priority))
        if not doing.detach:
            tell_result(desk, follow(desk, job, common), target, common, opened=doing.open)
            return
        if common.json:
            print_json({"job": job.id, "status": job.status})
        else:
            out.print(job.id)
            note_later(desk, job)
