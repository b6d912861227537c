"""`genmux voices`: what a model can sound like."""

from typing import Annotated

from cyclopts import Parameter

from genmux.cli.console import note, print_json, show_table
from genmux.cli.options import Reach
from genmux.cli.session import connected


def voices(
    model: Annotated[str | None, Parameter(help="provider/model, an alias, or a bare name.")] = None,
    /,
    *,
    language: Annotated[str | None, Parameter(help="Only those that speak it, such as en.")] = None,
    common: Reach | None = None,
) -> None:
    """List the voices of a model that speaks, as its provider tells them. It costs nothing."""
    common = common or Reach()
    with connected(common) as client:
        found = client.voices(model)
        if language:
            wanted = language.lower()
            found = tuple(one for one in found if not one.languages or _speaks(one.languages, wanted))
        if common.json:
            print_json(found)
            return
        if not found:
            note("there is no list of its voices; `genmux say --voice NAME` takes what the provider knows")
            return
        rows = [(one.id, one.name, " ".join(one.languages), one.gender or "", one.description or "") for one in found]
        show_table(("voice", "name", "languages", "gender", "description"), rows)


def _speaks(languages: tuple[str, ...], wanted: str) -> bool:
    return any(one.lower() == wanted or one.lower().startswith(f"{wanted}-") for one in languages)
