"""Rows and contents on their way to the database."""

import datetime
import logging
import threading
import timeit
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.services.usage import Contents, UsageBook
from genmux.services.usage import contents as contents_module
from genmux.types.principal import Principal
from genmux.types.usage_record import UsageRecord
from tests.unit.services.usage.doubles import NOW, Heard, MemoryContents, MemoryStore, row


def drained(book: UsageBook) -> None:
    while batch := book.take():
        batch.write(None)
        batch.done()


def test_rows_are_written_in_the_order_in_which_they_came():
    store = MemoryStore()
    book = UsageBook(store, batch=3)
    for number in range(8):
        book.record(row(number))
    drained(book)
    assert [one.id for one in store.rows] == [f"r{number}" for number in range(8)]
    assert book.take() is None


def test_each_row_tells_that_something_waits():
    told: list[int] = []
    book = UsageBook(MemoryStore())
    book.record(row(1))
    book.attach(lambda: told.append(len(book)))
    book.record(row(2))
    assert told == [2]


def test_rows_that_could_not_be_written_wait_again_in_their_place():
    store = MemoryStore()
    book = UsageBook(store, batch=3)
    for number in range(5):
        book.record(row(number))
    store.failing = True
    batch = book.take()
    assert batch is not None
    with pytest.raises(OSError, match="down"):
        batch.write(None)
    batch.undo()
    store.failing = False
    assert len(book) == 5
    drained(book)
    assert [one.id for one in store.rows] == [f"r{number}" for number in range(5)]


def test_what_is_dropped_is_worth_least_and_oldest_and_is_told(caplog: pytest.LogCaptureFixture):
    heard = Heard()
    book = UsageBook(MemoryStore(), teller=heard, most=20)
    kinds = [{"status": "refused"}, {"cost": None}, {"cost": Decimal(1)}, {"cost": Decimal(0)}]
    with caplog.at_level(logging.ERROR, "genmux.usage"):
        for number in range(21):
            book.record(row(number, **kinds[number % 4]))
    assert len(book) == 18
    assert book.dropped == 3
    left = [one.id for one in book._waiting]  # noqa: SLF001 — what waits is nobody else's business
    assert {"r0", "r3", "r4"}.isdisjoint(left)
    assert [*left] == sorted(left, key=lambda id_: int(id_[1:]))
    assert heard == [("usage.dropped", {"dropped": 3, "with_cost": 0, "in_all": 3})]
    assert "3 were dropped, 0 of them with a cost" in caplog.text


def test_rows_with_money_are_dropped_last():
    heard = Heard()
    book = UsageBook(MemoryStore(), teller=heard, most=100)
    for number in range(1_000):
        book.record(row(number, cost=Decimal(1) if number < 60 else None))
    assert sum(1 for one in book._waiting if one.cost) == 60  # noqa: SLF001
    assert not any(data["with_cost"] for _, data in heard if data)
    for number in range(100):
        book.record(row(number, cost=Decimal(1)))
    assert any(data["with_cost"] for _, data in heard if data)
    assert book.dropped + len(book) == 1_100


@given(st.lists(st.sampled_from([None, Decimal(0), Decimal(1)]), max_size=120), st.integers(1, 40))
def test_no_row_is_lost_without_being_counted(costs: list[Decimal | None], most: int):
    book = UsageBook(MemoryStore(), most=most)
    for number, cost in enumerate(costs):
        book.record(row(number, cost=cost))
        assert len(book) <= most
    assert len(book) + book.dropped == len(costs)


def test_threads_that_record_while_rows_are_taken_lose_none():
    store = MemoryStore()
    book = UsageBook(store, batch=50)
    threads = [
        threading.Thread(target=lambda first=first: [book.record(row(first + number)) for number in range(2_000)])
        for first in (0, 10_000, 20_000)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        drained(book)
    for thread in threads:
        thread.join()
    drained(book)
    assert len({one.id for one in store.rows}) == len(store.rows) == 6_000


def test_recording_takes_little_time():
    book = UsageBook(MemoryStore(), nudge=int)
    one = row(1)
    took = min(timeit.repeat(lambda: book.record(one), number=10_000, repeat=3)) / 10_000
    assert took < 20e-6  # 0.2 µs where nobody else works


class TestContents:
    def test_what_is_said_is_kept_with_whose_it_is_and_until_when(self):
        store = MemoryContents()
        contents = Contents(store, lambda: NOW, days=30)
        told: list[int] = []
        contents.attach(lambda: told.append(1))
        contents.keep("r1", b'{"q":1}', b'{"a":2}', principal=Principal(organisation="acme", end_user="ann"))
        batch = contents.take()
        assert batch is not None
        batch.write(None)
        batch.done()
        (kept,) = store.kept
        assert (kept.record, kept.tenant, kept.end_user, kept.request, kept.answer) == (
            "r1",
            "acme",
            "ann",
            b'{"q":1}',
            b'{"a":2}',
        )
        assert kept.expires_at == NOW + datetime.timedelta(days=30)
        assert told == [1]
        assert contents.take() is None

    def test_its_repr_says_nothing_of_it(self):
        store = MemoryContents()
        contents = Contents(store, lambda: NOW, days=1)
        contents.keep("r1", b"my secret", b"your secret")
        batch = contents.take()
        assert batch is not None
        batch.write(None)
        assert "secret" not in repr(store.kept)

    def test_what_could_not_be_written_waits_again(self):
        contents = Contents(MemoryContents(), lambda: NOW, days=1)
        contents.keep("r1", b"1", b"2")
        batch = contents.take()
        assert batch is not None
        batch.undo()
        assert contents.take() is not None

    def test_no_more_is_kept_than_fits_and_that_is_told(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        monkeypatch.setattr(contents_module, "MOST_BYTES", 100)
        monkeypatch.setattr(contents_module, "BATCH_BYTES", 50)
        contents = Contents(MemoryContents(), lambda: NOW, days=1)
        for number in range(5):
            contents.keep(f"r{number}", b"x" * 40, b"")
        assert contents.dropped == 3
        assert caplog.text.count("were not kept") == 2  # the first and the second; then at powers of two
        sizes = 0
        while batch := contents.take():
            batch.done()
            sizes += 1
        assert sizes == 2
        contents.keep("r9", b"x" * 90, b"")
        assert contents.take() is not None


def test_a_record_is_what_it_was_when_it_was_taken():
    book = UsageBook(MemoryStore())
    book.record(row(1))
    batch = book.take()
    assert batch is not None
    assert isinstance(batch.rows[0], UsageRecord)
    batch.done()
    assert batch.rows == []
