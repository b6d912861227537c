"""Event loops of our own making."""

import asyncio
import sys

import pytest
import uvloop

from genmux.engine.loops import new_loop


def test_the_quicker_loop_serves_where_it_is_installed() -> None:
    loop = new_loop()

    assert isinstance(loop, uvloop.Loop)
    loop.close()


def test_without_it_the_usual_loop_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_loop()

    assert isinstance(loop, asyncio.BaseEventLoop)
    loop.close()
