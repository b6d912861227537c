"""What the usage service stands on, in memory."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import Forgotten, KeptContent, UsageGroup, UsageGroups, UsageQuestion, UsageSums

NOW = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)


def row(number: int = 0, **fields: Any) -> UsageRecord:
    told: dict[str, Any] = {
        "id": f"r{number}",
        "at": NOW,
        "operation": "chat",
        "provider": "openai",
        "model": "gpt",
        "status": "completed",
        **fields,
    }
    return UsageRecord(**told)


class MemoryStore:
    """Keeps rows in a list; groups are those that it was given. `failing` stands for a database that is down."""

    def __init__(self, groups: Sequence[UsageGroup] = (), rows: Sequence[UsageRecord] = ()) -> None:
        self.rows = list(rows)
        self.all_groups = list(groups)
        self.asked: list[UsageQuestion] = []
        self.failing = False
        self.done: list[str] = []

    def write(self, tx: Any, records: Sequence[UsageRecord]) -> int:
        assert tx is None
        if self.failing:
            raise OSError("down")
        self.rows += records
        return len(records)

    async def groups(self, question: UsageQuestion) -> UsageGroups:
        self.asked.append(question)
        behind = [
            one for one in self.all_groups if question.after is None or (*one.keys, one.currency) > question.after
        ]
        total = UsageGroup(keys=(), currency="USD", sums=sum((one.sums for one in self.all_groups), UsageSums()))
        shown = tuple(behind[: question.limit])
        return UsageGroups(groups=shown, totals=(total,), more=len(behind) > len(shown))

    async def records(
        self, question: UsageQuestion, *, before: tuple[int, str] | None = None
    ) -> tuple[UsageRecord, ...]:
        self.asked.append(question)
        found = sorted(self.rows, key=lambda one: (one.at, one.id), reverse=True)
        first = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        micro = datetime.timedelta(microseconds=1)
        left = [one for one in found if before is None or ((one.at - first) // micro, one.id) < before]
        return tuple(left[: question.limit])

    async def open_costs(self, question: UsageQuestion, ids: Collection[str]) -> tuple[UsageRecord, ...]:
        self.asked.append(question)
        return tuple(one for one in self.rows if one.cost is None and one.request_id in ids)

    async def price(self, question: UsageQuestion, costs: Mapping[str, int]) -> int:
        self.done.append(f"price {dict(costs)}")
        return len(await self.open_costs(question, costs))

    async def forget(self, tenant: str, end_user: str) -> Forgotten:
        self.done.append(f"forget {tenant} {end_user}")
        return Forgotten(contents=1, records=2)


class MemoryContents:
    """Keeps what was said in a list."""

    def __init__(self) -> None:
        self.kept: list[KeptContent] = []

    def write(self, tx: Any, contents: Sequence[KeptContent]) -> None:
        assert tx is None
        self.kept += contents

    async def find(self, record: str, *, tenant: str | None) -> KeptContent | None:
        return next((one for one in self.kept if one.record == record and tenant in (None, one.tenant)), None)


class Heard(list[tuple[str, Mapping[str, Any] | None]]):
    """Keeps the events that were published."""

    def publish(self, type_: str, *, data: Mapping[str, Any] | None = None) -> None:
        self.append((type_, data))
