"""Asking a ledger in the database, and what it did."""

from typing import Any

from genmux.store.database import Tx
from genmux.types.budgets import Budget, EntryKind
from genmux.types.ledger import HoldAsk, SliceChange, SliceState
from tests.ledgers import Desk


def ask(subject: str, *budgets: Budget, amount: int | None = 100, **more: Any) -> HoldAsk:
    return HoldAsk(subject=subject, budgets=budgets, amounts=(amount,) * len(budgets), **more)


async def hold(one: Desk, subject: str, *budgets: Budget, amount: int | None = 100, **more: Any) -> None:
    left: list[str] = []
    await one.store.hold(ask(subject, *budgets, amount=amount, **more), left.append)
    assert not left


async def change(one: Desk, worker: str, **facts: Any) -> SliceState:
    def work(tx: Tx) -> SliceState:
        _, (state,) = one.store.flush_in(tx, worker, [], [SliceChange(**facts)])
        return state

    return await one.database.write(work)


async def kinds(one: Desk, subject: str) -> list[EntryKind]:
    return [line.kind for line in await one.store.lines("default", subject)]
