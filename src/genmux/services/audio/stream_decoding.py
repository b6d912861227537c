"""Decodes a file while it arrives.

FFmpeg asks for bytes when it wants them, and here they come when they come: so it runs in a thread that stands still whenever
it has no bytes, and whoever feeds waits until it stands still. What comes out therefore depends on the bytes alone. Only sound
that a provider made for us is read so; files of others are opened in a process of their own.
"""

import threading
import weakref

from genmux.services.audio.reading import UnheardError, opened, samples_of
from genmux.types.errors import AudioError


class DecodingStage:
    """A file of FFmpeg's format `kind` becomes samples of 16 bits at `rate`. Dropped unclosed, its thread ends too."""

    def __init__(self, kind: str, rate: int, channels: int) -> None:
        self._pipe = _Pipe()
        self._thread = threading.Thread(
            target=_decode, args=(self._pipe, kind, rate, channels), name="genmux-sound", daemon=True
        )
        self._begun = False
        self._gone = weakref.finalize(self, self._pipe.end)

    def feed(self, data: bytes) -> bytes:
        """What can be decoded of what came so far. Raises AudioError."""
        if not data:
            return b""
        if not self._begun:
            self._begun = True
            self._thread.start()
        self._pipe.put(data)
        return self._pipe.taken()

    def close(self) -> bytes:
        """The rest. Raises AudioError."""
        self._pipe.end()
        if self._begun:
            self._thread.join()
        return self._pipe.taken()


class _Pipe:
    """Bytes on their way to the thread, and samples on their way back. At any time one of the two sides works."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._given = bytearray()
        self._made = bytearray()
        self._hungry = self._ended = self._over = False
        self._fault: str | None = None

    # ---- the side of whoever feeds

    def put(self, data: bytes) -> None:
        with self._state:
            self._given += data
            self._hungry = False
            self._state.notify_all()
            while not (self._hungry or self._over):
                self._state.wait()

    def end(self) -> None:
        with self._state:
            self._ended = True
            self._state.notify_all()

    def taken(self) -> bytes:
        with self._state:
            if self._fault is not None:
                raise AudioError(f"the sound cannot be read: {self._fault}")
            data = bytes(self._made)
            self._made.clear()
            return data

    # ---- the side of the thread

    def read(self, size: int) -> bytes:
        """What is there, at most `size` bytes; nothing at the end."""
        with self._state:
            while not self._given and not self._ended:
                self._hungry = True
                self._state.notify_all()
                self._state.wait()
            data = bytes(self._given[:size])
            del self._given[:size]
            return data

    def give(self, samples: bytes) -> None:
        with self._state:
            self._made += samples

    def finish(self, fault: str | None) -> None:
        with self._state:
            self._fault, self._over = fault, True
            self._state.notify_all()


class _File:
    """What FFmpeg sees."""

    def __init__(self, pipe: _Pipe) -> None:
        self.read = pipe.read


def _decode(pipe: _Pipe, kind: str, rate: int, channels: int) -> None:
    fault: str | None = None
    try:
        with opened(_File(pipe), kind, quick=True) as container:
            for samples in samples_of(container, rate, channels):
                pipe.give(samples)
    except UnheardError as error:
        fault = str(error)
    finally:
        pipe.finish(fault)
