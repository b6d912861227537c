"""Holds on PostgreSQL: what waits together goes in one statement, which takes some and refuses others."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from genmux.store.ledger.functions import HOLD_CALL
from genmux.store.ledger.holding import HoldCall, hold_call, hold_error
from genmux.store.ledger.windows import Windows
from genmux.types.errors import Retry, StoreError
from genmux.types.ledger import HoldAsk

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import asyncpg

T = TypeVar("T")

MOST = 256
"""So many holds at most share a statement."""

LINES = 2
"""So many statements are under way at most."""


class Direct(Protocol):
    """PostgreSQL without transactions around."""

    async def direct(self, do: "Callable[[asyncpg.Connection], Awaitable[T]]") -> T:
        """Do something with one of the driver's connections."""
        ...


class _Waiting:
    __slots__ = ("abandoned", "ask", "future")

    def __init__(self, ask: HoldAsk, future: "asyncio.Future[None]", abandoned: Callable[[str], None]) -> None:
        self.ask = ask
        self.future = future
        self.abandoned = abandoned


class HoldLine:
    """The holds of one event loop."""

    def __init__(self, database: Direct, windows: Windows, moment: Callable[[], int]) -> None:
        self._database = database
        self._windows = windows
        self._moment = moment
        self._waiting: deque[_Waiting] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self, ask: HoldAsk, abandoned: Callable[[str], None]) -> None:
        """Hold. Raises BudgetRefusedError, HeldAlreadyError or StoreError.

        Calls `abandoned` with the subject when it was held, or may have been, while nobody waited for it any more.
        """
        one = _Waiting(ask, asyncio.get_running_loop().create_future(), abandoned)
        self._waiting.append(one)
        if len(self._tasks) < LINES:
            task = asyncio.create_task(self._drain(), name="genmux-holds")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await one.future
        except asyncio.CancelledError:
            if one.future.done() and not one.future.cancelled() and one.future.exception() is None:
                abandoned(ask.subject)  # it was held, and just then whoever waited was told to go
            raise

    async def _drain(self) -> None:
        waiting = self._waiting
        while waiting:
            group = [waiting.popleft() for _ in range(min(MOST, len(waiting)))]
            group = [one for one in group if not one.future.cancelled()]
            if group:
                await self._send(group)

    async def _send(self, group: list[_Waiting]) -> None:
        moment = self._moment()
        call = hold_call([one.ask for one in group], windows=self._windows, moment=moment)
        try:
            rows = await self._database.direct(lambda line: _fetch(line, call))
        except BaseException as error:
            for one in group:
                self._fail(one, error)
            if not isinstance(error, Exception):
                raise
            return
        refused = {row[0]: row for row in rows}
        for number, one in enumerate(group, 1):
            if number in refused:
                error = hold_error(one.ask, refused[number], windows=self._windows, moment=moment)
                if not one.future.done():
                    one.future.set_exception(error)
            elif one.future.done():
                one.abandoned(one.ask.subject)
            else:
                one.future.set_result(None)

    def _fail(self, one: _Waiting, error: BaseException) -> None:
        if isinstance(error, StoreError) and error.retry is Retry.UNSURE:
            one.abandoned(one.ask.subject)
        if not one.future.done():
            one.future.set_exception(
                error if isinstance(error, Exception) else StoreError("the hold was broken off", reason="closed")
            )


async def _fetch(line: "asyncpg.Connection", call: HoldCall) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await line.fetch(HOLD_CALL, *msgspec.structs.astuple(call))]
