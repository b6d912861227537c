"""Where the files of a job go."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from genmux.cli.console import note
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from genmux.cli.working import Desk
    from genmux.types.assets import Asset
    from genmux.types.jobs import Job

WORDS = 40
"""So many letters of a prompt become the name of a file."""

OPENERS = {"darwin": "open", "linux": "xdg-open"}


class Target:
    """What `--out` named: a file, a folder, or nothing. Raises InvalidRequestError before anything is paid for."""

    def __init__(self, told: str | None) -> None:
        place = Path(told or ".").expanduser()
        self._is_folder = place.is_dir() or (told or "").endswith(("/", os.sep))
        self._place = place
        folder = place if self._is_folder else place.parent
        if self._is_folder and not place.exists():
            try:
                place.mkdir(parents=True)
            except OSError as error:
                raise InvalidRequestError(
                    f"the folder {told!r} cannot be made: {error.strerror}", param="out"
                ) from error
        if not folder.is_dir():
            raise InvalidRequestError(f"there is no folder {str(folder)!r} to write into", param="out")
        if not os.access(folder, os.W_OK):
            raise InvalidRequestError(f"nothing can be written into the folder {str(folder)!r}", param="out")

    def of(self, job: "Job", number: int, asset: "Asset") -> Path:
        """The file for one of the things that a job made, counted from 0."""
        from genmux.client.jobs.files import ENDINGS

        counted = f"-{number + 1}" if number else ""
        if not self._is_folder:
            return self._place.with_name(f"{self._place.stem}{counted}{self._place.suffix}")
        named = re.sub(r"[^\w]+", "-", job.request.prompt.lower())[:WORDS].strip("-") or re.sub(r"\W+", "-", job.model)
        mark = hashlib.sha256(job.id.encode()).hexdigest()[:6]  # no two jobs write the same file
        return self._place / f"{named}-{mark}{counted}{ENDINGS.get(asset.media_type, '')}"


def save(desk: "Desk", job: "Job", target: Target) -> list[Path]:
    """Write everything that a job made. Raises ProviderError."""
    from genmux.client.jobs.files import AssetFile

    made = [one for one in job.assets if isinstance(one, AssetFile) and one.role == "output"] or [
        one for one in job.assets if isinstance(one, AssetFile)
    ]
    return [desk.run(one.save(target.of(job, number, one))) for number, one in enumerate(made)]


def open_file(path: Path) -> None:
    """Open a file with what this machine opens such files with."""
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 — the system says with what
        return
    program = shutil.which(OPENERS.get(sys.platform, "xdg-open"))
    if program is None:
        note(f"nothing on this machine opens files; it is {path}")
        return
    with open(os.devnull, "r+b") as nowhere:  # noqa: PTH123 — a name of the system, and no path
        command = [program, str(path)]
        subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)  # noqa: S603 — a file that we have just written
