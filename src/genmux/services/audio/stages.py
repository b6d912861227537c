"""What a transcoder is made of: stages through which sound goes one after the other."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from genmux.services.audio.g711 import Law, decoded, encoded
from genmux.types.errors import AudioError


class Stage(Protocol):
    """Takes bytes and gives others, now or later."""

    def feed(self, data: bytes) -> bytes:
        """The bytes that are ready after more came in."""
        ...

    def close(self) -> bytes:
        """The last bytes."""
        ...


class Chain:
    """Several stages as one. Nothing may be fed after `close`, which may be called again."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = stages
        self._closed = False

    def feed(self, data: bytes) -> bytes:
        """The bytes that are ready after more came in. Raises AudioError."""
        for stage in self._stages:
            data = stage.feed(data)
        return data

    def close(self) -> bytes:
        """The last bytes. Raises AudioError."""
        if self._closed:
            return b""
        self._closed = True
        data = b""
        for stage in self._stages:
            data = (stage.feed(data) if data else b"") + stage.close()
        return data


class Whole:
    """Holds back bytes until samples are whole, and drops what is none at the end."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Whole samples only."""
        if not self._rest and not len(data) % self._width:
            return data
        data = self._rest + data
        whole = len(data) - len(data) % self._width
        self._rest = data[whole:]
        return data[:whole]

    def close(self) -> bytes:
        """Nothing."""
        return b""


class FromLaw:
    """G.711 becomes samples of 16 bits."""

    def __init__(self, law: Law) -> None:
        self._law: Law = law

    def feed(self, data: bytes) -> bytes:
        """Two bytes for each."""
        return decoded(data, self._law).tobytes()

    def close(self) -> bytes:
        """Nothing."""
        return b""


class ToLaw:
    """Samples of 16 bits become G.711."""

    def __init__(self, law: Law) -> None:
        self._law: Law = law

    def feed(self, data: bytes) -> bytes:
        """One byte for two."""
        return encoded(np.frombuffer(data, np.int16), self._law)

    def close(self) -> bytes:
        """Nothing."""
        return b""


class Mix:
    """Channels become one, which is their mean, or one becomes several that are the same. Raises AudioError for others."""

    def __init__(self, source: int, target: int) -> None:
        if source != target and 1 not in (source, target):
            raise AudioError(f"{source} channels cannot be made into {target}; only into 1, or out of 1")
        self._source, self._target = source, target

    def feed(self, data: bytes) -> bytes:
        """As many samples of the other number of channels."""
        samples = np.frombuffer(data, np.int16).reshape(-1, self._source)
        if self._target == 1:
            return samples.mean(axis=1).astype(np.int16).tobytes()
        return np.repeat(samples, self._target, axis=1).tobytes()

    def close(self) -> bytes:
        """Nothing."""
        return b""
