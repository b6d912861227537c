"""The commands, put together."""

import sys

from cyclopts import App

from genmux import __version__
from genmux.cli.chat import chat
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
    """Run the command line with the arguments of this process; ends quietly when its reader has gone."""
    try:
        app(exit_on_error=True)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(141) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
