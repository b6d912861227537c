"""The command line, from its own help."""

from genmux.cli.commands import app
from genmux.cli.console import EXIT_CODES
from tools.reference.markdown import NOTE, table


def page() -> str:
    """All commands with their options, and the exit codes."""
    codes = {code: sorted(str(kind) for kind in EXIT_CODES if EXIT_CODES[kind] == code) for code in EXIT_CODES.values()}
    rows = [(0, "all went well"), (1, "any other error; `replay`: an exchange failed")]
    rows += [(code, ", ".join(kinds)) for code, kinds in sorted(codes.items())]
    rows.append((130, "interrupted"))
    return f"{NOTE}\n{app.generate_docs(heading_level=1)}\n\n## Exit codes\n\n{table(('code', 'meaning'), rows)}"
