"""Which webhooks of providers came in, so that a repeated one changes nothing."""

import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from genmux.store.database import Database, Tx
from genmux.store.events.tables import hooks_seen
from genmux.store.moments import to_micros


class SeenHooks:
    """Remembers deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seen(self, place: str, delivery: str) -> bool:
        """Whether a delivery came to a place before."""
        c = hooks_seen.c
        asked = select(c.at).where(c.place == place, c.delivery == delivery)
        return await self._database.read(lambda tx: tx.core.execute(asked).first() is not None)

    async def remember(self, place: str, delivery: str, *, tenant: str, at: datetime.datetime) -> None:
        """It came."""
        values = {"place": place, "delivery": delivery, "tenant": tenant, "at": to_micros(at)}

        def work(tx: Tx) -> None:
            """In one transaction."""
            into = sqlite.insert if tx.raw is not None else postgresql.insert
            tx.core.execute(into(hooks_seen).values(**values).on_conflict_do_nothing())

        await self._database.write(work)
