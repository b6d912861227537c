"""The `genmux` command."""


def main() -> None:
    """Run the command line."""
    from genmux.cli.commands import run

    run()
