"""A Python file has at most 400 lines and a name that says what is in it."""

import sys
from pathlib import Path

from tools.tracked_files import ROOT, report, tracked_files

LONGEST = 400
DRAWERS = frozenset({"base", "common", "helper", "helpers", "misc", "util", "utils"})


def faults_of(path: Path, *, root: Path = ROOT) -> list[str]:
    """What is wrong with the size and the name of one file or of the folders it is in."""
    place = path.relative_to(root)
    faults = [
        f"{place}: {part!r} is a drawer for everything; name it after what it holds"
        for part in (*place.parts[:-1], place.stem)
        if part in DRAWERS
    ]
    lines = len(path.read_text("utf-8").splitlines())
    if lines > LONGEST:
        faults.append(f"{place}: {lines} lines; at most {LONGEST}, so split it where two ideas meet")
    return faults


def main() -> int:
    """Check every Python file of the project."""
    files = [path for path in tracked_files() if path.suffix == ".py"]
    return report([fault for path in files for fault in faults_of(path)], what="sizes")


if __name__ == "__main__":
    sys.exit(main())
