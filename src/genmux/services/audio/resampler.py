"""Sound at another rate, piece by piece, through soxr."""

from typing import Any

import numpy as np
import soxr


class Resampler:
    """Brings samples of 16 bits from one rate to another; what comes out does not depend on where the input was cut.

    Bytes that are no whole sample of all channels wait for the rest of it. It holds back a few milliseconds, which `flush`
    gives; after that it can be fed anew. With `live` these are half as many (20 at most between 16,000 and 24,000 a second),
    and the highest tones are weaker.
    """

    def __init__(self, source_rate: int, target_rate: int, *, channels: int = 1, live: bool = False) -> None:
        self._rates = (source_rate, target_rate)
        self._quality = "LQ" if live else "HQ"
        self._channels = channels
        self._width = 2 * channels
        self._rest = b""
        self._stream = self._fresh()

    def feed(self, data: bytes) -> bytes:
        """The bytes that are ready after more came in."""
        data = self._rest + data
        whole = len(data) - len(data) % self._width
        self._rest = data[whole:]
        return data[:whole] if self._stream is None else self._turned(data[:whole], last=False)

    def flush(self) -> bytes:
        """The last bytes; an incomplete sample is dropped."""
        self._rest = b""
        if self._stream is None:
            return b""
        last = self._turned(b"", last=True)
        self._stream = self._fresh()
        return last

    def _fresh(self) -> Any:
        source, target = self._rates
        if source == target:
            return None
        return soxr.ResampleStream(source, target, self._channels, dtype="float32", quality=self._quality)

    def _turned(self, data: bytes, *, last: bool) -> bytes:
        if not data and not last:
            return b""
        samples = np.frombuffer(data, "<i2").astype(np.float32)  # soxr itself would add noise of its own to 16 bits
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels)
        made = self._stream.resample_chunk(samples, last=last)
        return np.clip(np.rint(made), -32_768, 32_767).astype("<i2").tobytes()
