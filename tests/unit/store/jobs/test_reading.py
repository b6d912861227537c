"""Looking a job up takes no longer the more jobs there are."""

from genmux.store.database import Tx
from genmux.store.jobs import reading
from genmux.store.opening import open_store


async def test_the_job_of_a_ticket_is_found_by_an_index_of_tickets(sqlite_store_url: str) -> None:
    store = await open_store(sqlite_store_url, role="command")
    asked: list[str] = []

    def plans(tx: Tx) -> list[str]:
        assert tx.raw is not None
        tx.raw.set_trace_callback(asked.append)
        assert reading.by_ticket(tx, "fal", '{"id":"r1"}') is None
        assert not reading.had_tickets(tx, "fal", ['{"id":"r1"}', '{"id":"r2"}'])
        tx.raw.set_trace_callback(None)
        looks = [one for one in asked if one.startswith("SELECT")]
        return [str([row[3] for row in tx.raw.execute(f"EXPLAIN QUERY PLAN {one}")]) for one in looks]

    found = await store.database.read(plans)
    await store.aclose()

    assert found == ["['SEARCH jobs USING INDEX ix_jobs_ticket (ticket=?)']"] * 2


async def test_a_ticket_may_be_longer_than_a_page_of_an_index(postgres_store_url: str) -> None:
    store = await open_store(postgres_store_url, role="command")

    def index(tx: Tx) -> str:
        found = tx.core.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_jobs_ticket'")
        return found.scalar_one()

    assert "USING hash (ticket)" in await store.database.read(index)
    await store.aclose()
