"""Wires that many providers share, pure and in both directions."""
