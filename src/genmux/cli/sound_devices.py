"""The microphone and the speaker of this machine, through `sounddevice`, which need not be installed."""

import importlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from genmux.types.audio import AudioFormat
from genmux.types.errors import ConfigurationError

Played = Callable[[float, str | None], object]
"""Is told, in a thread of the sound system, of milliseconds that were played, and of what."""


def devices() -> Any:
    """The library. Raises ConfigurationError where it, or the sound system that it stands on, is not there."""
    try:
        return importlib.import_module("sounddevice")
    except (ImportError, OSError) as error:  # OSError: there is no PortAudio
        message = (
            f"playing and recording need the package sounddevice: pip install sounddevice ({error});"
            " without it, `genmux talk` takes `--in question.wav --out answer.wav`, and `genmux say` takes `--out`"
        )
        raise ConfigurationError(message) from error


def opened(kind: str, made: AudioFormat, callback: Callable[..., None]) -> Any:
    """A stream of a device that has begun. Raises ConfigurationError where there is no such device."""
    library = devices()
    try:
        stream: Any = getattr(library, kind)(
            samplerate=made.sample_rate,
            channels=made.channels,
            dtype="int16",
            blocksize=made.sample_rate * made.frame_ms // 1_000,
            callback=callback,
        )
        stream.start()
    except library.PortAudioError as error:
        what = "microphone" if kind == "RawInputStream" else "speaker"
        raise ConfigurationError(f"there is no {what} that can be used: {error}") from error
    return stream


class Speaker:
    """Plays samples in the order in which they come, and says what was played."""

    def __init__(self, made: AudioFormat, played: Played | None = None) -> None:
        self._made = made
        self._played = played
        self._lock = threading.Lock()
        self._held = False
        self._waiting: deque[tuple[str | None, memoryview]] = deque()
        self._silent = threading.Event()
        self._silent.set()
        self._stream = opened("RawOutputStream", made, self._fill)

    def play(self, data: bytes, item: str | None = None) -> None:
        """More to play; `item` is what it is of."""
        with self._lock:
            self._waiting.append((item, memoryview(data)))
            self._silent.clear()

    def hold(self, *, held: bool) -> None:
        """Be silent at once, and go on later where it stopped."""
        with self._lock:
            self._held = held

    def clear(self) -> None:
        """Be silent at once."""
        with self._lock:
            self._held = False
            self._waiting.clear()
            self._silent.set()

    def wait(self) -> None:
        """Until all is played."""
        self._silent.wait()
        self._stream.stop()  # plays what the device still holds

    def close(self) -> None:
        """Let go of the device."""
        self._stream.close()

    def _fill(self, wanted: Any, frames: int, time: Any, status: Any) -> None:
        """The device wants more."""
        del frames, time, status
        told: list[tuple[float, str | None]] = []
        room, at = len(wanted), 0
        with self._lock:
            while self._waiting and not self._held and at < room:
                item, data = self._waiting.popleft()
                piece = data[: room - at]
                wanted[at : at + len(piece)] = piece
                at += len(piece)
                told.append((self._made.ms(len(piece)), item))
                if len(piece) < len(data):
                    self._waiting.appendleft((item, data[len(piece) :]))
            if not self._waiting:
                self._silent.set()
        wanted[at:room] = bytes(room - at)
        if self._played is not None:
            for ms, item in told:
                self._played(ms, item)


class Microphone:
    """Records samples; `heard` is called with them in a thread of the sound system."""

    def __init__(self, made: AudioFormat, heard: Callable[[bytes], object]) -> None:
        def take(data: Any, frames: int, time: Any, status: Any) -> None:
            """The device has some."""
            del frames, time, status
            heard(bytes(data))

        self._stream = opened("RawInputStream", made, take)

    def close(self) -> None:
        """Let go of the device."""
        self._stream.close()
