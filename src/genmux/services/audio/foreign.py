"""Opens sound that others made, in a process of its own."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from genmux.engine.sandbox import Sandbox, SandboxError
from genmux.services.audio.orders import Answer, Cut, Measure, Measured, Order, Part, Parts, Rewrite, Unheard, Written
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from genmux.services.audio.files import Known

CHILD = "genmux.services.audio.child"

PATIENCE: dict[type[Order], float] = {Measure: 60.0, Rewrite: 600.0, Cut: 1_800.0}
"""Seconds within which each is to be done."""

_read = msgspec.json.Decoder(Answer).decode


class ForeignSound:
    """Asks the process, which starts when it is first needed."""

    def __init__(self) -> None:
        self._sandbox = Sandbox(CHILD)

    async def seconds(self, known: "Known") -> float:
        """How long a sound is. Raises AudioError."""
        async with _as_file(known) as path:
            said = await self._ask(Measure(path=path, kind=known.kind), known.audio.name)
        return said.seconds if isinstance(said, Measured) else 0.0

    async def rewritten(self, data: bytes, kind: str, target: AudioFormat) -> bytes:
        """A sound in another format. Raises AudioError."""
        with tempfile.TemporaryDirectory(prefix="genmux-sound-") as folder:
            source, made = Path(folder) / "source", Path(folder) / "target"
            await asyncio.to_thread(source.write_bytes, data)
            said = await self._ask(Rewrite(path=str(source), kind=kind, target=str(made), format=target), "the sound")
            assert isinstance(said, Written)  # noqa: S101 — the other answer was raised
            return await asyncio.to_thread(made.read_bytes)

    async def parts(self, known: "Known", folder: Path, *, seconds: float, encoding: AudioEncoding) -> Sequence[Part]:
        """A sound in parts of at most so many seconds, as files in a folder. Raises AudioError."""
        async with _as_file(known) as path:
            order = Cut(path=path, kind=known.kind, folder=str(folder), seconds=seconds, encoding=encoding)
            said = await self._ask(order, known.audio.name)
        return said.parts if isinstance(said, Parts) else ()

    def close(self) -> None:
        """End the process."""
        self._sandbox.close()

    async def _ask(self, order: Order, name: str) -> Measured | Written | Parts:
        try:
            said = _read(await self._sandbox.ask(msgspec.json.encode(order), seconds=PATIENCE[type(order)]))
        except SandboxError as error:
            raise AudioError(f"{name} cannot be read: {error.message}", param="audio") from error
        if isinstance(said, Unheard):
            raise AudioError(f"{name} cannot be read: {said.why}", param="audio")
        return said


@asynccontextmanager
async def _as_file(known: "Known") -> "AsyncGenerator[str]":
    """Its path; bytes become a file meanwhile."""
    if known.audio.data is None and known.audio.path is not None:
        yield known.audio.path  # the process has our working directory
        return
    with tempfile.TemporaryDirectory(prefix="genmux-sound-") as folder:
        path = Path(folder) / "source"
        await asyncio.to_thread(path.write_bytes, known.audio.data or b"")
        yield str(path)
