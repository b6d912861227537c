"""Accounts in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from genmux.store.accounts.leases import AccountLeases
from genmux.store.accounts.rows import (
    account_of,
    balance_of,
    balance_row,
    box_of,
    fields_of,
    microseconds,
    row_of,
    whole,
)
from genmux.store.accounts.tables import account_balances, account_leases, account_versions, accounts, sealing_keys
from genmux.store.database import Tx
from genmux.types.accounts import Account, Balance
from genmux.types.accounts_stored import KeyCheck, Noted, Sealed, Snapshot, StoredAccount
from genmux.types.errors import InvalidRequestError

_VERSION = "accounts"


class AccountTables(AccountLeases):
    """Keeps accounts: rows, balances, reservations, and what is known of the keys that seal credentials."""

    async def version(self) -> int:
        """Grows with every change that others must see."""
        return await self._database.read(_version)

    async def load(self) -> Snapshot:
        """All accounts of all tenants."""
        return await self._database.read(lambda tx: Snapshot(version=_version(tx), rows=tuple(_rows(tx))))

    async def find(self, tenant: str, account_id: str) -> StoredAccount | None:
        """One account; None when the tenant has none of that id."""
        found = await self._database.read(lambda tx: _rows(tx, account_id))
        return next((row for row in found if row.account.tenant == tenant), None)

    async def add(self, row: StoredAccount) -> None:
        """A new account. Raises InvalidRequestError when the tenant has one of that provider and name."""
        account = row.account
        values = row_of(account) | {"key_id": row.sealed.key_id, "credential": box_of(row.sealed.fields)}
        balances = [balance_row(account, name, one) for name, one in account.balances.items()]

        def work(tx: Tx) -> None:
            """In one transaction."""
            if tx.core.execute(_same_name(account)).first() is not None:
                raise _taken(account)
            try:
                tx.core.execute(accounts.insert().values(**values))
            except IntegrityError as error:  # another worker was first
                raise _taken(account) from error
            if balances:
                tx.core.execute(account_balances.insert(), balances)
            _changed(tx)

        await self._database.write(work)

    async def replace(self, row: StoredAccount, *, changed: frozenset[str]) -> bool:
        """Write the named fields of an account (and `credential`); False when it is gone."""
        account = row.account
        values = row_of(account, changed)
        if "credential" in changed:
            values |= {"key_id": row.sealed.key_id, "credential": box_of(row.sealed.fields)}
        balances = [balance_row(account, name, one) for name, one in account.balances.items()]

        def work(tx: Tx) -> bool:
            """In one transaction."""
            own = (accounts.c.id == account.id, accounts.c.tenant == account.tenant)
            if not _lock(tx, account.id, account.tenant):
                return False
            if "name" in changed and tx.core.execute(_same_name(account)).first() is not None:
                raise _taken(account)
            if values:
                tx.core.execute(update(accounts).where(*own).values(**values))
            if "balances" in changed:
                tx.core.execute(delete(account_balances).where(account_balances.c.account == account.id))
                if balances:
                    tx.core.execute(account_balances.insert(), balances)
            _changed(tx)
            return True

        return await self._database.write(work)

    async def remove(self, tenant: str, account_id: str) -> bool:
        """Delete an account with its credential, balances and reservations; False when it is not there."""

        def work(tx: Tx) -> bool:
            """In one transaction."""
            if not _lock(tx, account_id, tenant):
                return False
            for table in (account_balances, account_leases):
                tx.core.execute(delete(table).where(table.c.account == account_id))
            tx.core.execute(delete(accounts).where(accounts.c.id == account_id))
            _changed(tx)
            return True

        return await self._database.write(work)

    async def note(self, noted: Sequence[Noted]) -> None:
        """Add up what requests taught, and count balances down."""

        def work(tx: Tx) -> None:
            """In one transaction."""
            for one in sorted(noted, key=lambda each: each.account):  # in one order, so that no two wait for each other
                _note(tx, one)
            if any(one.standing or one.used for one in noted):
                _changed(tx)

        await self._database.write(work)

    async def set_balances(self, account_id: str, balances: Mapping[str, Balance], *, plan: str | None = None) -> None:
        """Put what the provider told in place of what was known of these credit types.

        An exhausted account is active again when it has some.
        """

        def work(tx: Tx) -> None:
            """In one transaction."""
            if not _lock(tx, account_id) or not (found := _rows(tx, account_id)):
                return
            account = found[0].account
            for name, balance in balances.items():
                row = balance_row(account, name, balance)
                place = (account_balances.c.account == account_id, account_balances.c.credit_type == name)
                if not tx.core.execute(update(account_balances).where(*place).values(**row)).rowcount:
                    tx.core.execute(account_balances.insert().values(**row))
            values: dict[str, Any] = {} if plan is None else {"plan": plan}
            if account.status == "exhausted" and any(balance.amount > 0 for balance in balances.values()):
                values |= {"status": "active", "cooldown_until": None}
            if values:
                tx.core.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
            _changed(tx)

        await self._database.write(work)

    async def key_checks(self) -> tuple[KeyCheck, ...]:
        """Of all sealing keys that are in use, the newest first."""
        asked = select(sealing_keys).order_by(sealing_keys.c.number.desc())

        def work(tx: Tx) -> tuple[KeyCheck, ...]:
            """In one transaction."""
            rows = tx.core.execute(asked).mappings()
            return tuple(KeyCheck(key_id=row["key_id"], check=row["mark"]) for row in rows)

        return await self._database.read(work)

    async def reseal(self, check: KeyCheck, rows: Sequence[tuple[str, Sealed]] = ()) -> None:
        """Make `check` the newest key, put these credentials in place of the old ones by account id, all or nothing.

        The checks of keys that seal nothing any more are forgotten.
        """

        def work(tx: Tx) -> None:
            """In one transaction."""
            for account_id, sealed in rows:
                values = {"key_id": sealed.key_id, "credential": box_of(sealed.fields)}
                tx.core.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
            number = (tx.core.execute(select(func.max(sealing_keys.c.number))).scalar() or 0) + 1
            unused = sealing_keys.c.key_id.not_in(select(accounts.c.key_id))
            tx.core.execute(delete(sealing_keys).where(unused | (sealing_keys.c.key_id == check.key_id)))
            tx.core.execute(sealing_keys.insert().values(key_id=check.key_id, number=number, mark=check.check))
            _changed(tx)

        await self._database.write(work)


def _rows(tx: Tx, account_id: str | None = None) -> list[StoredAccount]:
    """All accounts, or the one of that id."""
    asked = select(accounts).order_by(accounts.c.created_at, accounts.c.id)
    kept = select(account_balances)
    if account_id is not None:
        asked = asked.where(accounts.c.id == account_id)
        kept = kept.where(account_balances.c.account == account_id)
    balances: dict[str, dict[str, Balance]] = {}
    for row in tx.core.execute(kept).mappings():
        balances.setdefault(row["account"], {})[row["credit_type"]] = balance_of(row)
    return [
        StoredAccount(
            account=account_of(row, balances.get(row["id"], {})),
            sealed=Sealed(key_id=row["key_id"], fields=fields_of(row["credential"])),
        )
        for row in tx.core.execute(asked).mappings()
    ]


def _lock(tx: Tx, account_id: str, tenant: str | None = None) -> bool:
    """Whether there is such an account; then others wait with it. It comes before all else, so that nobody waits for ever."""
    mine = select(accounts.c.tenant).where(accounts.c.id == account_id).with_for_update()
    found = tx.core.execute(mine).scalar()
    return found is not None and tenant in (None, found)


def _version(tx: Tx) -> int:
    return tx.core.execute(select(account_versions.c.version)).scalar() or 0


def _changed(tx: Tx) -> None:
    grown = update(account_versions).values(version=account_versions.c.version + 1)
    if not tx.core.execute(grown).rowcount:
        tx.core.execute(account_versions.insert().values(name=_VERSION, version=1))


def _note(tx: Tx, noted: Noted) -> None:
    c, b = accounts.c, account_balances.c
    values: dict[str, Any] = {"successes": c.successes + noted.successes, "failures": c.failures + noted.failures}
    if noted.last_used is not None:
        values["last_used"] = microseconds(noted.last_used)
    tx.core.execute(update(accounts).where(c.id == noted.account).values(**values))
    if noted.standing:
        told = {
            "failure_streak": noted.failure_streak,
            "refused_streak": noted.refused_streak,
            "cooldown_until": microseconds(noted.cooldown_until),
        }
        tx.core.execute(update(accounts).where(c.id == noted.account).values(**told))
    if noted.status is not None:
        mine = (c.id == noted.account, c.status.not_in(("disabled", "revoked")))
        tx.core.execute(update(accounts).where(*mine).values(status=noted.status))
    for name, used in noted.used.items():
        amount = whole(used, up=True)
        place = (b.account == noted.account, b.credit_type == name)
        enough = update(account_balances).where(*place, b.amount >= amount)
        if not tx.core.execute(enough.values(amount=b.amount - amount, source="counted")).rowcount:
            tx.core.execute(update(account_balances).where(*place).values(amount=0, source="counted"))


def _same_name(account: Account) -> Any:
    c = accounts.c
    same = (c.tenant == account.tenant, c.provider == account.provider, c.name == account.name, c.id != account.id)
    return select(c.id).where(*same)


def _taken(account: Account) -> InvalidRequestError:
    message = f"there is an account {account.reference} already; give another name, or update that one"
    return InvalidRequestError(message, param="name", provider=account.provider)
