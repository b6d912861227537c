"""What holds for one job beside its request."""

import msgspec


class JobOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds for one job beside its request.

    `priority` is -100 to 100, the largest is first. `batch` names what it was submitted with, `retry_of` the job that it tries
    again, `end_user` for whom it is. `paths` lets inputs be files of this machine: never for callers from elsewhere.
    """

    priority: int = 0
    batch: str | None = None
    retry_of: str | None = None
    end_user: str | None = None
    paths: bool = False


USUAL = JobOptions()
"""Nothing in particular."""
