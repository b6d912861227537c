"""Event loops of our own making: the quicker kind where it is installed."""

import asyncio


def new_loop() -> asyncio.AbstractEventLoop:
    """A new event loop: uvloop's, which the `gateway` extra brings, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
