"""Google's Live protocol in front of a scripted peer, written from its documentation and from recorded sessions (2026-11)."""

import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from genmux.contract.sessions import Frame
from genmux.providers.mock.live import GEMINI
from genmux.testing.simulator.voice.realtime_gemini_setup import read_setup
from genmux.testing.simulator.voice.realtime_gemini_told import Telling
from genmux.testing.simulator.voice.realtime_speech import Hangup, Opened
from genmux.types import realtime as rt
from genmux.types import realtime_events as rte
from genmux.types.errors import ErrorKind, ProviderError

BAD, INTERNAL = 1007, 1011
Fields = Mapping[str, Any]

UNTOLD = frozenset(
    {
        "conversation_already_has_active_response",
        "input_audio_buffer_commit_empty",
        "invalid_tool_call_id",
        "invalid_value",
        "item_not_found",
        "response_cancel_not_active",
    }
)
"""Codes with which a peer refuses a command, and of which Google says nothing."""


class GeminiSpeech:
    """One connection. Messages go out as bytes, as Google's do; what it cannot do is told by the code of the end."""

    manner = GEMINI

    def __init__(self) -> None:
        self._config = rt.SessionConfig()
        self._telling = Telling({})

    def open(self, query: Mapping[str, str]) -> Opened | None:
        """The first message tells."""
        del query

    def setup(self, frame: Frame) -> Opened:
        """The first message."""
        told = _read(frame)
        if [*told] != ["setup"] or not isinstance(told["setup"], dict):
            raise Hangup(BAD, f"the first message must be setup, not {', '.join(told) or 'nothing'}")
        opened = read_setup(told["setup"])
        self._config = opened.config
        self._telling = Telling(told["setup"])
        return opened

    def greet(self, session: str) -> Sequence[Frame]:
        """What a session says first comes with its events."""
        del session
        return ()

    def accept(self, frame: Frame) -> Sequence[rt.Command]:
        """What a message wants."""
        told = _read(frame)
        (kind,) = [*told] if len(told) == 1 else [""]
        read = {
            "clientContent": _content,
            "realtimeInput": self._input,
            "toolResponse": _results,
            "contextUpdate": self._update,
        }.get(kind)
        if read is None:
            raise Hangup(BAD, f"a message has exactly one known key at its top, not {', '.join(told) or 'nothing'}")
        try:
            return [*read(told[kind])]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Hangup(BAD, f"{kind} is not understood: {type(error).__name__}: {error}"[:120]) from error

    def write(self, event: rte.RealtimeEvent) -> Sequence[Frame]:
        """An event."""
        if isinstance(event, rte.SessionFailed) and event.error is not None:
            return self.refuse(event.error)
        return [msgspec.json.encode(fields) for fields in self._telling.tell(event)]

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """The end, unless it is something that Google says nothing about."""
        if error.code in UNTOLD:
            return ()
        code = BAD if error.kind in (ErrorKind.INVALID_REQUEST, ErrorKind.UNSUPPORTED) else INTERNAL
        raise Hangup(code, error.message)

    def _input(self, told: Fields) -> Iterator[rt.Command]:
        if (sound := told.get("audio")) is not None:
            yield from self._rated(str(sound.get("mimeType", "")))
            yield rt.AppendAudio(binascii.a2b_base64(sound["data"]))
        if (video := told.get("video")) is not None:
            yield rt.SendImage(binascii.a2b_base64(video["data"]), video["mimeType"])
        if "text" in told:
            yield rt.SendText(told["text"])
        if "activityStart" in told:
            yield rt.StartActivity()
        if "activityEnd" in told or told.get("audioStreamEnd"):
            yield rt.CommitAudio()

    def _rated(self, media_type: str) -> Iterator[rt.Command]:
        """Sound of another rate than before."""
        kind, _, rate = media_type.partition(";rate=")
        if kind != "audio/pcm":
            raise ValueError(f"sound is {media_type!r}; it must be audio/pcm;rate=16000")
        made = msgspec.structs.replace(self._config.input, sample_rate=int(rate or 16_000))
        if made != self._config.input:
            self._config = msgspec.structs.replace(self._config, input=made)
            yield rt.UpdateSession(self._config, ("input",))

    def _update(self, told: Fields) -> Iterator[rt.Command]:
        fresh = read_setup({**told, **told.get("tools", {})}).config
        changes = {"instructions": fresh.instructions} if "systemInstruction" in told else {}
        changes |= {"tools": fresh.tools} if "tools" in told else {}
        self._config = msgspec.structs.replace(self._config, **changes)
        yield rt.UpdateSession(self._config, tuple(changes))


def _content(told: Fields) -> Iterator[rt.Command]:
    complete = bool(told.get("turnComplete"))
    turns = told.get("turns", [])
    for number, turn in enumerate(turns, 1):
        text = "".join(part.get("text", "") for part in turn["parts"])
        role: rt.Role = "assistant" if turn.get("role") == "model" else "user"
        yield rt.SendText(text, role, answer=complete and number == len(turns))
    if complete and not turns:
        yield rt.CreateResponse()


def _results(told: Fields) -> Iterator[rt.Command]:
    for one in told["functionResponses"]:
        response = one["response"]
        output = response["output"] if [*response] == ["output"] else msgspec.json.encode(response).decode()
        yield rt.SendToolResult(one["id"], one["name"], output)


def _read(frame: Frame) -> dict[str, Any]:
    try:
        return msgspec.json.decode(frame, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Hangup(BAD, "Request contains an invalid argument: the message is no JSON object") from error
