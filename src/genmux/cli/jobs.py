"""`genmux jobs`: what was submitted, how it goes, and what is to become of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, get_args

import msgspec
from cyclopts import App, Parameter

from genmux.cli.answers import money
from genmux.cli.api import admin
from genmux.cli.console import note, out, print_json, show_facts, show_table
from genmux.cli.limits import read_tags, read_when
from genmux.cli.media_options import Several
from genmux.cli.options import Reach
from genmux.cli.working import working
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import Job, JobStatus, Resolution

jobs = App(name="jobs", help="Generations: list them, wait for them, cancel them, decide what became of them.")

Id = Annotated[str, Parameter(help="The job's id.")]
Out = Annotated[
    str | None, Parameter(name=("--out", "-o"), help="Write what was made to this file, or into this folder.")
]
Provider = Annotated[str, Parameter(help="Its id.")]


@jobs.command(name="list")
def list_(  # noqa: PLR0913 — one filter each
    *,
    status: Annotated[tuple[str, ...], Several, Parameter(help="Only these, such as running. Repeatable.")] = (),
    provider: Annotated[str | None, Parameter(help="Only those of this provider.")] = None,
    model: Annotated[str | None, Parameter(help="Only those of this model, without its provider.")] = None,
    operation: Annotated[str | None, Parameter(help="Only this, such as text_to_video.")] = None,
    key: Annotated[str | None, Parameter(name="--of-key", help="Only those of this gateway key, by its id.")] = None,
    team: Annotated[str | None, Parameter(help="Only those of this team.")] = None,
    end_user: Annotated[str | None, Parameter(help="Only those for this end user.")] = None,
    batch: Annotated[str | None, Parameter(help="Only what was submitted together.")] = None,
    tag: Annotated[tuple[str, ...], Several, Parameter(help="Only with this tag, as name=value. Repeatable.")] = (),
    since: Annotated[str | None, Parameter(help="Made since then: a date, or a span such as 24h.")] = None,
    before: Annotated[str | None, Parameter(help="Made before then.")] = None,
    last: Annotated[int, Parameter(help="So many at most.")] = 50,
    common: Reach | None = None,
) -> None:
    """List jobs, the newest first."""
    common = common or Reach()
    with working(common, works=False) as desk:
        wanted: dict[str, Any] = {
            "status": [_one_of(one, [*JobStatus], "status") for one in status] or None,
            "provider": provider,
            "model": model,
            "operation": operation,
            "key": key,
            "team": team,
            "end_user": end_user,
            "batch": batch,
            "tags": read_tags(tag) or None,
            "since": None if since is None else read_when(since, param="since"),
            "before": None if before is None else read_when(before, param="before"),
        }

        async def listed() -> list[Job]:
            """All of them."""
            return [one async for one in desk.jobs.list(limit=last, **wanted)]

        found = desk.run(listed())
    if common.json:
        print_json([_fields(one) for one in found])
    elif found:
        show_table(("job", "status", "model", "operation", "prompt", "cost", "made"), map(_row, found))
    else:
        note('There are no such jobs; `genmux image "A red fox"` makes one.')


@jobs.command
def show(job: Id, /, *, common: Reach | None = None) -> None:
    """Show all that is known of a job."""
    common = common or Reach()
    with working(common, works=False) as desk:
        _show(desk.run(desk.jobs.get(job)), common)


@jobs.command
def wait(
    job: Id,
    /,
    *,
    timeout: Annotated[float | None, Parameter(help="Seconds; the job goes on after them.")] = None,
    out_: Out = None,
    common: Reach | None = None,
) -> None:
    """Wait for a job, quietly. Ends with 0 when it was made."""
    from genmux.cli.job_files import Target
    from genmux.cli.job_results import tell_result

    common = common or Reach()
    with working(common) as desk:
        target = None if out_ is None else Target(out_)
        tell_result(desk, desk.run(desk.jobs.wait(job, timeout=timeout)), target, common)


@jobs.command
def watch(job: Id, /, *, out_: Out = None, common: Reach | None = None) -> None:
    """Show how a job goes until it is over."""
    from genmux.cli.job_files import Target
    from genmux.cli.job_progress import follow
    from genmux.cli.job_results import tell_result

    common = common or Reach()
    with working(common) as desk:
        target = None if out_ is None else Target(out_)
        tell_result(desk, follow(desk, desk.run(desk.jobs.get(job)), common), target, common)


@jobs.command
def cancel(
    job: Id,
    /,
    *,
    grace: Annotated[float | None, Parameter(help="Seconds for work that is nearly done.")] = None,
    common: Reach | None = None,
) -> None:
    """Cancel a job: what has not begun ends at once, all else as its provider says."""
    common = common or Reach()
    with working(common) as desk:
        found = desk.run(desk.jobs.cancel(job, grace=grace))
        if desk.here and not found.ended:
            found = desk.run(desk.jobs.wait(job))
        _say(found, common)


@jobs.command
def retry(
    job: Id,
    /,
    *,
    detach: Annotated[bool, Parameter(negative="", show_default=False, help="Print the new id, do not wait.")] = False,
    out_: Out = None,
    common: Reach | None = None,
) -> None:
    """Try a job that ended without a result again, as a new job."""
    from genmux.cli.job_files import Target
    from genmux.cli.job_progress import follow, note_later
    from genmux.cli.job_results import tell_result

    common = common or Reach()
    with working(common, works=not detach) as desk:
        target = Target(out_)
        fresh = desk.run(desk.jobs.retry(job))
        if detach:
            _say(fresh, common)
            if not common.json:
                note_later(desk, fresh)
        else:
            tell_result(desk, follow(desk, fresh, common), target, common)


@jobs.command
def resolve(
    job: Id,
    resolution: Annotated[
        str,
        Parameter(help="adopt (it is there: with --ticket), billed (and lost), not-billed (never taken), resubmit."),
    ],
    /,
    *,
    ticket: Annotated[str | None, Parameter(help="What the provider calls it: as id=…, or as JSON.")] = None,
    cost: Annotated[Decimal | None, Parameter(help="What it did cost, in US dollars, with billed.")] = None,
    common: Reach | None = None,
) -> None:
    """Decide what became of a job of which nobody knows whether its provider took it."""
    from genmux.cli.job_progress import note_later

    common = common or Reach()
    with working(common, works=False) as desk:
        chosen = _one_of(resolution, get_args(Resolution), "resolution")
        told = None if ticket is None else _ticket(ticket)
        resolved = desk.run(desk.jobs.resolve(job, chosen, ticket=told, cost=cost))
        _say(resolved, common)
        if not (resolved.ended or common.json):
            note_later(desk, resolved)


@jobs.command
def pause(
    provider: Provider,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why, for others.", show_default=False)] = "",
    common: Reach | None = None,
) -> None:
    """Submit nothing more to a provider; what is under way goes on."""
    common = common or Reach()
    with admin(common) as api:
        _pauses(api.post(f"/jobs/pauses/{provider}", {"reason": reason}), common)


@jobs.command
def resume(provider: Provider, /, *, common: Reach | None = None) -> None:
    """Submit to a provider again."""
    common = common or Reach()
    with admin(common) as api:
        _pauses(api.post(f"/jobs/pauses/{provider}/resume"), common)


@jobs.command
def pauses(*, common: Reach | None = None) -> None:
    """List the providers that pause."""
    common = common or Reach()
    with admin(common) as api:
        _pauses(api.get("/jobs/pauses"), common)


def _one_of(text: str, known: Sequence[Any], param: str) -> Any:
    """The word that was meant, whichever way it is written. Raises InvalidRequestError that names all."""
    meant = text.strip().lower().replace("-", "_")
    for one in known:
        if one == meant:
            return one
    raise InvalidRequestError(f"{param} is {text!r}; it must be one of {', '.join(known)}", param=param)


def _ticket(text: str) -> dict[str, Any]:
    """A provider's handle on a job: `id=abc`, or a JSON object. Raises InvalidRequestError."""
    if not text.lstrip().startswith("{"):
        name, value = text.partition("=")[::2]
        if name and value:
            return {name: value}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        message = f'the ticket {text!r} cannot be read; say it as id=abc123, or as {{"id": "abc123"}}'
        raise InvalidRequestError(message, param="ticket") from error


