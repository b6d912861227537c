"""An answer that is begun at a pause, before it is certain that the turn is over. Nothing of it is told until it is."""

import asyncio
from collections.abc import Callable

from genmux.flows.voice.cascade.memory import Memory
from genmux.flows.voice.cascade.replying import Reply
from genmux.types.chat import ChatRequest
from genmux.types.content import Image
from genmux.types.realtime_events import RealtimeEvent
from genmux.types.transcription import Transcript

Tell = Callable[[RealtimeEvent], None]


class Draft:
    """Answers what `heard` will be, on a memory of its own; its events wait until it is published.

    `reply_in` makes an answer that writes into a memory and tells its events; `request_of` is what the model is asked then.
    `ended` hears when nothing more is done for it.
    """

    def __init__(  # noqa: PLR0913 — each is one fact of it
        self,
        item: str,
        heard: "asyncio.Task[Transcript]",
        known: Memory,
        *,
        images: tuple[Image, ...],
        reply_in: Callable[[Memory, Tell], Reply],
        request_of: Callable[[Memory], ChatRequest],
        tell: Tell,
        after: "asyncio.Task[None] | None",
        ended: Callable[["Draft"], object] = lambda _: None,
    ) -> None:
        self._item = item
        self._images = images
        self.memory = known.copy()
        self.reply = reply_in(self.memory, self._keep)
        self._known, self._changes = known, known.changes
        self._heard = heard
        self._request_of = request_of
        self._tell = tell
        self._kept: list[RealtimeEvent] | None = []
        self._task = asyncio.create_task(self._write(after), name="genmux-cascade-drafts")
        self._task.add_done_callback(lambda _: ended(self))

    def answers(self, item: str, images: tuple[Image, ...], transcript: Transcript, known: Memory) -> bool:
        """Whether it answers just this, and nothing has been said or changed since it was begun."""
        return (
            (item, images) == (self._item, self._images)
            and self._heard.done()
            and not self._heard.cancelled()
            and self._heard.exception() is None
            and self._heard.result() is transcript
            and known is self._known
            and known.changes == self._changes
        )

    async def publish(self) -> None:
        """It is the answer: tell what was kept, and the rest as it comes. Raises ProviderError."""
        kept, self._kept = self._kept or [], None
        for event in kept:
            self._tell(event)
        await self._task

    def drop(self) -> None:
        """It is not wanted."""
        self._task.cancel()
        self._task.add_done_callback(_ignore)

    async def end(self) -> None:
        """It is not wanted; returns when it has ended."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _write(self, after: "asyncio.Task[None] | None") -> None:
        if after is not None:
            await asyncio.wait([after])
        told = await asyncio.shield(self._heard)
        text = told.text.strip()
        if any(one.isalnum() for one in text):
            self.memory.write(self._item, "user", text, self._images)
            await self.reply.run(self._request_of(self.memory))

    def _keep(self, event: RealtimeEvent) -> None:
        if self._kept is None:
            self._tell(event)
        else:
            self._kept.append(event)


def _ignore(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        task.exception()
