"""The other side of `genmux.engine.sandbox`: a program that lets one module answer questions.

What native code prints goes nowhere; only answers go to what was its standard output.
"""

import contextlib
import importlib
import os
import select
import signal
import sys
from typing import IO

LENGTH = 8
SPAN = 4


def main(module: str, memory: str, idle: str) -> None:
    """Answer until nothing is asked for a while, or nobody is there any more."""
    questions, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nowhere, number)
    _limit(int(memory))
    answer = importlib.import_module(module).answer
    while _comes(questions, float(idle)) and (head := _exactly(questions, LENGTH + SPAN)):
        question = _exactly(questions, int.from_bytes(head[:LENGTH], "big"))
        _alarm(int.from_bytes(head[LENGTH:], "big"))
        said: bytes = answer(question)
        _alarm(0)
        answers.write(len(said).to_bytes(LENGTH, "big") + said)
        answers.flush()


def _limit(memory: int) -> None:
    """Hold this process to what it may have; some systems have no such limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)


def _alarm(seconds: int) -> None:
    """End this process after so many seconds, also when its parent cannot do that any more; 0 for not."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _comes(pipe: IO[bytes], idle: float) -> bool:
    """Wait for a question; false when none comes."""
    if sys.platform == "win32":
        return True
    return bool(select.select([pipe], [], [], idle)[0])


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    """So many bytes; nothing when the other side is gone."""
    pieces: list[bytes] = []
    while count and (piece := pipe.read(count)):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces) if not count else b""
