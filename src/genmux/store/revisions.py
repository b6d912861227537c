"""Which state a database is in, without asking Alembic: its import takes longer than opening the store may."""

from functools import cache
from pathlib import Path

from genmux.types.errors import StoreError

VERSION_TABLE = "genmux_revision"
"""Holds the number of the last step that was taken, in its column `version_num`."""

READ_VERSION = "SELECT version_num FROM genmux_revision"

SCRIPTS = Path(__file__).parent / "migrations"
DIGITS = 4


@cache
def known_revisions() -> tuple[str, ...]:
    """The steps that this genmux knows, in their order."""
    return tuple(sorted(path.name[:DIGITS] for path in (SCRIPTS / "versions").glob(f"{'[0-9]' * DIGITS}_*.py")))


def head() -> str | None:
    """The last of them; None when there is none."""
    return known_revisions()[-1] if known_revisions() else None


def is_current(revision: str | None, place: str) -> bool:
    """Whether nothing is to be done. Raises StoreError when a newer genmux made the database."""
    if revision is not None and revision not in known_revisions():
        message = (
            f"the store {place} was made by a newer genmux (revision {revision}; this one knows up to {head()}); "
            "update genmux, or restore a backup. Nothing was changed"
        )
        raise StoreError(message, reason="newer")
    return revision == head()


def foreign(place: str, tables: str) -> StoreError:
    """What to say of a database with tables of somebody else."""
    message = f"{place} has tables that genmux did not make ({tables}); give the store a database of its own"
    return StoreError(message, reason="refused")
