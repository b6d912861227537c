"""The simulator as a real server: every answer and every fault that a provider may give, on a port of this machine."""

from genmux.testing.simulator.faults.table import FAULTS
from genmux.testing.simulator.records import Seen
from genmux.testing.simulator.simulator import Simulator, run

__all__ = ["FAULTS", "Seen", "Simulator", "run"]
