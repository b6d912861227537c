"""Looks at foreign files, in a process of its own: what one of them does to it, it does to nothing else."""

from pathlib import Path

import msgspec

from genmux.engine.sandbox import Sandbox, SandboxError
from genmux.services.assets.media.orders import Answer, Convert, Converted, Look, Seen, Unable
from genmux.types.assets_stored import Facts
from genmux.types.errors import InvalidRequestError, MalformedReplyError

CHILD = "genmux.services.assets.media.child"

LOOKS = 30.0
"""Seconds that a look at a file may take."""

CONVERTS = 120.0
"""Seconds that a conversion may take."""

_read = msgspec.json.Decoder(Answer).decode


class Looker:
    """Says what files are, makes thumbnails of them, and converts them. `side` is that of a thumbnail, in pixels."""

    def __init__(self, *, thumbnails: bool = True, side: int = 512, processes: int = 1, seconds: float = LOOKS) -> None:
        self._sandbox = Sandbox(CHILD, processes=processes)
        self._thumbnails = thumbnails
        self._side = side
        self._seconds = seconds

    async def look(self, path: Path, media_type: str, poster: Path | None) -> Seen:
        """What a file of this type is; its thumbnail is at `poster`, when there is one. What breaks the process is broken."""
        wanted = str(poster) if poster is not None and self._thumbnails else None
        order = Look(path=str(path), media_type=media_type, poster=wanted, side=self._side)
        try:
            answer = _read(await self._sandbox.ask(msgspec.json.encode(order), seconds=self._seconds))
        except SandboxError as error:
            broken = None if error.slow else f"it cannot be opened: {error.message}"  # else the machine was busy
            return Seen(facts=Facts(media_type=media_type, broken=broken))
        if not isinstance(answer, Seen):
            raise MalformedReplyError("the process that looks at files answered something else")
        return answer

    async def convert(self, order: Convert) -> Facts:
        """Write a file in another format or size. Raises InvalidRequestError when that cannot be done."""
        try:
            answer = _read(await self._sandbox.ask(msgspec.json.encode(order), seconds=CONVERTS))
        except SandboxError as error:
            answer = Unable(why=error.message)
        if isinstance(answer, Converted):
            return answer.facts
        why = answer.why if isinstance(answer, Unable) else "nobody knows why"
        message = f"a file of the type {order.source_type} cannot be made {order.media_type}: {why}"
        raise InvalidRequestError(message)

    def close(self) -> None:
        """End the process; blocks for a moment."""
        self._sandbox.close()
