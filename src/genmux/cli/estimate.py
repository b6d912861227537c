"""`genmux estimate`: what a chat may cost."""

from typing import Annotated

from cyclopts import Parameter

from genmux.cli.answers import money
from genmux.cli.console import out, print_json, show_table, warn
from genmux.cli.files import said
from genmux.cli.options import Ask, Common
from genmux.cli.session import connected


def estimate(
    *prompt: Annotated[str, Parameter(help="What would be asked.")],
    ask: Ask | None = None,
    common: Common | None = None,
) -> None:
    """What a chat may cost, before it is sent."""
    ask, common = ask or Ask(), common or Common()
    with connected(common) as client:
        made = client.estimate(said(prompt), **ask.params())
        if common.json:
            print_json(made)
            return
        span = money(made.high) if made.low == made.high else f"{money(made.low)} to {money(made.high)}"
        out.print(f"{span} ({made.confidence} confidence)")
        if made.lines:
            rows = ((line.meter, f"{line.quantity:,}", money(line.amount)) for line in made.lines)
            show_table(("meter", "at most", "amount"), rows)
        for unknown in made.unknown:
            warn(f"unknown: {unknown}")
