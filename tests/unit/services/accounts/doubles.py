"""Doubles for the services' ports: a store in memory, a clock that is set by hand."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from genmux.types.accounts import Account, Balance
from genmux.types.accounts_stored import KeyCheck, Noted, Reservation, Sealed, Snapshot, StoredAccount
from genmux.types.errors import InvalidRequestError

START = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


class Clock:
    """Both clocks in one: `now` and the seconds that are never put back."""

    def __init__(self):
        self.time = START
        self.seconds = 1_000.0

    def now(self):
        return self.time

    def clock(self):
        return self.seconds

    def pass_(self, seconds):
        self.time += datetime.timedelta(seconds=seconds)
        self.seconds += seconds


class Own:
    """Accounts outside the store."""

    def __init__(self, *found: tuple[Account, Mapping[str, str]], missing: str | None = None):
        self.found = found
        self.lack = missing

    def accounts(self, provider):
        return tuple((account, fields) for account, fields in self.found if account.provider == provider)

    def missing(self, _provider):
        return self.lack


class MemoryStore:
    """An AccountStore in memory; `failing` is raised by whatever writes."""

    def __init__(self, *, exact=False):
        self.exact = exact
        self.rows: dict[str, StoredAccount] = {}
        self.checks: list[KeyCheck] = []
        self.leases: dict[str, Reservation] = {}
        self.noted: list[Noted] = []
        self.number = 1
        self.renewed: list[str] = []
        self.failing: Exception | None = None

    def _fail(self):
        if self.failing is not None:
            raise self.failing

    async def version(self):
        self._fail()
        return self.number

    async def load(self):
        return Snapshot(version=self.number, rows=tuple(self.rows.values()))

    async def find(self, tenant, account_id):
        row = self.rows.get(account_id)
        return row if row is not None and row.account.tenant == tenant else None

    async def add(self, row):
        self._fail()
        account = row.account
        taken = {(one.account.tenant, one.account.reference) for one in self.rows.values()}
        if (account.tenant, account.reference) in taken:
            raise InvalidRequestError(f"there is an account {account.reference} already", param="name")
        self.rows[account.id] = row
        self.number += 1

    async def replace(self, row, *, changed):
        self._fail()
        old = self.rows.get(row.account.id)
        if old is None or old.account.tenant != row.account.tenant:
            return False
        fields = {name: getattr(row.account, name) for name in changed - {"credential"}}
        account = msgspec.structs.replace(old.account, **fields)
        self.rows[account.id] = StoredAccount(
            account=account, sealed=row.sealed if "credential" in changed else old.sealed
        )
        self.number += 1
        return True

    async def remove(self, tenant, account_id):
        if await self.find(tenant, account_id) is None:
            return False
        del self.rows[account_id]
        self.number += 1
        return True

    async def note(self, noted: Sequence[Noted]):
        self._fail()
        self.noted += noted

    async def set_balances(self, account_id, balances: Mapping[str, Balance], *, plan=None):
        self._fail()
        row = self.rows[account_id]
        account = row.account
        known = dict(account.balances) | dict(balances)
        status = account.status
        if status == "exhausted" and any(one.amount > 0 for one in balances.values()):
            status = "active"
        changed = msgspec.structs.replace(
            account, balances=known, plan=plan or account.plan, status=status, cooldown_until=None
        )
        self.rows[account_id] = StoredAccount(account=changed, sealed=row.sealed)
        self.number += 1

    async def reserve(self, reservation: Reservation):
        self._fail()
        own = [one for one in self.leases.values() if one.account == reservation.account]
        if reservation.max_concurrency is not None and len(own) >= reservation.max_concurrency:
            return "slots"
        balances = self.rows[reservation.account].account.balances
        for name, amount in reservation.credits.items():
            if sum((one.credits.get(name, Decimal(0)) for one in own), amount) > balances[name].amount:
                return name
        self.leases[reservation.lease] = reservation
        return None

    async def renew(self, leases, _lifetime):
        self.renewed += leases

    async def give_back(self, leases):
        for lease in leases:
            self.leases.pop(lease, None)

    async def key_checks(self):
        return tuple(self.checks)

    async def reseal(self, check, rows: Sequence[tuple[str, Sealed]] = ()):
        self._fail()
        for account_id, sealed in rows:
            self.rows[account_id] = StoredAccount(account=self.rows[account_id].account, sealed=sealed)
        used = {row.sealed.key_id for row in self.rows.values()}
        self.checks = [check, *(one for one in self.checks if one.key_id in used and one.key_id != check.key_id)]
        self.number += 1


def account(name="work", **fields):
    return Account(
        **{"id": f"id-{name}", "tenant": "default", "provider": "acme", "name": name, **fields}  # pyright: ignore[reportArgumentType]
    )
