"""Writes the reference from the code. `--check` writes nothing and exits with 1 when a file is not fresh."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools.reference import (
    command_line,
    configuration,
    contract,
    dialects,
    errors,
    events,
    house,
    native_api,
    prices,
    providers,
    python_api,
    replay,
)

ROOT = Path(__file__).parent.parent

PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/command-line.md": command_line.page,
    "docs/reference/configuration.md": configuration.page,
    "docs/reference/dialects.md": dialects.page,
    "docs/reference/errors.md": errors.page,
    "docs/reference/events.md": events.page,
    "docs/reference/manifest.md": contract.page,
    "docs/reference/openapi.json": native_api.document,
    "docs/reference/prices.md": prices.page,
    "docs/reference/providers.md": providers.page,
    "docs/reference/python-api.md": python_api.page,
    "docs/reference/replay.md": replay.page,
    "docs/explanation/house.md": house.page,
}
"""Each generated file and what makes it."""


def main() -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check: bool = parser.parse_args().check
    stale: list[str] = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make().rstrip() + "\n"
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    if check and stale:
        print(f"not fresh, run `make docs`: {', '.join(stale)}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
