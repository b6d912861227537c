"""The checks, by what they look at; importing this puts them all into `CHECKS`."""

from genmux.testing.conformance.checks import cancelling, doubts, endings, keys, life, polling, refusals, webhooks

__all__ = ["cancelling", "doubts", "endings", "keys", "life", "polling", "refusals", "webhooks"]
