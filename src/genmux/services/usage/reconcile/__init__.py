"""Compares our usage with what a provider exports or bills."""

from genmux.services.usage.reconcile.comparing import Compared, Figures, Reconciliation, compare, read_tolerance
from genmux.services.usage.reconcile.figures import Ours, Theirs, known_as
from genmux.services.usage.reconcile.formats import READABLE, read_file

__all__ = [
    "READABLE",
    "Compared",
    "Figures",
    "Ours",
    "Reconciliation",
    "Theirs",
    "compare",
    "known_as",
    "read_file",
    "read_tolerance",
]
