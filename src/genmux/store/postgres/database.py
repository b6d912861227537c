"""PostgreSQL as a database: for several gateways at once."""

import asyncio
import importlib.util
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from genmux.store.database import DatabaseKind, Tx, Work
from genmux.store.errors import closed_error
from genmux.store.postgres.errors import REPEATABLE, UNKEPT, is_lost, postgres_error, sqlstate_of
from genmux.store.postgres.lines import CONNECTS_WITHIN, Line, place_of, plain_url
from genmux.store.postgres.listening import Listener
from genmux.types.errors import ConfigurationError, InvalidRequestError, ProviderError, StoreError

if TYPE_CHECKING:
    import asyncpg
    from sqlalchemy import Connection

T = TypeVar("T")

ATTEMPTS = 5
"""So often is work begun when others are in its way, or a connection turns out to be dead."""

PAUSE = 0.02
"""Seconds before the second attempt; each further pause is twice as long."""


class PostgresDatabase:
    """A database on a PostgreSQL server. Nothing is connected before it is needed.

    Each event loop has connections of its own; `leave` closes those of the running one. Work is done again, up to five
    times in all, when the server ended it for a deadlock or a serialization failure or when the connection was lost before
    the commit: so it must be repeatable, and do nothing but database work. When the connection is lost during the commit,
    nobody knows whether it was made: the StoreError has `retry == "unsure"`.

    A transaction that was begun ends, although whoever waits for it is cancelled; `leave` and `aclose` wait for it.
    """

    def __init__(self, url: str, *, size: int = 10) -> None:
        for package in ("asyncpg", "sqlalchemy"):
            if importlib.util.find_spec(package) is None:
                message = f'the store is a PostgreSQL, but {package} is not installed: pip install "genmux[postgres]"'
                raise ConfigurationError(message)
        self._url = plain_url(url)
        self.place = place_of(self._url)
        self._size = size
        self._lines: dict[asyncio.AbstractEventLoop, Line] = {}
        self._gate = threading.Lock()
        self._closed = False

    def __repr__(self) -> str:
        return f"PostgresDatabase({self.place!r})"

    @property
    def kind(self) -> DatabaseKind:
        """Which database it is."""
        return "postgresql"

    async def write(self, work: Work[T]) -> T:
        """Do it and commit: when this returns, it is durable. What `work` raises undoes its own changes, and is raised."""
        line = self._line()

        async def attempt(trip: _Trip) -> T:
            """Once, with a connection."""
            async with line.engine.connect() as connection, connection.begin():
                done = await connection.run_sync(trip.run, work)
                trip.sent = True
            return done

        return await line.finish(self._insist(attempt))

    async def read(self, work: Work[T]) -> T:
        """Look at one state of the database, without waiting for writers. Whatever tries to write, fails."""
        line = self._line()

        async def attempt(trip: _Trip) -> T:
            """Once, with a connection."""
            async with line.engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                async with connection.begin():
                    return await connection.run_sync(trip.run, work)

        return await line.finish(self._insist(attempt))

    async def pool(self) -> "asyncpg.Pool":
        """The driver's connections in the running loop, for prepared statements on the hot paths. Raises StoreError."""
        try:
            return await self._line().pool()
        except Exception as error:
            if (fault := postgres_error(error, self.place)) is None:
                raise
            raise fault from error

    async def direct(self, do: Callable[["asyncpg.Connection"], Awaitable[T]]) -> T:
        """Do something with one of the driver's connections, each statement a transaction of its own.

        Deadlocks and serialization failures are repeated. A connection lost on the way is a StoreError with
        `retry == "unsure"`, for the statement may have been done.
        """

        async def attempt(trip: _Trip) -> T:
            """Once, with a connection."""
            pool = await self._line().pool()
            async with pool.acquire(timeout=CONNECTS_WITHIN) as connection:
                trip.sent = True
                return await do(connection)  # pyright: ignore[reportArgumentType] — a proxy with the same methods

        return await self._insist(attempt)

    async def listen(self, channel: str, callback: Callable[[str], None]) -> Listener:
        """Hear what is sent to a channel; see `Listener`. Raises StoreError when the server cannot be reached."""
        listener = Listener(self._line().connect, channel, callback)
        try:
            await listener.start()
        except Exception as error:
            if (fault := postgres_error(error, self.place)) is None:
                raise
            raise fault from error
        return listener

    async def migrate(self, run: Callable[["Connection", str], T]) -> T:
        """Change the tables, on a connection of its own without a time limit; all of it or nothing. Raises StoreError."""
        line = Line(self._url, size=1, answers_within=None)
        try:
            async with line.engine.begin() as connection:
                return await connection.run_sync(run, self.place)
        except StoreError:
            raise
        except Exception as error:
            told = postgres_error(error, self.place)
            words = told.message if told else f"{type(error).__name__}: {error}"
            message = f"bringing the store {self.place} up to date failed, and it is as it was: {words}"
            raise StoreError(message, reason=told.reason if told else "failed") from error
        finally:
            await line.close()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator["asyncpg.Connection"]:
        """A connection of the driver for something long, without a time limit. Raises StoreError."""
        line = Line(self._url, size=1, answers_within=None)
        try:
            connection = await line.connect()
        except Exception as error:
            if (fault := postgres_error(error, self.place)) is None:
                raise
            raise fault from error
        try:
            yield connection
        except ProviderError:
            raise
        except Exception as error:
            if (fault := postgres_error(error, self.place)) is None:
                raise
            raise fault from error
        finally:
            await connection.close(timeout=CONNECTS_WITHIN)

    async def leave(self) -> None:
        """Close what belongs to the running event loop, which is about to end; other loops go on."""
        with self._gate:
            line = self._lines.pop(asyncio.get_running_loop(), None)
        if line is not None:
            await line.close()

    async def aclose(self) -> None:
        """Close the connections of all event loops. May be called again."""
        self._closed = True
        here = asyncio.get_running_loop()
        with self._gate:
            lines, self._lines = self._lines, {}
        for loop, line in lines.items():
            if loop is here:
                await line.close()
            elif not loop.is_closed() and loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(line.close(), loop))

    def _line(self) -> Line:
        """What belongs to the running loop."""
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is not None:
            return line
        with self._gate:
            if self._closed:
                raise closed_error(self.place)
            for ended in [one for one in self._lines if one.is_closed()]:
                del self._lines[ended]
            line = self._lines[loop] = Line(self._url, size=self._size)
        return line

    async def _insist(self, attempt: "Callable[[_Trip], Awaitable[T]]") -> T:
        """Try until it is done or will not be. Raises StoreError where the database is to blame, InvalidRequestError for NUL."""
        pause = PAUSE
        for number in range(1, ATTEMPTS + 1):
            trip = _Trip()
            try:
                return await attempt(trip)
            except Exception as error:
                if error is trip.own and sqlstate_of(error) is None and getattr(error, "orig", None) is None:
                    raise  # the work's, not the database's
                again = sqlstate_of(error) in REPEATABLE or (not trip.sent and _broke(error))
                if sqlstate_of(error) == UNKEPT:
                    message = "a text has a character in it that the database cannot hold, such as NUL; leave it out"
                    raise InvalidRequestError(message, status=400) from error
                if not again or number == ATTEMPTS:
                    if (fault := postgres_error(error, self.place, sent=trip.sent)) is None:
                        raise
                    raise fault from error
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError("the last attempt returns or raises")


class _Trip:
    """One attempt: whether the change had been handed over, and what the work itself raised."""

    __slots__ = ("own", "sent")

    def __init__(self) -> None:
        self.sent = False
        self.own: Exception | None = None

    def run(self, core: "Connection", work: Work[T]) -> T:
        """Do the work."""
        try:
            return work(Tx(core))
        except Exception as error:
            self.own = error
            raise


def _broke(error: Exception) -> bool:
    """Whether a connection that had been made was lost, so that a new one may help."""
    return is_lost(error) and not isinstance(error, OSError)
