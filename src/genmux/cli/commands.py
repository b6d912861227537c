"""The commands, put together, and the one place where all of them end."""

import io
import os
import sys
from collections.abc import Sequence
from decimal import InvalidOperation
from typing import NoReturn

from cyclopts import App, CycloptsError

from genmux.cli.console import err, show_fault, show_misuse
from genmux.types.version import VERSION

INTERRUPTED = 130
UNREAD = 141

COMMANDS: dict[str, str] = {
    "chat": "genmux.cli.chat:chat",
    "embed": "genmux.cli.embed:embed",
    "image": "genmux.cli.media:image",
    "video": "genmux.cli.media:video",
    "upscale": "genmux.cli.media:upscale",
    "music": "genmux.cli.media:music",
    "sound": "genmux.cli.media:sound",
    "say": "genmux.cli.say:say",
    "transcribe": "genmux.cli.transcribe:transcribe",
    "voices": "genmux.cli.voices:voices",
    "talk": "genmux.cli.talk:talk",
    "jobs": "genmux.cli.jobs:jobs",
    "assets": "genmux.cli.assets:assets",
    "estimate": "genmux.cli.estimate:estimate",
    "models": "genmux.cli.models:models",
    "providers": "genmux.cli.providers:providers",
    "catalog": "genmux.cli.catalog:catalog",
    "accounts": "genmux.cli.accounts:accounts",
    "usage": "genmux.cli.usage:usage",
    "keys": "genmux.cli.keys:keys",
    "budgets": "genmux.cli.budgets:budgets",
    "organisations": "genmux.cli.tenancy:organisations",
    "teams": "genmux.cli.tenancy:teams",
    "audit": "genmux.cli.tenancy:audit",
    "webhooks": "genmux.cli.webhooks:webhooks",
    "store": "genmux.cli.store:store",
    "local": "genmux.cli.local:local",
    "serve": "genmux.cli.serving:serve",
    "worker": "genmux.cli.worker:worker",
    "mock": "genmux.cli.serving:mock",
    "replay": "genmux.cli.replaying:replay",
    "doctor": "genmux.cli.doctor:doctor",
}
"""Each with its place, from where it is imported when it is called."""

app = App(
    name="genmux",
    help="One interface to every generative-AI provider.",
    version=VERSION,
    version_flags=("--version", "-V"),
    version_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
for _order, (_name, _place) in enumerate(COMMANDS.items()):
    app.command(_place, name=_name, sort_key=_order)
app.register_install_completion_command()


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line with the arguments of this process. A fault of our own is told in a line, never as a traceback."""
    told = [*(sys.argv[1:] if arguments is None else arguments)]
    _forgive_encodings()
    try:
        if not told or told[0] in app.help_flags:
            load_commands()
        app(told, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        raise SystemExit(show_misuse(str(error), _command(told), as_json="--json" in told)) from None
    except InvalidOperation:  # of the Decimal that an argument should have been
        said = "an amount has to be a number such as 12.50"
        raise SystemExit(show_misuse(said, _command(told), as_json="--json" in told)) from None
    except BrokenPipeError:
        _stop_writing()
    except KeyboardInterrupt:
        if err.is_terminal:
            err.print()  # the shell's prompt begins on a line of its own
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        if {"-v", "--verbose"}.intersection(told) or os.environ.get("GENMUX_LOG"):
            raise
        raise SystemExit(show_fault(error, as_json="--json" in told)) from None


def _forgive_encodings() -> None:
    """A letter that the terminal or the pipe cannot show becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def load_commands() -> None:
    """Import all commands: a list of them says what each is for."""
    for name in COMMANDS:
        app[name]


def _command(arguments: Sequence[str]) -> str:
    """The command that was called, as far as there is one."""
    found = [app.name[0]]
    here = app
    for word in arguments:
        if word.startswith("-") or word not in here:
            break
        found.append(word)
        here = here[word]
    return " ".join(found)


def _stop_writing() -> NoReturn:
    """Whoever read our output has gone; Python must not complain about that at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    raise SystemExit(UNREAD)
