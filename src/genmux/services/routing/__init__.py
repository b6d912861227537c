"""How models have been doing: how quickly they answer, and which of them rest after failures."""

from genmux.services.routing.board import Board

__all__ = ["Board"]
