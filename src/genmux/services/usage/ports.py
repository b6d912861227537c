"""What the usage service needs of the database and of the world."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import Forgotten, KeptContent, UsageGroups, UsageQuestion


class UsageStore(Protocol):
    """Keeps usage rows and what they add up to. Raises StoreError when the database fails."""

    def write(self, tx: Any, records: Sequence[UsageRecord]) -> int:
        """Write rows within the transaction of whoever calls; those that are there already are left out. Gives how many are new."""
        ...

    async def groups(self, question: UsageQuestion) -> UsageGroups:
        """Add up what was asked for."""
        ...

    async def records(
        self, question: UsageQuestion, *, before: tuple[int, str] | None = None
    ) -> tuple[UsageRecord, ...]:
        """The newest rows before a place in time and id."""
        ...

    async def open_costs(self, question: UsageQuestion, ids: Collection[str]) -> tuple[UsageRecord, ...]:
        """The rows with one of the provider's own ids of requests whose cost is unknown or estimated."""
        ...

    async def price(self, question: UsageQuestion, costs: Mapping[str, int]) -> int:
        """Give such rows the cost that the provider reported, in micro-units by its ids. Gives how many there were."""
        ...

    async def forget(self, tenant: str, end_user: str) -> Forgotten:
        """Remove what an end user said, and the name from all rows."""
        ...


class ContentStore(Protocol):
    """Keeps prompts and answers. Raises StoreError when the database fails."""

    def write(self, tx: Any, contents: Sequence[KeptContent]) -> None:
        """Write within the transaction of whoever calls; what is there already is left as it is."""
        ...

    async def find(self, record: str, *, tenant: str | None) -> KeptContent | None:
        """What was said in one request."""
        ...


class Teller(Protocol):
    """Publishes events."""

    def publish(self, type_: str, *, data: Mapping[str, Any] | None = None) -> None:
        """Tell everybody who listens."""
        ...
