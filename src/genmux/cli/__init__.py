"""The `genmux` command."""


def main() -> None:
    """Run the command line; an interrupt is quiet from the first moment on."""
    try:
        from genmux.cli.commands import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
