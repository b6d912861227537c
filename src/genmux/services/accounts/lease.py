"""An account in use for one request."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from genmux.services.accounts.standing import Standing
from genmux.types.accounts import Account, Credential

NO_CREDITS: Mapping[str, Decimal] = {}


class Returns(Protocol):
    """Takes leases back."""

    def take_back(
        self, lease: "Lease", outcome: BaseException | None, credits_used: Mapping[str, Decimal] | None
    ) -> None:
        """The request of a lease is over."""
        ...


class Lease:
    """An account that a request may use. `done` gives it back, once; what is called again does nothing.

    `pending` says that others share the account through the database, where it was not confirmed yet (see
    `AccountPool.reserve`); `id` is only there then. `counted` says that it takes one of the account's slots.
    """

    __slots__ = ("_open", "_returns", "counted", "credits", "id", "pending", "standing")

    def __init__(
        self,
        standing: Standing,
        returns: Returns,
        credits: Mapping[str, Decimal] = NO_CREDITS,  # noqa: A002 — what an account has are credits
        *,
        counted: bool = False,
        pending: bool = False,
    ) -> None:
        self.standing = standing
        self.credits = credits
        self.counted = counted
        self.pending = pending
        self.id: str | None = None
        self._returns = returns
        self._open = True

    @property
    def account(self) -> Account:
        """Which account it is; without any secret."""
        return self.standing.account

    @property
    def credential(self) -> Credential:
        """The secret to sign with."""
        return self.standing.credential

    def done(self, outcome: BaseException | None = None, credits_used: Mapping[str, Decimal] | None = None) -> None:
        """The request is over: `outcome` is the error it ended with, if any, `credits_used` what it took, where that is known.

        Where it is not known, a request that went well is taken to have used what was reserved.
        """
        if self._open:
            self._open = False
            self._returns.take_back(self, outcome, credits_used)

    def __repr__(self) -> str:
        """Which account, and whether it was given back."""
        return f"Lease({self.account.reference!r}, {'open' if self._open else 'done'})"
