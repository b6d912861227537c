"""Usage rows, their sums by day, and what was said."""
