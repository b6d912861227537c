"""A process that spends money: `python -m tests.crash.ledger_worker URL ORACLE BUDGETS [SEED]`.

It writes a line to the oracle for what it is about to send, with what is held for it, before sending, and one for what was
billed, before settling; both are in the file when it is killed. It ends when a budget has nothing left.
"""

import asyncio
import datetime
import os
import random
import sys
import time
import uuid

from genmux.services.bookkeeper import Bookkeeper
from genmux.services.budgets import Held, Ledger
from genmux.store.ledger.store import LedgerStore
from genmux.store.opening import open_store
from genmux.types.ledger import BudgetRefusedError

TASKS = 8


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


async def main(url: str, oracle: str, numbers: list[int], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 — a test's
    store = await open_store(url, role="command")
    books = LedgerStore(store.database, now)
    keeper = Bookkeeper(store.database.write, time.monotonic, every=0.02)
    ledger = Ledger(books, keeper, new_id=lambda: uuid.uuid4().hex, monotonic=time.monotonic, about=str(os.getpid()))
    keeper.add(ledger)
    keeper.start()
    await ledger.start()
    budgets = tuple([(await books.state("default", number)).budget for number in numbers])
    told = os.open(oracle, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def hold(amount: int) -> Held | None:
        subject = uuid.uuid4().hex
        try:
            return ledger.try_hold(subject, budgets, amount) or await ledger.hold(subject, budgets, amount)
        except BudgetRefusedError:
            return None

    async def is_spent() -> bool:
        states = [await books.state("default", number) for number in numbers]
        return any(state.spent >= state.budget.limit for state in states)

    async def caller() -> None:
        largest = 40
        while True:
            held = await hold(chance.randint(1, largest))
            if held is None:
                if await is_spent():
                    return
                largest = 1
                continue
            billed = chance.randint(0, held.amount) if largest > 1 else 1
            os.write(told, f"{held.subject} {held.amount} {billed}\n".encode())
            await asyncio.sleep(chance.random() * 0.002)
            held.settle(billed)

    await asyncio.gather(*(caller() for _ in range(TASKS)))
    await ledger.stop()
    await keeper.stop()
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], [int(one) for one in sys.argv[3].split(",")], int(sys.argv[4])))
