"""Slots and credits of accounts that several workers share, reserved in the database."""

import datetime
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import delete, select, update

from genmux.store.accounts_rows import microseconds, whole
from genmux.store.accounts_tables import account_balances, account_leases, accounts
from genmux.store.clock import database_now
from genmux.store.database import Database, Tx
from genmux.types.accounts_stored import Reservation

_credits = msgspec.json.Decoder(dict[str, int]).decode


class AccountLeases:
    """Reservations. Exact on a database that others use too; whoever has a SQLite file has it alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def exact(self) -> bool:
        """Whether others use the same database, so that slots and credits must be reserved in it."""
        return self._database.kind == "postgresql"

    async def reserve(self, reservation: Reservation) -> str | None:
        """Take a slot and credits; None when they were there, else what was not: `slots`, or the credit type.

        What is overdue is given back first.
        """
        needs = {name: whole(amount, up=True) for name, amount in reservation.credits.items()}
        return await self._database.write(lambda tx: _reserve(tx, reservation, needs))

    async def renew(self, leases: Sequence[str], lifetime: float) -> None:
        """These leases live so many seconds longer, from now."""

        def work(tx: Tx) -> None:
            alive = update(account_leases).where(account_leases.c.lease.in_(leases))
            tx.core.execute(alive.values(until=_until(tx, lifetime)))

        await self._database.write(work)

    async def give_back(self, leases: Sequence[str]) -> None:
        """These leases are over."""
        over = delete(account_leases).where(account_leases.c.lease.in_(leases))
        await self._database.write(lambda tx: tx.core.execute(over))


def _reserve(tx: Tx, reservation: Reservation, needs: Mapping[str, int]) -> str | None:
    own = account_leases.c.account == reservation.account
    tenant = tx.core.execute(  # whoever comes second waits here
        select(accounts.c.tenant).where(accounts.c.id == reservation.account).with_for_update()
    ).scalar()
    if tenant is None:
        return "slots"
    now = microseconds(database_now(tx))
    tx.core.execute(delete(account_leases).where(own, account_leases.c.until <= now))
    held = [row or "{}" for row in tx.core.execute(select(account_leases.c.credits).where(own)).scalars()]
    if reservation.max_concurrency is not None and len(held) >= reservation.max_concurrency:
        return "slots"
    if needs:
        others = [_credits(one) for one in held]
        kept = select(account_balances.c.credit_type, account_balances.c.amount)
        rows = tx.core.execute(kept.where(account_balances.c.account == reservation.account))
        left: dict[str, int] = {row[0]: row[1] for row in rows}
        for name, need in needs.items():
            if name in left and need + sum(one.get(name, 0) for one in others) > left[name]:
                return name
    tx.core.execute(
        account_leases.insert().values(
            lease=reservation.lease,
            account=reservation.account,
            tenant=tenant,
            until=_until(tx, reservation.lifetime),
            credits=msgspec.json.encode(needs).decode() if needs else None,
        )
    )
    return None


def _until(tx: Tx, lifetime: float) -> int | None:
    return microseconds(database_now(tx) + datetime.timedelta(seconds=lifetime))
