import builtins
from typing import Any

import pytest

from genmux.app import App
from genmux.types.audio import AudioFormat
from genmux.types.errors import ConfigurationError


async def test_what_knows_sound_is_made_once_and_ends_with_the_app() -> None:
    pytest.importorskip("soxr")
    pytest.importorskip("av")
    app = App(environ={})
    tools = app.audio_tools()
    assert app.audio_tools() is tools
    wave = await tools.convert(b"\x01\x00" * 100, AudioFormat(), AudioFormat(encoding="wav"))
    assert len(wave) == 244
    await app.aclose()
    assert app.audio_tools() is not tools


async def test_without_its_extra_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("genmux.services.audio"):
            raise ImportError("No module named 'soxr'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r'pip install "genmux\[media\]"'):
        App(environ={}).audio_tools()
