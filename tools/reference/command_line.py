"""The command line, from its own help."""

import sys

from genmux.cli.commands import app, load_commands
from genmux.cli.console import EXIT_CODES
from tools.reference.markdown import NOTE, table


def page() -> str:
    """All commands with their options, and the exit codes."""
    load_commands()
    called, sys.argv[0] = sys.argv[0], "genmux"  # usage lines of commands within commands begin with it
    codes = {code: sorted(str(kind) for kind in EXIT_CODES if EXIT_CODES[kind] == code) for code in EXIT_CODES.values()}
    rows = [(0, "all went well"), (1, "any other error; `replay`: an exchange failed")]
    rows += [(code, ", ".join(kinds)) for code, kinds in sorted(codes.items())]
    rows += [
        (130, "interrupted (a server that is stopped by Ctrl-C exits with 0)"),
        (141, "whoever read the output has gone"),
    ]
    try:
        told = app.generate_docs(heading_level=1, usage_name=app.name[0])
    finally:
        sys.argv[0] = called
    return f"{NOTE}\n{told}\n\n## Exit codes\n\n{table(('code', 'meaning'), rows)}"
