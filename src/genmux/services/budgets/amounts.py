"""Amounts and names as the ledger takes them."""

from genmux.types.budgets import LARGEST
from genmux.types.errors import InvalidRequestError

LONGEST = 200
"""So many characters a subject has at most."""


def checked(amount: object) -> int:
    """An amount of micro-units. Raises InvalidRequestError for what is none."""
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount <= LARGEST:
        message = f"{amount!r} is no amount of micro-units; give a whole number from 0 to {LARGEST:,}"
        raise InvalidRequestError(message, param="amount")
    return amount


def checked_subject(subject: object) -> str:
    """What something is held for. Raises InvalidRequestError for what names nothing."""
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST or "\0" in subject:
        message = f"{subject!r} names no request; give a text of 1 to {LONGEST} characters"
        raise InvalidRequestError(message, param="subject")
    return subject
