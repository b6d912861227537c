"""Hands a stream on to its caller; what fails once it has begun is told inside it."""

import asyncio
import contextlib
from typing import Protocol

from genmux.server.faults import as_error
from genmux.server.http import Headers, Read, Request
from genmux.types.errors import OverloadedError, ProviderError

FAREWELL = 1.0
"""So many seconds a caller has to take the last event of a stream that the gateway's end cuts off."""


class Fails(Protocol):
    """Writes the end of a stream in which something failed."""

    def fail(self, error: ProviderError) -> bytes:
        """The error as an event."""
        ...


async def relay(request: Request, read: Read, writer: Fails, headers: Headers) -> None:
    """Hand on what is read; what fails after the answer has begun is told inside it."""
    failed = False

    async def careful() -> bytes | None:
        """The next bytes; of a fault the last ones."""
        nonlocal failed
        if failed:
            return None
        try:
            return await read()
        except Exception as error:  # noqa: BLE001 — whatever it is: no other way is left to tell it
            failed = True
            return writer.fail(as_error(error))

    try:
        await request.stream(careful, headers)
    except asyncio.CancelledError:
        if not request.watch.gone:  # the gateway stops, and this stream did not end in time
            error = OverloadedError("the gateway is stopping; ask again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await request.finish(writer.fail(error))
        raise
