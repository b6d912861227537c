"""`genmux embed`: texts into vectors."""

import sys
from typing import Annotated

from cyclopts import Parameter

from genmux.cli.console import err, note, print_json, write
from genmux.cli.files import piped
from genmux.cli.options import Reach
from genmux.cli.session import connected
from genmux.types.errors import InvalidRequestError

PREVIEW = 6
"""So many numbers of a vector are enough for a person to see that it is one."""


def embed(
    *text: Annotated[str, Parameter(help="A text; each becomes a vector.")],
    model: Annotated[
        str | None, Parameter(name=("--model", "-m"), help="provider/model, an alias, or a bare name.")
    ] = None,
    dimensions: Annotated[int | None, Parameter(help="How many numbers a vector shall have.")] = None,
    common: Reach | None = None,
) -> None:
    """Turn texts into vectors: each argument, or each line of what is piped in.

    A terminal shows the beginning of each vector; a pipe, a file and `--json` get all of it.
    """
    common = common or Reach()
    with connected(common) as client:
        inputs = [*text] or [line for line in piped().splitlines() if line.strip()]
        if not inputs:
            raise InvalidRequestError("there is no text: give some as arguments or pipe lines in")
        result = client.embed(inputs, model=model, dimensions=dimensions)
        if common.json:
            print_json(result)
            return
        short = sys.stdout.isatty()
        for vector in result.vectors:
            shown = [*vector[:PREVIEW]] if short else [*vector]
            rest = " …" if len(shown) < len(vector) else ""
            write(" ".join(f"{number:.6f}" for number in shown) + rest + "\n")
        if err.is_terminal:
            note(f"{result.provider}/{result.model} · {len(result.vectors)} × {len(result.vectors[0])} numbers")
