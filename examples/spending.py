"""A limit on many calls, and what was spent: a program with a store of its own."""

import tempfile
from pathlib import Path

from genmux import BudgetExceededError, Client

with tempfile.TemporaryDirectory() as folder, Client(store=Path(folder) / "spending.db") as client:
    client.set_budget(0.01, period="day")  # US dollars
    answered = 0
    try:
        while True:
            client.chat("How much is the fish?", model="mock/priced", max_tokens=2_000)
            answered += 1
    except BudgetExceededError as error:
        print(f"after {answered} calls: {error.message}")
    for state in client.budgets():
        print(f"spent {state.spent} of {state.budget.limit} micro-dollars, {state.left} are left")
    for line in client.usage(by=["model"]).data:
        print(line)
