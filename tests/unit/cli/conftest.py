"""The command line called in this process, with what it printed and how it ended."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from genmux.cli import commands


class Ended(msgspec.Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str
    data: bytes = b""
    """Standard output, where it is no text."""


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Call `genmux` with these arguments; `typed` is what comes in, `terminal` whether people sit at it."""
    monkeypatch.chdir(tmp_path)  # nobody's genmux.toml
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")

    def call(*arguments: str, typed: str | bytes = "", terminal: bool = False) -> Ended:
        kind = Terminal if terminal else io.TextIOWrapper
        given = typed.encode() if isinstance(typed, str) else typed
        out, err = (kind(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", kind(io.BytesIO(given), "utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = 0
            try:
                commands.run(arguments)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(bool(end.code))
        texts = [stream.buffer.getvalue().decode(errors="replace") for stream in (out, err)]  # type: ignore[attr-defined]
        return Ended(code, *texts, out.buffer.getvalue())  # type: ignore[attr-defined]

    return call
