"""Keeps a session, where that is wanted: what the user said and what the model said as sound, all of it in writing."""

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from genmux.types.audio import AudioFormat
from genmux.types.errors import ConfigurationError
from genmux.types.realtime_events import (
    AudioChunk,
    InputTranscriptDone,
    Interrupted,
    ItemAdded,
    OutputTranscriptDone,
    RealtimeEvent,
    ResponseDone,
    TextDone,
    ToolCalled,
)

TRANSCRIPT = "transcript.jsonl"

FLUSH = 512 * 1024
"""Bytes of sound that wait in memory before they are written."""


class FolderRecorder:
    """Writes `user.wav`, `model.wav` and `transcript.jsonl` into a folder. Silence is filled in, so that both run alike in time."""

    def __init__(self, folder: Path, made: AudioFormat, heard: AudioFormat, clock: Callable[[], float]) -> None:
        if made.encoding != "pcm" or heard.encoding != "pcm":
            raise ConfigurationError("only sessions that speak pcm can be recorded; set `input` and `output` to pcm")
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / TRANSCRIPT).exists():
            message = f"there is a recording in {folder} already; name another folder, or take that one away"
            raise ConfigurationError(message, param="record")
        begun = clock()
        self._user = _Track(folder / "user.wav", made, begun)
        self._model = _Track(folder / "model.wav", heard, begun)
        self._text = (folder / TRANSCRIPT).open(
            "w", encoding="utf-8", buffering=1
        )  # a line is there as soon as it is said
        self._begun = begun
        self._writing: asyncio.Task[None] | None = None

    def said(self, data: bytes, at: float) -> None:
        """Sound that went in."""
        self._user.add(data, at)
        self._flush()

    def hear(self, event: RealtimeEvent) -> None:
        """Whatever came."""
        match event:
            case AudioChunk(data=data):
                self._model.add(data, event.time)
                self._flush()
            case Interrupted():
                self._model.cut(event.time)
                self._note(event, "interrupted", heard_ms=event.heard_ms)
            case InputTranscriptDone(text=text):
                self._note(event, "user", text=text, error=event.error)
            case OutputTranscriptDone(text=text) | TextDone(text=text):
                self._note(event, "assistant", text=text)
            case ItemAdded(role=role, text=str(text)):
                self._note(event, role or "user", text=text)
            case ToolCalled():
                self._note(event, "tool_call", name=event.name, arguments=event.arguments)
            case ResponseDone():
                cost = None if event.cost is None else str(event.cost.amount)
                self._note(event, "response", status=event.status, cost=cost)
            case _:
                pass

    async def aclose(self) -> None:
        """Write it down. May be called again."""
        if self._writing is not None:
            await self._writing
        await asyncio.to_thread(self._end)

    def _note(self, event: RealtimeEvent, who: str, **what: Any) -> None:
        told = {name: value for name, value in what.items() if value is not None}
        line = {"at": round(event.time - self._begun, 3), "who": who, "item": event.item_id, **told}
        self._text.write(msgspec.json.encode(line).decode() + "\n")

    def _flush(self) -> None:
        waiting = self._user.waiting + self._model.waiting
        if waiting >= FLUSH and (self._writing is None or self._writing.done()):
            pieces = [(one, one.take()) for one in (self._user, self._model)]
            self._writing = asyncio.create_task(asyncio.to_thread(_write, pieces))

    def _end(self) -> None:
        _write([(one, one.take()) for one in (self._user, self._model)])
        self._user.close()
        self._model.close()
        self._text.close()


class _Track:
    """One side of the conversation."""

    def __init__(self, path: Path, made: AudioFormat, begun: float) -> None:
        self._made = made
        self._begun = begun
        self._file = wave.open(str(path), "wb")  # noqa: SIM115 — closed with the recording
        self._file.setnchannels(made.channels)
        self._file.setsampwidth(2)
        self._file.setframerate(made.sample_rate)
        self._waiting = bytearray()
        self._length = 0
        self._closed = False

    @property
    def waiting(self) -> int:
        """Bytes that are not written yet."""
        return len(self._waiting)

    def add(self, data: bytes, at: float) -> None:
        """Sound at a time; what comes faster than it is spoken follows without a gap."""
        place = self._made.size(max(0.0, at - self._begun) * 1_000)
        if place > self._length:
            self._waiting += bytes(place - self._length)
            self._length = place
        self._waiting += data
        self._length += len(data)

    def cut(self, at: float) -> None:
        """What was to be heard after a time is not heard, as far as it is not written yet."""
        place = self._made.size(max(0.0, at - self._begun) * 1_000)
        surplus = min(self._length - place, len(self._waiting))
        if surplus > 0:
            del self._waiting[-surplus:]
            self._length -= surplus

    def take(self) -> bytes:
        """What waits."""
        waiting, self._waiting = bytes(self._waiting), bytearray()
        return waiting

    def write(self, data: bytes) -> None:
        """Put it into the file."""
        if data and not self._closed:
            self._file.writeframesraw(data)

    def close(self) -> None:
        """End the file."""
        if not self._closed:
            self._closed = True
            self._file.close()


def _write(pieces: "list[tuple[_Track, bytes]]") -> None:
    for track, data in pieces:
        track.write(data)
