"""Opening a store: found, locked, brought up to date, or refused with a reason."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from genmux.store.lock import Holder, StoreLock, read_lock
from genmux.store.opening import Store, make_file, open_store
from genmux.store.places import place
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.revisions import head
from genmux.types.errors import ConfigurationError, StoreError

PRINTS_THEN_WAITS = """
import asyncio, sys
from genmux.store.opening import open_store
async def main():
    store = await open_store(sys.argv[1], role="gateway", about="genmux serve")
    store.announce("http://127.0.0.1:4000", "local-token")
    print("open", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def another_process(tmp_path: Path):
    """A gateway that has the store `store.db` open."""
    process = subprocess.Popen(
        [sys.executable, "-c", PRINTS_THEN_WAITS, tmp_path / "store.db"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


async def opened(where: str | Path | None) -> Store:
    return await open_store(where, role="library", about="a test")


async def test_the_usual_store_is_a_private_file_in_the_data_folder(tmp_path: Path) -> None:
    store = await opened(None)

    path = tmp_path / "data" / "genmux" / "genmux.db"
    assert store.place == str(path)
    assert (store.kind, repr(store)) == ("sqlite", f"Store({str(path)!r})")
    for one, rights in ((path, 0o600), (path.with_name("genmux.db.lock"), 0o600), (path.parent, 0o700)):
        assert stat.S_IMODE(one.stat().st_mode) == rights
    await store.aclose()
    await store.aclose()


async def test_without_xdg_the_usual_store_is_in_the_home_folder(tmp_path: Path) -> None:
    store = await open_store(environ={"HOME": str(tmp_path)}, role="library")

    assert store.place == str(tmp_path / ".local" / "share" / "genmux" / "genmux.db")
    await store.aclose()


@pytest.mark.parametrize("form", ["{0}/s.db", "sqlite:///{0}/s.db", "~/s.db", "sqlite:///~/s.db"])
async def test_a_file_can_be_named_in_several_ways(tmp_path: Path, form: str) -> None:
    store = await open_store(form.format(tmp_path), environ={"HOME": str(tmp_path)}, role="library")

    assert store.place == str(tmp_path / "s.db")
    await store.aclose()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://me:secret@host/db", "mysql://; give a file's path"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:x.db", "is no place for a store"),
        ("", "is no place for a store"),
        ("/", "is a folder"),
        ("/dev/null/x/store.db", "cannot be made"),
        ("postgresql://host", "names no database"),
    ],
)
async def test_what_is_no_place_is_refused_with_what_is_accepted(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        await opened(url)

    assert "secret" not in str(caught.value)


async def test_a_second_process_is_refused_and_told_of_the_first(
    tmp_path: Path, another_process: subprocess.Popen[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await opened(tmp_path / "store.db")

    told = caught.value.message
    assert f"in use by genmux serve (process {another_process.pid}, since 20" in told
    assert "at http://127.0.0.1:4000" in told
    assert "let that gateway do it, end that process, use another file, or a PostgreSQL" in told
    assert "local-token" not in told
    holder = read_lock(tmp_path / "store.db")
    assert holder is not None
    assert (holder.pid, holder.url, holder.token) == (another_process.pid, "http://127.0.0.1:4000", "local-token")
    assert "local-token" not in repr(holder)


async def test_another_name_of_the_same_file_does_not_help(
    tmp_path: Path, another_process: subprocess.Popen[str]
) -> None:
    (tmp_path / "other.db").symlink_to(tmp_path / "store.db")

    with pytest.raises(ConfigurationError, match=f"process {another_process.pid}"):
        await opened(tmp_path / "other.db")


async def test_what_a_killed_process_left_behind_does_no_harm(
    tmp_path: Path, another_process: subprocess.Popen[str]
) -> None:
    another_process.send_signal(signal.SIGKILL)
    another_process.wait()

    assert b"127.0.0.1" in (tmp_path / "store.db.lock").read_bytes()
    assert read_lock(tmp_path / "store.db") is None
    store = await opened(tmp_path / "store.db")
    await store.aclose()


async def test_the_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    store = await opened(tmp_path / "store.db")

    with pytest.raises(ConfigurationError, match="open in this process already"):
        await opened(tmp_path / "store.db")

    await store.aclose()
    again = await opened(tmp_path / "store.db")
    await again.aclose()
    assert read_lock(tmp_path / "store.db") is None


async def test_looking_who_holds_it_does_not_keep_others_out(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for _ in range(20):
        _, store = await asyncio.gather(asyncio.to_thread(read_lock, path), opened(path))
        assert store.place == str(path)
        await store.aclose()


def test_a_holder_whose_content_cannot_be_read_is_still_a_holder(tmp_path: Path) -> None:
    import fcntl

    with (tmp_path / "store.db.lock").open("w") as lock:
        lock.write("{half")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert read_lock(tmp_path / "store.db") == Holder(pid=0, started="unknown")
        with pytest.raises(ConfigurationError, match="just starting"):
            asyncio.run(opened(tmp_path / "store.db"))


async def test_a_store_of_a_newer_genmux_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    store = await opened(tmp_path / "store.db")
    await store.aclose()
    with sqlite3.connect(tmp_path / "store.db") as raw:
        raw.execute("CREATE TABLE IF NOT EXISTS genmux_revision (version_num TEXT)")
        raw.execute("DELETE FROM genmux_revision")
        raw.execute("INSERT INTO genmux_revision VALUES ('9999')")
    raw.close()
    before = (tmp_path / "store.db").read_bytes()

    with pytest.raises(
        StoreError, match=r"made by a newer genmux \(revision 9999.*update genmux, or restore"
    ) as caught:
        await opened(tmp_path / "store.db")

    assert caught.value.reason == "newer"
    assert (tmp_path / "store.db").read_bytes() == before
    assert read_lock(tmp_path / "store.db") is None


async def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as raw:
        raw.execute("CREATE TABLE recipes (title TEXT)")
    raw.close()

    before = (tmp_path / "store.db").read_bytes()

    with pytest.raises(StoreError, match=r"has tables that genmux did not make \(recipes\)"):
        await opened(tmp_path / "store.db")

    assert (tmp_path / "store.db").read_bytes() == before


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database" * 1000)

    with pytest.raises(StoreError, match="is damaged") as caught:
        await opened(tmp_path / "store.db")

    assert caught.value.reason == "corrupt"
    assert read_lock(tmp_path / "store.db") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write what cannot be written")
async def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch(mode=0o400)

    with pytest.raises(StoreError, match="cannot be written") as caught:
        await opened(tmp_path / "store.db")

    assert caught.value.reason == "read_only"


async def test_a_postgresql_can_be_opened_by_several_at_once(postgres_url: str) -> None:
    stores = await asyncio.gather(*(opened(postgres_url) for _ in range(4)))

    assert {store.kind for store in stores} == {"postgresql"}
    for store in stores:
        store.announce("http://127.0.0.1:1", "token")
        await store.leave()
        await store.aclose()


async def test_a_postgresql_of_a_newer_genmux_is_refused(postgres_url: str) -> None:
    from sqlalchemy import text

    database = PostgresDatabase(postgres_url)
    await database.write(lambda tx: tx.core.execute(text("CREATE TABLE genmux_revision (version_num TEXT)")) and None)
    await database.write(lambda tx: tx.core.execute(text("INSERT INTO genmux_revision VALUES ('9999')")) and None)
    await database.aclose()

    with pytest.raises(StoreError, match=r"made by a newer genmux \(revision 9999"):
        await opened(postgres_url)


def test_opening_a_store_that_is_up_to_date_does_not_import_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from genmux.store.opening import open_store\n"
        "async def main():\n"
        "    store = await open_store(sys.argv[1], role='command')\n"
        "    await store.aclose()\n"
        "asyncio.run(main())\n"
        "print(sorted({'alembic', 'sqlalchemy', 'asyncpg'} & {*sys.modules}))\n"
    )
    said = [
        subprocess.run([sys.executable, "-c", program, tmp_path / "s.db"], check=True, capture_output=True, text=True)
        for _ in range(2)
    ]

    assert said[1].stdout == "[]\n"
    assert head() is None or "alembic" in said[0].stdout


@pytest.mark.parametrize(
    ("there", "error", "words"),
    [(True, StoreError, "cannot be written"), (False, ConfigurationError, "set GENMUX_STORE to a file")],
)
def test_missing_rights_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, error: type[Exception], words: str
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    if there:
        (tmp_path / "store.db").touch()
    monkeypatch.setattr("genmux.store.opening.os.open", refuse)

    with pytest.raises(error, match=words):
        make_file(tmp_path / "store.db")


def test_a_lock_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "store.db.lock").mkdir()

    with pytest.raises(StoreError, match=r"lock .*store\.db\.lock cannot be opened") as caught:
        StoreLock(tmp_path / "store.db", Holder(pid=1, started="now"))

    assert caught.value.reason == "gone"
    assert read_lock(tmp_path / "store.db") is None


def test_a_lock_that_others_could_read_is_made_private_before_anything_is_told_in_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db.lock"
    path.touch(mode=0o644)
    path.chmod(0o644)

    lock = StoreLock(tmp_path / "store.db", Holder(pid=1, started="now"))
    lock.announce("http://127.0.0.1:1", "token")

    assert path.stat().st_mode & 0o777 == 0o600
    lock.release()


def test_the_words_for_a_holder_tell_its_address_once() -> None:
    holder = Holder(pid=7, started="noon", about="a gateway at http://h:1", url="http://h:1", token="t")

    assert holder.words() == "a gateway at http://h:1 (process 7, since noon)"
    assert Holder(pid=7, started="noon", url="http://h:1").words() == "gateway (process 7, since noon, at http://h:1)"


def test_nothing_is_announced_after_the_end(tmp_path: Path) -> None:
    lock = StoreLock(tmp_path / "store.db", Holder(pid=1, started="now"))
    lock.release()
    lock.release()

    with pytest.raises(ConfigurationError, match="the store is closed"):
        lock.announce("http://127.0.0.1:1", "token")


def test_without_a_home_there_is_no_usual_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.store.places.os.path.expanduser", lambda path: path)

    with pytest.raises(ConfigurationError, match="no home folder to keep the store in; set GENMUX_STORE"):
        place(None, {})
