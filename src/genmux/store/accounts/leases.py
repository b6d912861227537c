"""Slots and credits of accounts that several workers share, reserved in the database."""

import datetime
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import delete, func, literal, select, update

from genmux.store.accounts.rows import microseconds, whole
from genmux.store.accounts.tables import account_balances, account_leases, accounts
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
            """In one transaction."""
            alive = update(account_leases).where(account_leases.c.lease.in_(leases))
            tx.core.execute(alive.values(until=_until(tx, lifetime)))

        await self._database.write(work)

    async def give_back(self, leases: Sequence[str]) -> None:
        """These leases are over."""
        over = delete(account_leases).where(account_leases.c.lease.in_(leases))
        await self._database.write(lambda tx: tx.core.execute(over))


def _reserve(tx: Tx, reservation: Reservation, needs: Mapping[str, int]) -> str | None:
    """Three statements: every one is a way to the server on which others wait."""
    clock = func.clock_timestamp() if tx.raw is None else literal(None)
    mine = select(accounts.c.tenant, clock).where(accounts.c.id == reservation.account)
    found = tx.core.execute(mine.with_for_update()).first()  # whoever comes second waits here
    if found is None:
        return "slots"
    now = found[1] or database_now(tx)
    own = account_leases.c.account == reservation.account
    taken = tx.core.execute(select(account_leases.c.until, account_leases.c.credits).where(own)).all()
    alive = [row[1] for row in taken if row[0] > (microseconds(now) or 0)]
    if len(alive) < len(taken):
        tx.core.execute(delete(account_leases).where(own, account_leases.c.until <= microseconds(now)))
    if reservation.max_concurrency is not None and len(alive) >= reservation.max_concurrency:
        return "slots"
    if needs and (lost := _lacking(tx, reservation.account, needs, alive)) is not None:
        return lost
    tx.core.execute(
        account_leases.insert().values(
            lease=reservation.lease,
            account=reservation.account,
            tenant=found[0],
            until=microseconds(now + datetime.timedelta(seconds=reservation.lifetime)),
            credits=msgspec.json.encode(needs).decode() if needs else None,
        )
    )
    return None


def _lacking(tx: Tx, account: str, needs: Mapping[str, int], held: Sequence[str | None]) -> str | None:
    """The kind of credit of which there is not enough beside what others hold; None when there is."""
    kept = select(account_balances.c.credit_type, account_balances.c.amount).where(
        account_balances.c.account == account
    )
    left: dict[str, int] = {row[0]: row[1] for row in tx.core.execute(kept)}
    others = [_credits(one) for one in held if one]
    for name, need in needs.items():
        if name in left and need + sum(one.get(name, 0) for one in others) > left[name]:
            return name
    return None


def _until(tx: Tx, lifetime: float) -> int | None:
    return microseconds(database_now(tx) + datetime.timedelta(seconds=lifetime))
