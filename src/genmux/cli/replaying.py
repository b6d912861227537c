"""`genmux replay`: hold the dialects against recorded traffic."""

from collections import Counter
from pathlib import Path

from genmux.cli.console import err, out, print_json_line, table
from genmux.cli.options import Common
from genmux.cli.session import reported


def replay(*paths: Path, common: Common | None = None) -> None:
    """Read recorded exchanges through the dialects, both ways, and tell what differs. Exits with 1 when an exchange fails."""
    common = common or Common()
    with reported(common):
        from genmux.testing.replay import replay as outcomes

        counted: Counter[str] = Counter()
        for outcome in outcomes(paths):
            counted[outcome.status] += 1
            if common.json:
                print_json_line(outcome)
            elif outcome.status == "failed":
                out.print(f"{outcome.file} #{outcome.index}: {'; '.join(outcome.differences)}", markup=False)
        if not common.json:
            shown = table(*counted)
            shown.add_row(*(str(count) for count in counted.values()))
            err.print(shown)
        if counted["failed"]:
            raise SystemExit(1)