def _pauses(found: dict[str, Any], common: Reach) -> None:
    if common.json:
        print_json(found["data"])
    elif found["data"]:
        rows = ((one["provider"], one["since"][:19].replace("T", " "), one["reason"]) for one in found["data"])
        show_table(("provider", "since", "why"), rows)
    else:
        out.print("No provider pauses.")


def _fields(job: Job) -> dict[str, Any]:
    from genmux.cli.job_results import job_fields

    return job_fields(job)


def _say(job: Job, common: Reach) -> None:
    """A job in one line."""
    if common.json:
        print_json(_fields(job))
        return
    from genmux.cli.job_progress import state_words

    out.print(f"{job.id} {state_words(job)}")


def _row(job: Job) -> tuple[str, ...]:
    from genmux.cli.job_progress import state_words

    cost = "" if job.cost is None else money(job.cost.amount)
    prompt = job.request.prompt.replace("\n", " ")
    shown = prompt if len(prompt) <= PROMPT else f"{prompt[: PROMPT - 1]}…"
    made = f"{job.created_at:%Y-%m-%d %H:%M}"
    return (job.id, state_words(job), f"{job.provider}/{job.model}", job.request.operation, shown, cost, made)


PROMPT = 30
"""So many letters of a prompt are shown in a list."""


def _show(job: Job, common: Reach) -> None:
    if common.json:
        print_json(_fields(job))
        return
    from genmux.cli.job_progress import state_words
    from genmux.cli.job_results import words_of

    moments = ("created_at", "submitted_at", "started_at", "ended_at", "expires_at")
    estimate = job.estimate
    show_facts(
        [
            ("job", job.id),
            ("status", state_words(job)),
            ("why", "" if job.error is None and not job.resolvable else words_of(job)),
            ("model", f"{job.provider}/{job.model}"),
            ("operation", job.request.operation),
            ("prompt", job.request.prompt),
            *((f"param {name}", str(value)) for name, value in job.request.params.items()),
            *((one.role or one.kind, one.source or "") for one in job.request.inputs),
            ("account", job.account or ""),
            ("attempts", str(job.attempts or "")),
            ("estimate", "" if estimate is None else f"{money(estimate.low)} to {money(estimate.high)}"),
            ("cost", "" if job.cost is None else money(job.cost.amount)),
            *((name.removesuffix("_at"), _moment(getattr(job, name))) for name in moments),
            ("tags", ", ".join(f"{name}={value}" for name, value in job.request.tags.items())),
            ("batch", job.batch or ""),
            ("retry of", job.retry_of or ""),
            ("ticket", "" if job.ticket is None else str(dict(job.ticket))),
            ("text", job.text or ""),
            *(("made", _asset(one)) for one in job.assets),
        ]
    )


def _moment(moment: Any) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _asset(asset: Any) -> str:
    size = f"{asset.width}x{asset.height}" if asset.width else ""
    length = f"{asset.seconds:.1f} s" if asset.seconds else ""
    path = getattr(asset, "path", None)
    facts = ", ".join(filter(None, (asset.media_type, size, length, f"{asset.bytes:,} bytes")))
    return f"{asset.id} ({facts})" + (f" {path}" if path else "")
