"""`python -m genmux.testing.replay PATH… [--json]`."""

import argparse
import sys
from collections import Counter
from pathlib import Path

import msgspec

from genmux.testing.replay import Outcome, replay
from genmux.types.errors import ConfigurationError


def main(arguments: list[str] | None = None) -> int:
    """Replay, print one line an exchange, sum up on the error stream. Gives the exit code: 1 when an exchange failed."""
    parser = argparse.ArgumentParser(prog="genmux.testing.replay", description="Replay recorded traffic.")
    parser.add_argument("paths", nargs="+", type=Path, help="recordings: files or folders")
    parser.add_argument("--json", action="store_true", help="print every outcome as a line of JSON")
    options = parser.parse_args(arguments)
    counted: Counter[str] = Counter()
    try:
        for outcome in replay(options.paths):
            counted[outcome.status] += 1
            counted["request round trip false"] += outcome.request_round_trip is False
            counted["response round trip false"] += outcome.response_round_trip is False
            _show(outcome, as_json=options.json)
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    sys.stderr.write(", ".join(f"{count} {word}" for word, count in counted.items()) + "\n")
    return 1 if counted["failed"] else 0


def _show(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
    elif outcome.status != "unsupported" and outcome.differences:
        sys.stdout.write(f"{outcome.file}#{outcome.index} {outcome.status}: {'; '.join(outcome.differences)}\n")


if __name__ == "__main__":
    sys.exit(main())
