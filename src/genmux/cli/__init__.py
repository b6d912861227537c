"""The `genmux` command."""

import sys


def main() -> None:
    """Run the command line; an interrupt is quiet from the first moment on, and the version is told at once."""
    if sys.argv[1:] == ["--version"]:
        from genmux import __version__

        sys.stdout.write(f"{__version__}\n")
        return
    try:
        from genmux.cli.commands import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
