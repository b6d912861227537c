"""What is said of a job that has ended, or needs a decision."""

from typing import TYPE_CHECKING, Any

import msgspec

from genmux.cli.answers import money
from genmux.cli.console import EXIT_CODES, harmless, note, out, print_json, show_error, warn
from genmux.cli.job_files import Target, open_file, save
from genmux.cli.options import Common
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.jobs import Job, JobStatus

if TYPE_CHECKING:
    from pathlib import Path

    from genmux.cli.working import Desk

STATE_WORDS: dict[JobStatus, str] = {
    JobStatus.OUTCOME_UNKNOWN: "nobody knows whether the provider took it; `genmux jobs resolve {id} …` decides",
    JobStatus.CANCELLED: "it was cancelled",
    JobStatus.EXPIRED: "it expired",
    JobStatus.FAILED: "it failed",
    JobStatus.FILTERED: "the provider's content policy kept it back",
    JobStatus.REJECTED: "it was not taken",
}


def tell_result(desk: "Desk", job: Job, target: Target | None, common: Common, *, opened: bool = False) -> None:
    """Write the files of a job that is over and say where they are; anything else ends the command with its exit code."""
    files = save(desk, job, target) if job.status is JobStatus.COMPLETED and target is not None else []
    if common.json:
        print_json({**job_fields(job), "files": [str(one) for one in files]})
    elif job.status is JobStatus.COMPLETED:
        _made(job, files)
    else:
        _told(job)
    if opened and files:
        open_file(files[0])
    if job.status is not JobStatus.COMPLETED:
        raise SystemExit(exit_code(job))


def job_fields(job: Job) -> dict[str, Any]:
    """A job as data."""
    from genmux.client.jobs.files import without_files

    return msgspec.to_builtins(without_files(job), str_keys=True)


def exit_code(job: Job) -> int:
    """What a command ends with when its job did not end well: by the kind of its error."""
    return 1 if job.error is None else EXIT_CODES.get(job.error.kind, 1)


def words_of(job: Job) -> str:
    """Why a job has no result."""
    usual = STATE_WORDS.get(job.status, str(job.status)).format(id=job.id)
    return usual if job.error is None else f"{usual.partition(';')[0]}: {job.error.message}"


def _made(job: Job, files: "list[Path]") -> None:
    for warning in job.warnings:
        warn(str(warning))
    if job.filtered:
        warn(f"the provider's content policy kept back {job.filtered} of what was made")
    for asset in job.assets:
        if told := asset.metadata.get("broken"):
            warn(f"{asset.name or asset.id} may be damaged: {told}")
    if job.text:
        note(harmless(job.text))
    for file in files:
        out.print(str(file))
    if any(one.simulated for one in job.assets):
        note("A placeholder: no model made this. `--model` names one; `genmux models` lists them.")
    seconds = "" if job.ended_at is None else f" · {(job.ended_at - job.created_at).total_seconds():.1f} s"
    note(f"{job.provider}/{job.model} · {money(None if job.cost is None else job.cost.amount)}{seconds} · {job.id}")


def _told(job: Job) -> None:
    usual = ErrorKind.CANCELLED if job.status is JobStatus.CANCELLED else ErrorKind.UNKNOWN
    kind = usual if job.error is None else job.error.kind
    message = f"{job.id}: {words_of(job)}"
    show_error(ProviderError(message, kind=kind, provider=job.provider, model=job.model))
    if job.status is JobStatus.OUTCOME_UNKNOWN:
        note("adopt (with the provider's own id), billed, not_billed or resubmit; until then its money stays held.")
