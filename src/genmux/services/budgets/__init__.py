"""Hard budgets: money is held before anything is sent, and booked when it is known what it did cost.

For the door: `Ledger.budgets_for`, `Ledger.try_hold` (at once, out of slices), `Ledger.hold` (exactly, in the database),
`Ledger.hold_all`; each gives a `Held` with `settle`, `release`, `presume`, `top_up`, `extend`.

For administration: `Budgets` with `create(tenant, NewBudget)`, `update(tenant, id, BudgetChange)`, `delete(tenant, id)`,
`get(tenant, id)`, `list(tenant, scope=, after=, limit=, deleted=)`, `entries(tenant, id, before=, limit=)`,
`lines(tenant, subject)`, `verify(tenant)`, `correct(subject, actual, booked=, counted=)`, `reset(tenant, id)`.

To put it together: `bookkeeper = Bookkeeper(database.write, monotonic)`; `ledger = Ledger(LedgerStore(database, now),
bookkeeper, new_id=, monotonic=, teller=)`; `bookkeeper.add(ledger)`; `bookkeeper.start()`; `await ledger.start()`; at the
end `await ledger.stop()`, then `await bookkeeper.stop()`.

A hold that nobody ends, because a process died, is booked as presumed spent when it expires; so is what the process had
leased. Nobody knows whether the request was sent: one that was only held and never sent cannot be told apart.
"""

from genmux.services.budgets.admin import BudgetChange, Budgets, NewBudget
from genmux.services.budgets.held import Held
from genmux.services.budgets.index import BudgetIndex
from genmux.services.budgets.ledger import Ledger

__all__ = ["BudgetChange", "BudgetIndex", "Budgets", "Held", "Ledger", "NewBudget"]
