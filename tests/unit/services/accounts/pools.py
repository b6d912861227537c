"""Pools with accounts in them."""

from genmux.services.accounts import AccountPool
from genmux.types.accounts import Credential
from genmux.types.accounts_stored import Snapshot, StoredAccount
from genmux.types.errors import (
    ConfigurationError,
    ProviderError,
)
from tests.unit.services.accounts.doubles import Clock, Own

SECRET = "key-of-the-account-0123456789"


class OpenSealer:
    """Opens whatever it is given, but for what is broken."""

    def open(self, account, sealed):
        if sealed == "broken":
            raise ConfigurationError("needs the sealing key 123")
        return Credential({"api_key": f"{SECRET}-{account.name}"})


class Heard:
    def __init__(self):
        self.events = []

    def __call__(self, type_, about):
        self.events.append((type_, about.name))


def pool_of(*accounts, own=None, clock=None, broken=()):
    clock = clock or Clock()
    heard = Heard()
    pool = AccountPool(own or Own(), clock.now, clock.clock, heard)
    rows = tuple(row_of(one, "broken" if one.name in broken else "sealed") for one in accounts)
    pool.accept(Snapshot(version=1, rows=rows), OpenSealer())
    return pool, clock, heard


def row_of(one, sealed):
    return StoredAccount(account=one, sealed=sealed)


def fail(pool, kind, **fields):
    lease = pool.choose("acme")
    lease.done(ProviderError("no", kind=kind, **fields))
    return lease


def names(pool, count=1, **how):
    return [pool.choose("acme", **how).account.name for _ in range(count)]
