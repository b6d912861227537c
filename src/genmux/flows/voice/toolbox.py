"""Tools of a session: plain functions that the model may have called, run without holding up what it says."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from genmux.types.realtime import SendToolResult
from genmux.types.realtime_events import ToolCalled

Function = Callable[..., Any]
Send = Callable[[SendToolResult], Awaitable[object]]


class Toolbox:
    """Runs functions by name. `call` is given a function and its arguments as JSON text, and gives what it gave."""

    def __init__(self, functions: Mapping[str, Function], call: Callable[[Function, str], Any], send: Send) -> None:
        self._functions = functions
        self._call = call
        self._send = send
        self._running: dict[str, asyncio.Task[SendToolResult]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def has(self, name: str) -> bool:
        """Whether a tool is here; all others are the caller's own business."""
        return name in self._functions

    def run(self, calls: list[ToolCalled]) -> None:
        """Run these, and tell the model what they gave; it goes on when the last one is told."""
        here = [one for one in calls if self.has(one.name)]
        for one in here:
            self._running[one.call_id] = asyncio.create_task(self._result(one), name=f"genmux-tool-{one.name}")
        if here:
            task = asyncio.create_task(self._tell([one.call_id for one in here]), name="genmux-tools")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def cancel(self, call_ids: tuple[str, ...] | None = None) -> None:
        """Stop these, or all: nobody wants their results any more."""
        for one in call_ids if call_ids is not None else [*self._running]:
            task = self._running.pop(one, None)
            if task is not None:
                task.cancel()

    async def aclose(self) -> None:
        """Stop everything."""
        self.cancel()
        sending = [*self._sending]
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def _tell(self, call_ids: list[str]) -> None:
        tasks = [self._running[one] for one in call_ids if one in self._running]
        done = await asyncio.gather(*tasks, return_exceptions=True)
        results = [one for one in done if isinstance(one, SendToolResult) and one.call_id in self._running]
        for one in call_ids:
            self._running.pop(one, None)
        for place, one in enumerate(results, 1):
            await self._send(one if place == len(results) else msgspec.structs.replace(one, answer=False))

    async def _result(self, called: ToolCalled) -> SendToolResult:
        function = self._functions[called.name]
        try:
            if inspect.iscoroutinefunction(function):
                value = await self._call(function, called.arguments)
            else:
                value = await asyncio.to_thread(self._call, function, called.arguments)
            output = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
        except Exception as error:  # noqa: BLE001 — a tool is foreign code; the model shall hear what went wrong
            output = msgspec.json.encode({"error": f"{type(error).__name__}: {error}"}).decode()
        return SendToolResult(call_id=called.call_id, name=called.name, output=output)
