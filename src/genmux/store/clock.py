"""The database's clock: the one that all gateways on it share."""

import datetime

from genmux.store.database import Tx


def database_now(tx: Tx) -> datetime.datetime:
    """The time in UTC at this moment, by the server's clock on PostgreSQL and by this machine's on SQLite (to a millisecond)."""
    if tx.raw is not None:
        (told,) = tx.raw.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").fetchone()
        return datetime.datetime.fromisoformat(told).replace(tzinfo=datetime.UTC)
    from sqlalchemy import func, select

    found = tx.core.execute(select(func.clock_timestamp())).scalar_one()
    return found.astimezone(datetime.UTC)
