"""`python -m genmux` is the `genmux` command."""

from genmux.cli import main

main()
