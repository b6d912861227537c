"""What accounts need of the store and of others, as protocols."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from genmux.types.accounts import Account, Balance, Credential
from genmux.types.accounts_stored import KeyCheck, Noted, Reservation, Sealed, Snapshot, StoredAccount


class AccountStore(Protocol):
    """Keeps accounts. Raises StoreError when the database fails."""

    @property
    def exact(self) -> bool:
        """Whether others use the same database, so that slots and credits must be reserved in it."""
        ...

    async def version(self) -> int:
        """Grows with every change that others must see."""
        ...

    async def load(self) -> Snapshot:
        """All accounts of all tenants."""
        ...

    async def find(self, tenant: str, account_id: str) -> StoredAccount | None:
        """One account; None when the tenant has none of that id."""
        ...

    async def add(self, row: StoredAccount) -> None:
        """A new account. Raises InvalidRequestError when the tenant has one of that provider and name."""
        ...

    async def replace(self, row: StoredAccount, *, changed: frozenset[str]) -> bool:
        """Write the named fields of an account (and `credential`); False when it is gone."""
        ...

    async def remove(self, tenant: str, account_id: str) -> bool:
        """Delete an account with its credential, balances and reservations; False when it is not there."""
        ...

    async def note(self, noted: Sequence[Noted]) -> None:
        """Add up what requests taught, and count balances down."""
        ...

    async def set_balances(self, account_id: str, balances: Mapping[str, Balance], *, plan: str | None = None) -> None:
        """Put what the provider told in place of what was known of these credit types; an exhausted account is active again when it has some."""
        ...

    async def reserve(self, reservation: Reservation) -> str | None:
        """Take a slot and credits; None when they were there, else what was not: `slots`, or the credit type.

        What is overdue is given back first.
        """
        ...

    async def renew(self, leases: Sequence[str], lifetime: float) -> None:
        """These leases live so many seconds longer, from now."""
        ...

    async def give_back(self, leases: Sequence[str]) -> None:
        """These leases are over."""
        ...

    async def key_checks(self) -> tuple[KeyCheck, ...]:
        """Of all sealing keys that are in use, the newest first."""
        ...

    async def reseal(self, check: KeyCheck, rows: Sequence[tuple[str, Sealed]] = ()) -> None:
        """Make `check` the newest key, put these credentials in place of the old ones by account id, all or nothing.

        The checks of keys that seal nothing any more are forgotten.
        """
        ...


class Opens(Protocol):
    """Opens sealed credentials."""

    def open(self, account: Account, sealed: Sealed) -> Credential:
        """The credential. Raises ConfigurationError."""
        ...


class Configured(Protocol):
    """Knows the accounts that the user has configured outside the store."""

    def accounts(self, provider: str) -> tuple[tuple[Account, Mapping[str, str]], ...]:
        """Those of one provider with their credentials."""
        ...

    def missing(self, provider: str) -> str | None:
        """What is not set, in words; None when the usual credential is there."""
        ...
