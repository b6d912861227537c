"""`genmux catalog`: the media prices that come with genmux, checked and made anew from public data."""

import datetime
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from genmux.cli.console import note, out, print_json, warn
from genmux.cli.options import Common, Switch
from genmux.cli.session import reported

catalog = App(name="catalog", help="The media prices that come with genmux: check them, make them anew.")

Offline = Annotated[
    Path | None, Parameter(help="A folder that holds the wheels of the sources; without it they are downloaded.")
]
Into = Annotated[Path | None, Parameter(help="Where the catalogue is; without it, in the package.")]


@catalog.command
def check(*, into: Into = None, common: Common | None = None) -> None:
    """Check the catalogue as it is: form, order, dates, prices. Needs no network."""
    common = common or Common()
    with reported(common):
        _end(_faults(into or _place()), common, done="the catalogue is in order")


@catalog.command
def update(
    *,
    check: Annotated[
        bool, Switch, Parameter(help="Only compare; fail when a price jumped or sources disagree.")
    ] = False,
    accept: Annotated[bool, Switch, Parameter(help="Accept the jumps and differences that there are.")] = False,
    offline: Offline = None,
    into: Into = None,
    common: Common | None = None,
) -> None:
    """Make the catalogue anew from the newest public data.

    A price that jumped by more than 5 %, or on which sources differ by as much, fails the command until it is accepted.
    """
    common = common or Common()
    with reported(common):
        from genmux.services.prices.sources.catalogue import make, write
        from genmux.services.prices.sources.wheels import fetch, found_in

        folder = into or _place()
        with tempfile.TemporaryDirectory() as scratch:
            if offline is None:
                fetch(Path(scratch))
            wheels = found_in(offline or Path(scratch))
            today = datetime.datetime.now(datetime.UTC).date()
            made = make(wheels, today=today, folder=folder, accept=accept)
        if not check and not made.doubts:
            write(made, folder)
        models = sum(len(one.models) for one in made.providers.values())
        told = ", ".join(f"{source.name} {source.version}" for source in made.lock.sources)
        faults = [*made.doubts, *(_faults(folder) if check else ())]
        _end(faults, common, done=f"{models} models of {len(made.providers)} providers from {told}")


def _faults(folder: Path) -> list[str]:
    from genmux.services.prices.sources.catalogue import faults

    return faults(folder)


def _place() -> Path:
    """The catalogue of the installed package."""
    from genmux.services.prices.media import CATALOGUE

    return CATALOGUE


def _end(faults: list[str], common: Common, *, done: str) -> None:
    if common.json:
        print_json({"faults": faults, "told": done})
    elif faults:
        for fault in faults:
            warn(fault)
        note("Look at each; then run `genmux catalog update --accept`.")
    else:
        out.print(done)
    if faults:
        raise SystemExit(1)
