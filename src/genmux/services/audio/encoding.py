"""Writes samples through FFmpeg's codecs: MP3, Opus, FLAC, AAC."""

from typing import Any, BinaryIO, Protocol

import av
import numpy as np

from genmux.services.audio.containers import WRITERS, Writer
from genmux.types.audio import AudioEncoding

_LAYOUTS = {1: "mono", 2: "stereo"}


class _Target(Protocol):
    def write(self, data: bytes, /) -> int: ...


class _Outbox:
    """Takes what is written and cannot go back."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes, /) -> int:
        self._data += data
        return len(data)

    def emptied(self) -> bytes:
        """What came since the last time."""
        data = bytes(self._data)
        self._data.clear()
        return data


class Writing:
    """A file that is being written. It takes whole samples of 16 bits at `rate`, which its codec must know."""

    def __init__(
        self, target: "_Target | BinaryIO", writer: Writer, rate: int, channels: int, *, streamed: bool
    ) -> None:
        self._channels, self._rate = channels, rate
        options = dict(writer.streamed) if streamed else {}
        self._file: Any = av.open(target, "w", format=writer.container, options=options, buffer_size=4_096)
        self._stream: Any = self._file.add_stream(writer.codec, rate=rate, layout=_LAYOUTS[channels])
        self._stream.codec_context.thread_count = 1
        if writer.bit_rate is not None:
            self._stream.bit_rate = writer.bit_rate * channels
        self._file.start_encoding()

    def write(self, data: bytes) -> None:
        """Encode more of it."""
        step = 2 * self._channels * self._rate  # a second: of longer frames, what is left is moved again and again
        for start in range(0, len(data), step):
            samples = np.frombuffer(data[start : start + step], np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=_LAYOUTS[self._channels])
            frame.sample_rate = self._rate
            for packet in self._stream.encode(frame):
                self._file.mux(packet)

    def close(self) -> None:
        """Encode the rest and write the end."""
        for packet in self._stream.encode(None):
            self._file.mux(packet)
        self._file.close()


class EncodingStage:
    """Samples become a file that can be sent while it is written."""

    def __init__(self, encoding: AudioEncoding, rate: int, channels: int) -> None:
        self._outbox = _Outbox()
        self._writing = Writing(self._outbox, WRITERS[encoding], rate, channels, streamed=True)

    def feed(self, data: bytes) -> bytes:
        """What is encoded so far."""
        self._writing.write(data)
        return self._outbox.emptied()

    def close(self) -> bytes:
        """The end of the file."""
        self._writing.close()
        return self._outbox.emptied()
