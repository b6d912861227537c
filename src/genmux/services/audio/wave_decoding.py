"""Reads a WAV file while it arrives, whatever lengths its head claims."""

import struct
from collections.abc import Callable

from genmux.services.audio.stages import Chain
from genmux.services.audio.waves import UNTOLD
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.errors import AudioError

_ENCODINGS: dict[tuple[int, int], AudioEncoding] = {(1, 16): "pcm", (6, 8): "pcma", (7, 8): "pcmu", (0xFFFE, 16): "pcm"}
"""By format tag and bits of a sample (RFC 2361; 0xFFFE is WAVE_FORMAT_EXTENSIBLE)."""

_LONGEST_HEAD = 65_536


class WaveDecodingStage:
    """What comes after the head goes on in a chain that is made for the rate and the channels in it."""

    def __init__(self, chain_for: Callable[[AudioFormat], Chain]) -> None:
        self._chain_for = chain_for
        self._chain: Chain | None = None
        self._head = b""
        self._left: int | None = None

    def feed(self, data: bytes) -> bytes:
        """The samples that are ready. Raises AudioError for what is no WAV file of such samples."""
        if self._chain is None:
            data = self._begin(data)
            if self._chain is None:
                return b""
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return self._chain.feed(data)

    def close(self) -> bytes:
        """The last samples. Raises AudioError where not even a head came."""
        if self._chain is not None:
            return self._chain.close()
        if self._head:
            raise AudioError(f"the sound cannot be read: its WAV head ends after {len(self._head)} bytes")
        return b""

    def _begin(self, data: bytes) -> bytes:
        """Read the head as far as it is there; what comes after it."""
        head = self._head = self._head + data
        if head[:4] != b"RIFF"[: len(head)] or head[8:12] != b"WAVE"[: max(0, len(head) - 8)]:
            raise AudioError(f"the sound cannot be read: it is no WAV file, it begins with {head[:12]!r}")
        place, form = 12, None
        while len(head) >= place + 8:
            name, size = struct.unpack_from("<4sI", head, place)
            place += 8
            if name == b"data" and form is not None:
                self._left = None if size in (0, UNTOLD) else size
                self._chain = self._chain_for(form)
                return head[place:]
            if name == b"fmt " and len(head) >= place + 16:
                form = _format(head, place)
            place += size + size % 2
        if len(head) > _LONGEST_HEAD:
            raise AudioError("the sound cannot be read: its WAV head does not end")
        return b""


def _format(head: bytes, place: int) -> AudioFormat:
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, place)
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None:
        raise AudioError(f"WAV of format {tag} with {bits} bits cannot be read while it arrives; 16 bits and G.711 can")
    return AudioFormat(encoding=encoding, sample_rate=rate, channels=channels)
