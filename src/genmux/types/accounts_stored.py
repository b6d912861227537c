"""What travels between accounts and the database that keeps them."""

import datetime
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from genmux.types.accounts import Account, AccountStatus


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed credential: with which key, and every field of it by name as nonce and ciphertext."""

    key_id: str
    fields: Mapping[str, bytes]

    def __repr__(self) -> str:
        """Which key and which fields; the rest is noise."""
        return f"Sealed(key_id={self.key_id!r}, fields=<{', '.join(sorted(self.fields))}>)"


class KeyCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A known text that was sealed with a key when it was first used: what opens it is that key."""

    key_id: str
    check: bytes


class StoredAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the store."""

    account: Account
    sealed: Sealed


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts as they stood at one version."""

    version: int
    rows: tuple[StoredAccount, ...] = ()


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What requests taught about an account since it was last written down; `used` are credits by type.

    With `standing`, streaks and cooldown are told too and replace those of the store. `status` is what it became, None
    when it did not change; a status that people have set (`disabled`), or that only people end (`revoked`), stays.
    """

    account: str
    successes: int = 0
    failures: int = 0
    used: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
    last_used: datetime.datetime | None = None
    standing: bool = False
    status: AccountStatus | None = None
    failure_streak: int = 0
    refused_streak: int = 0
    cooldown_until: datetime.datetime | None = None


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """A slot of an account and credits of it, for one lease. After `lifetime` seconds without a word it is free again."""

    lease: str
    account: str
    lifetime: float
    max_concurrency: int | None = None
    credits: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
