"""Cuts a long sound into parts that are files of their own. Runs in a process of its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from genmux.services.audio.orders import Cut, Part, Parts
from genmux.services.audio.reading import opened, samples_of
from genmux.services.audio.silences import FRAME, cuts, levels_of
from genmux.services.audio.writing import write
from genmux.types.audio import AudioFormat

RATE = 16_000
"""Hz at which parts are written: what models for speech hear."""

_STEP = 1_024 * 1_024


def cut(order: Cut) -> Parts:
    """Write the parts. Raises UnheardError."""
    frame = int(FRAME * RATE)
    with tempfile.TemporaryFile(dir=order.folder) as whole:  # hours would not fit into memory
        levels = [np.zeros(0, np.float32)]
        with Path(order.path).open("rb") as file, opened(file, order.kind) as container:
            for samples in _in_frames(samples_of(container, RATE, 1), frame):
                whole.write(samples.tobytes())
                levels.append(levels_of(samples, frame))
        samples_in_all = whole.tell() // 2
        most = max(1, int(order.seconds / FRAME))
        begins = [0, *cuts(np.concatenate(levels), most)]
        parts: list[Part] = []
        for number, (begin, end) in enumerate(zip(begins, [*begins[1:], None], strict=True)):
            first, last = begin * frame, samples_in_all if end is None else end * frame
            path = Path(order.folder) / f"part-{number + 1:04}.{order.encoding}"
            whole.seek(first * 2)
            with path.open("wb") as target:
                form = AudioFormat(encoding=order.encoding, sample_rate=RATE)
                write(_read(whole, (last - first) * 2), form, target)
            parts.append(Part(path=str(path), start=first / RATE, seconds=(last - first) / RATE))
    return Parts(parts=tuple(parts))


def _in_frames(pieces: Iterator[bytes], frame: int) -> Iterator[npt.NDArray[np.int16]]:
    """Samples in whole frames; the last ones in what is left."""
    rest = b""
    for piece in pieces:
        rest += piece
        if len(rest) >= _STEP:
            whole = len(rest) - len(rest) % (frame * 2)
            yield np.frombuffer(rest[:whole], np.int16)
            rest = rest[whole:]
    if rest:
        yield np.frombuffer(rest, np.int16)


def _read(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (data := file.read(min(size, _STEP))):
        size -= len(data)
        yield data
