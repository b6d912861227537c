"""`genmux replay`: hold the dialects against recorded traffic."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Path as PathValidator

from genmux.cli.console import harmless, note, print_json_line, write
from genmux.cli.options import Common
from genmux.cli.session import reported

Recording = Annotated[Path, Parameter(help="A recording, or a folder of them.", validator=PathValidator(exists=True))]


def replay(path: Recording, /, *paths: Recording, common: Common | None = None) -> None:
    """Read recorded exchanges through the dialects, both ways, and tell what differs.

    `--json` prints one line for each exchange. A summary goes to standard error. Exits with 1 when an exchange failed.
    """
    common = common or Common()
    with reported(common):
        from genmux.testing.replay import replay as replayed

        statuses = dict.fromkeys(("ok", "unsupported", "failed"), 0)
        broken = {"request": 0, "response": 0}
        for outcome in replayed((path, *paths)):
            statuses[outcome.status] += 1
            broken["request"] += outcome.request_round_trip is False
            broken["response"] += outcome.response_round_trip is False
            if common.json:
                print_json_line(outcome)
            elif outcome.differences and outcome.status != "unsupported":
                what = "; ".join(outcome.differences)
                write(harmless(f"{outcome.file} #{outcome.index} {outcome.status}: {what}\n"))
        told = ", ".join(f"{count:,} {status}" for status, count in statuses.items())
        note(f"{told}; round trips that differ: {broken['request']} of requests, {broken['response']} of replies")
        if statuses["failed"]:
            raise SystemExit(1)
