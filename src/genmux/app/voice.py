"""Live sessions, put together for one process; imported when the first one is asked for."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from genmux.flows.voice.cascade.ports import Noticed
from genmux.flows.voice.sessions import Sessions, Usual
from genmux.services.audio.vad import SpeechGate, VadSettings
from genmux.types.realtime import TurnDetection

if TYPE_CHECKING:
    from genmux.app.app import App

USUAL = Usual(chat="local/smollm2", transcribe="local/whisper-tiny", speak="local/hibari")
"""What a session that is made of calls takes where neither it nor `[defaults.models]` says what: all of it runs on this machine."""

_KINDS = {"began": "started", "paused": "paused", "resumed": "resumed", "ended": "stopped"}


class LocalEars:
    """Listens for speech on this machine, and notices when a turn ends, as `turns` wishes."""

    def __init__(self, turns: TurnDetection | None) -> None:
        settings, wished = VadSettings(), turns or TurnDetection()
        self._settings = VadSettings(
            threshold=settings.threshold if wished.threshold is None else wished.threshold,
            release=settings.release if wished.threshold is None else wished.threshold * 0.7,
            silence_ms=settings.silence_ms if wished.silence_ms is None else wished.silence_ms,
            pad_ms=settings.pad_ms if wished.prefix_ms is None else min(wished.prefix_ms, 300),
        )
        from genmux.services.audio.detectors import Ear

        self._ear = Ear()
        self._gate = SpeechGate(self._settings)

    def feed(self, data: bytes) -> Sequence[Noticed]:
        """Hear more."""
        noticed: list[Noticed] = []
        for likelihood in self._ear.feed(data):
            for event in self._gate.feed(likelihood):
                kind = _KINDS.get(event.kind)
                if kind is not None:
                    at = event.start_ms if kind == "started" else event.end_ms or event.at_ms
                    noticed.append(Noticed(kind, int(at)))  # pyright: ignore[reportArgumentType] — of the table
        return noticed

    def reset(self) -> None:
        """Forget what is under way."""
        self._ear.reset()
        self._gate = SpeechGate(self._settings)


def make_sessions(app: "App") -> Sessions:
    """Who makes sessions for an App."""
    usual = app.settings.defaults.models
    return Sessions(
        app.calls,
        app.speaking,
        app.transcribing,
        app.accounts,
        tools=app.audio_tools,
        ears=LocalEars,
        usual=Usual(
            chat=usual.get("chat", USUAL.chat),
            transcribe=usual.get("transcribe", USUAL.transcribe),
            speak=usual.get("text_to_speech", USUAL.speak),
        ),
        new_id=app.new_id,
        clock=time.monotonic,
        sleep=asyncio.sleep,
        random=random.random,
    )
