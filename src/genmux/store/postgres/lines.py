"""Connections to PostgreSQL: those of one event loop."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from genmux.types.errors import ConfigurationError

if TYPE_CHECKING:
    import asyncpg
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")

CONNECTS_WITHIN = 10
"""Seconds to wait for a connection."""

ANSWERS_WITHIN = 60.0
"""Seconds to wait for a statement."""


def plain_url(url: str) -> str:
    """A URL as the driver wants it. Raises ConfigurationError for what is none; the message has no password in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(f"the store's URL cannot be read: {error}") from None
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(
            f"{parts.scheme}:// is no PostgreSQL; give postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        )
    if not parts.path.strip("/"):
        raise ConfigurationError(
            "the store's URL names no database; give postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        )
    return parts._replace(scheme="postgresql").geturl()


def place_of(url: str) -> str:
    """Which database a URL means, in words that may be shown: no user, no password."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    port = f":{parts.port}" if parts.port else ""
    return f"postgresql://{host}{port}/{unquote(parts.path.strip('/'))}"


class Line:
    """What belongs to one event loop: SQLAlchemy's engine, and a pool of the driver's own connections for hot statements.

    Both open connections when they are first needed.
    """

    def __init__(self, url: str, *, size: int, answers_within: float | None = ANSWERS_WITHIN) -> None:
        self._url = url
        self._size = size
        self._answers_within = answers_within
        self._engine: AsyncEngine | None = None
        self._pool: asyncpg.Pool | None = None
        self._making = asyncio.Lock()
        self._under_way: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what uses a connection. It ends although whoever waits is cancelled: a connection in the middle of it is lost else."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._forget)
        await asyncio.wait([task])
        return task.result()

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waited heard it

    async def connect(self) -> "asyncpg.Connection":
        """A connection of its own, for whoever closes it. Raises what the driver raises."""
        import asyncpg

        return await asyncpg.connect(
            self._url,
            timeout=CONNECTS_WITHIN,
            command_timeout=self._answers_within,
            server_settings={"application_name": "genmux"},
        )

    @property
    def engine(self) -> "AsyncEngine":
        """SQLAlchemy's, with connections that stay open."""
        if self._engine is None:
            from sqlalchemy.ext.asyncio import create_async_engine

            self._engine = create_async_engine(
                "postgresql+asyncpg://",
                async_creator=self.connect,
                pool_size=(self._size + 1) // 2,
                max_overflow=self._size // 2,
                pool_timeout=CONNECTS_WITHIN,
            )
        return self._engine

    async def pool(self) -> "asyncpg.Pool":
        """The driver's own. Raises what the driver raises."""
        if self._pool is None:
            import asyncpg

            async with self._making:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self._url,
                        min_size=1,
                        max_size=self._size,
                        timeout=CONNECTS_WITHIN,
                        command_timeout=self._answers_within,
                        server_settings={"application_name": "genmux"},
                    )
        return self._pool

    async def close(self) -> None:
        """Close all, once what is under way has ended; it has a few seconds for that."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=CONNECTS_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        engine, self._engine = self._engine, None
        pool, self._pool = self._pool, None
        if engine is not None:
            await engine.dispose()
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), CONNECTS_WITHIN)
            except TimeoutError:
                pool.terminate()
