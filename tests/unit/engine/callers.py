"""Who asks embedded engines in tests, and who waits for processes."""

import asyncio
from collections.abc import Callable
from typing import Any

import psutil

from genmux.contract.local import LocalEngine
from genmux.engine.child import LocalHost
from genmux.engine.child_queue import LocalEvent
from genmux.engine.permit import Permit
from genmux.types.embed import EmbedRequest
from genmux.types.join import join
from genmux.types.parts import Part
from tests.unit.engine.fake_engines import MODEL, Fake, Inline, chat, provider_of

FAKE, INLINE = Fake(), Inline()
EMBED = EmbedRequest(model="fake/tiny", inputs=("a", "bcd"))


class Caller:
    """Asks a host, and remembers what it told."""

    def __init__(self, **settings: Any) -> None:
        self.events: list[LocalEvent] = []
        self.host = LocalHost(tell=self.events.append, **settings)

    def run(self, request: Any, engine: LocalEngine = FAKE, **options: str) -> Any:
        return self.host.run(provider_of(engine), engine, MODEL, request, options=options, permit=Permit())

    async def parts(self, prompt: str, engine: LocalEngine = FAKE, **options: str) -> list[Part]:
        return [part async for part in self.run(chat(prompt), engine, **options)]

    async def text(self, prompt: str, engine: LocalEngine = FAKE, **options: str) -> str:
        return join(await self.parts(prompt, engine, **options)).text

    def told(self) -> list[str]:
        return [event.type.removeprefix("engine.") for event in self.events]


async def until(true: Callable[[], object]) -> None:
    """Wait for something that has no event of its own, such as the end of a process that is not ours."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 — there is no event
            await asyncio.sleep(0.01)


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
