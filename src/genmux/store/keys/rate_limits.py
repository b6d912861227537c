"""Rate limits in PostgreSQL, which several gateways share: one statement each, by the database's clock."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from genmux.store.postgres.database import PostgresDatabase
from genmux.types.rates import Ask, Entered, Mark, Return

if TYPE_CHECKING:
    import asyncpg

MICRO = 1_000_000

_ENTER = "SELECT * FROM genmux_rates_enter($1, $2, $3, $4, $5, $6, $7, $8)"
_LEAVE = "SELECT genmux_rates_leave($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_EXTEND = f"UPDATE rate_slots SET expires_at = {_NOW} + $2 WHERE pass_id = ANY ($1)"  # noqa: S608 — nothing from outside
_SWEEP_SLOTS = f"DELETE FROM rate_slots WHERE expires_at <= {_NOW}"  # noqa: S608 — the same
_SWEEP_METERS = f"DELETE FROM rate_meters WHERE at < {_NOW} - 172800000000"  # noqa: S608 — two days: the longest span is one


class PostgresRates:
    """Keeps rate limits. Raises StoreError."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def enter(self, pass_id: str, asks: Sequence[Ask], *, lease: float) -> Entered:
        """Take all that is asked, or nothing. `asks` are sorted by scope, kind and span, so that nobody waits in a circle."""
        arguments = (
            [one.tenant for one in asks],
            [one.scope for one in asks],
            [one.limit.kind for one in asks],
            [one.span for one in asks],
            [one.limit.amount for one in asks],
            [one.cost for one in asks],
        )

        async def ask(connection: "asyncpg.Connection") -> "asyncpg.Record | None":
            """On one connection."""
            return await connection.fetchrow(_ENTER, pass_id, math.ceil(lease * MICRO), *arguments)

        row = await self._database.direct(ask)
        if row is None:
            raise AssertionError("a function gives a row")
        wait: Decimal | None = row["o_wait"]
        marks = zip(row["o_empty"], row["o_shifted"], row["o_at"], strict=False)
        return Entered(
            refused=None if row["o_refused"] is None else row["o_refused"] - 1,
            wait=None if wait is None else int(wait),
            marks=tuple(Mark(int(empty), int(shifted), at) for empty, shifted, at in marks),
        )

    async def leave(self, pass_ids: Sequence[str], returns: Sequence[Return]) -> None:
        """Give back places and tokens."""
        ordered = sorted(returns, key=lambda one: (one.ask.scope, one.ask.limit.kind, one.ask.span))
        arguments = (
            [one.ask.scope for one in ordered],
            [one.ask.limit.kind for one in ordered],
            [one.ask.span for one in ordered],
            [one.ask.limit.amount for one in ordered],
            [one.ask.cost for one in ordered],
            [one.used for one in ordered],
            [Decimal(one.mark.empty) for one in ordered],
            [Decimal(one.mark.shifted) for one in ordered],
        )

        async def give(connection: "asyncpg.Connection") -> None:
            """On one connection."""
            await connection.execute(_LEAVE, [*pass_ids], *arguments)

        await self._database.direct(give)

    async def extend(self, pass_ids: Sequence[str], *, lease: float) -> None:
        """Keep places for longer."""

        async def extend(connection: "asyncpg.Connection") -> None:
            """On one connection."""
            await connection.execute(_EXTEND, [*pass_ids], math.ceil(lease * MICRO))

        await self._database.direct(extend)

    async def sweep(self) -> None:
        """Remove places of dead gateways, and limits that nobody came near for days. Now and then is enough."""

        async def sweep(connection: "asyncpg.Connection") -> None:
            """On one connection."""
            await connection.execute(_SWEEP_SLOTS)
            await connection.execute(_SWEEP_METERS)

        await self._database.direct(sweep)
