"""Which files are ours: what git knows or would take in, or everything visible where there is no git."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = frozenset({"build", "dist", "htmlcov", "__pycache__", "node_modules"})


def tracked_files(root: Path = ROOT) -> list[Path]:
    """All files of the project below `root`, sorted."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
        text=True,
    )
    if listing.returncode == 0:
        names = [name for name in listing.stdout.split("\0") if name]
        return sorted(path for name in names if (path := root / name).is_file())
    return sorted(path for path in root.rglob("*") if path.is_file() and _is_visible(path.relative_to(root)))


def report(faults: list[str], *, what: str) -> int:
    """Print the faults and say how many there are. Returns the exit code."""
    for fault in faults:
        print(fault)
    if faults:
        print(f"{what}: {len(faults)} to mend", file=sys.stderr)
    return 1 if faults else 0


def _is_visible(path: Path) -> bool:
    return not any(part.startswith(".") or part in SKIPPED for part in path.parts)
