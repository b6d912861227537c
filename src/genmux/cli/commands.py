"""The commands, put together."""

import os
import sys

from cyclopts import App

from genmux import __version__
from genmux.cli.chat import chat
from genmux.cli.console import err
from genmux.cli.doctor import doctor
from genmux.cli.listings import embed, estimate, models, providers
from genmux.cli.local import local
from genmux.cli.replaying import replay
from genmux.cli.serving import mock, serve

app = App(
    name="genmux",
    help="One interface to every generative-AI provider.",
    version=__version__,
    result_action="return_value",
)
for command in (chat, embed, models, providers, estimate, serve, mock, replay, doctor):
    app.command(command)
app.command(local)
app.register_install_completion_command()


def run() -> None:
    """Run the command line with the arguments of this process; a fault of our own is told in a line, never as a traceback."""
    try:
        app()
    except BrokenPipeError:  # its reader has gone
        sys.stderr.close()
        raise SystemExit(141) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        if {"-v", "--verbose"}.intersection(sys.argv) or os.environ.get("GENMUX_LOG"):
            raise
        err.print(f"genmux failed: {type(error).__name__}: {error}", style="red", markup=False)
        err.print("This is a fault in genmux. Run the command again with --verbose to see where.", style="dim")
        raise SystemExit(1) from None
