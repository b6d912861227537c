"""Frames of sound that go on as they are, where both sides speak this dialect: their base64 is not read.

Only frames that are written plainly are taken for such: a known head, base64, and the end. All others are read in full.
"""

import re

from genmux.types.realtime_events import PassedAudio

_ID = r'"event_id": ?"[\w.-]{1,128}", ?'
_APPEND = re.compile(rf'\{{(?:{_ID})?"type": ?"input_audio_buffer\.append", ?(?:{_ID})?"audio": ?"')
_DELTA = re.compile(
    rf'\{{"type": ?"response\.(?:output_)?audio\.delta", ?(?:{_ID})?'
    r'"response_id": ?"([\w.-]+)", ?"item_id": ?"([\w.-]+)", ?"output_index": ?\d+, ?"content_index": ?(\d+), ?'
    rf'(?:{_ID})?"delta": ?"'
)
_END = '"}'


def append_size(frame: str) -> int | None:
    """Bytes of sound in a caller's frame that can go on as it is; None for any other."""
    head = _APPEND.match(frame)
    return None if head is None else _size(frame, head.end())


def passed_delta(frame: str) -> PassedAudio | None:
    """A provider's frame of sound that can go on as it is; None for any other."""
    head = _DELTA.match(frame)
    if head is None or (size := _size(frame, head.end())) is None:
        return None
    response_id, item_id, index = head.groups()
    return PassedAudio(response_id=response_id, item_id=item_id, content_index=int(index), frame=frame, size=size)


def _size(frame: str, start: int) -> int | None:
    """How many bytes the base64 stands for that goes from here to the end of the frame; None where it does not."""
    end = len(frame) - len(_END)
    if frame.find('"', start) != end or not frame.endswith(_END) or (end - start) % 4 or end == start:
        return None
    return (end - start) // 4 * 3 - (2 if frame[end - 2] == "=" else 1 if frame[end - 1] == "=" else 0)
