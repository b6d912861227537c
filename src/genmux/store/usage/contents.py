"""Prompts and answers in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from genmux.store.database import Database, Tx
from genmux.store.usage.rows import kept_name, microseconds, moment
from genmux.store.usage.tables import usage_contents
from genmux.types.usage_report import KeptContent


class ContentTable:
    """Keeps prompts and answers, apart from the usage rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, tx: Tx, contents: Sequence[KeptContent]) -> None:
        """Write within the transaction of whoever calls; what is there already is left as it is."""
        insert = sqlite.insert if self._database.kind == "sqlite" else postgresql.insert
        tx.core.execute(insert(usage_contents).on_conflict_do_nothing(), [_row(one) for one in contents])

    async def find(self, record: str, *, tenant: str | None) -> KeptContent | None:
        """What was said in one request; `tenant` is whose it must be, None for anybody's."""
        c = usage_contents.c
        statement = select(usage_contents).where(c.record == record)
        if tenant is not None:
            statement = statement.where(c.tenant == tenant)
        row = await self._database.read(lambda tx: tx.core.execute(statement).mappings().one_or_none())
        return None if row is None else _content(row)


def _row(content: KeptContent) -> dict[str, Any]:
    return {
        "record": content.record,
        "tenant": kept_name(content.tenant),
        "end_user": kept_name(content.end_user or ""),
        "at": microseconds(content.at),
        "expires_at": microseconds(content.expires_at),
        "request": content.request,
        "answer": content.answer,
    }


def _content(row: Mapping[Any, Any]) -> KeptContent:
    return KeptContent(
        record=row["record"],
        tenant=row["tenant"],
        end_user=row["end_user"] or None,
        at=moment(row["at"]),
        expires_at=moment(row["expires_at"]),
        request=bytes(row["request"]),
        answer=bytes(row["answer"]),
    )
