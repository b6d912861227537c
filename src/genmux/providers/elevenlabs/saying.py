"""ElevenLabs' speech of a text that is being written (`multi-stream-input`): each answer is a context, whose closing completes it.

Its older sister `stream-input` has one answer for a connection. A text must end with a blank, so words go out whole.

Sources: elevenlabs 2.78.0 (address, messages: WebsocketTtsClientMessageMulti, CloseContext), elevenlabs.io/docs/eleven-api/websockets
and cookbooks/multi-context-web-socket (v3 has no sockets; at most five contexts at once; 180 s of silence at most), what users saw of
errors (livekit/agents-js, issue 1985: `message`, `error`, `code`); read 2026-11-28. No session was recorded. Not verified: that v4 has
no sockets either.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from genmux.contract.asked import language_of, with_query
from genmux.contract.error_map import ErrorMap, stream_error
from genmux.contract.model import Model
from genmux.contract.saying import Speaker, says
from genmux.contract.sessions import Frame, lacks
from genmux.contract.sound_formats import formats
from genmux.contract.speaking import decoded
from genmux.types.audio import AudioEncoding
from genmux.types.errors import ProviderError
from genmux.types.realtime import CancelResponse, CloseSession, Command, CreateResponse, SendText, SessionConfig
from genmux.types.realtime_events import RealtimeEvent, SessionFailed, Unknown

NOT_LIVE = ("eleven_v3", "eleven_v4")
SETTINGS = frozenset({"stability", "similarity_boost", "style", "use_speaker_boost", "clone_strength"})
_RATES: dict[AudioEncoding, tuple[int, ...]] = {
    "pcm": (24_000, 16_000, 22_050, 44_100, 8_000),
    "pcmu": (8_000,),
    "pcma": (8_000,),
}
_WRITTEN = {"pcm": "pcm", "pcmu": "ulaw", "pcma": "alaw"}
CAPABILITIES = says(formats(_RATES))
_LONGEST_WORD = 60
_SILENCE = 180


class Letters(msgspec.Struct):
    """The letters of a piece of sound."""

    chars: list[str] = msgspec.field(default_factory=list)


class Message(msgspec.Struct, rename="camel"):
    """A piece of sound, the end of an answer, or an error."""

    audio: str | None = None
    is_final: bool | None = None
    context_id: str | None = None
    alignment: Letters | None = None
    message: str | None = None
    error: Any = None


_MESSAGE = msgspec.json.Decoder(Message)


class SayingCodec(Speaker):
    """One connection."""

    def __init__(
        self, config: SessionConfig, model: Model, voice: str, errors: ErrorMap, numbers: Iterator[int] | None = None
    ) -> None:
        super().__init__(config, CAPABILITIES, numbers)
        self._errors = errors
        self._settings = {name: value for name, value in config.params.items() if name in SETTINGS}
        self._settings |= {"speed": config.speed} if config.speed is not None else {}
        self._held = ""
        query = {
            "output_format": f"{_WRITTEN[self.output.encoding]}_{self.output.sample_rate}",
            "language_code": language_of(config.language) if config.language else None,
            "inactivity_timeout": _SILENCE,
            **{name: value for name, value in config.params.items() if name not in SETTINGS},
            "model_id": model.wire_id,
        }
        self.url = with_query(f"/v1/text-to-speech/{quote(voice, safe='')}/multi-stream-input", query)

    def send(self, command: Command) -> Sequence[Frame]:
        """Text of the answer that is under way, its end, or that it shall stop. Raises MessageError."""
        match command:
            case SendText(text=text, answer=answer):
                return [*self._written(text), *(self._completed() if answer else ())]
            case CreateResponse():
                return [*self._completed()]
            case CancelResponse(response_id=wanted):
                writing, stopped = self.writing, self.stop(wanted)
                if stopped is not None and stopped is writing:
                    self._held = ""
                return [] if stopped is None else [_text({"context_id": stopped.name, "close_context": True})]
            case CloseSession():
                return [_text({"close_socket": True})]
            case _:
                what = type(command).__name__
                raise lacks(f"take {what}", CAPABILITIES, instead="send text")

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        try:
            told = _MESSAGE.decode(frame)
            data = decoded(told.audio or "")
        except (msgspec.MsgspecError, UnicodeDecodeError, ProviderError):
            return (Unknown(name="no message"),)
        if told.error is not None or (told.message is not None and not data):
            fault = {"message": told.message or told.error, "code": told.error}
            return (SessionFailed(error=stream_error(fault, self._errors), recoverable=False),)
        return self._heard(told, data)

    def _heard(self, told: Message, data: bytes) -> Iterator[RealtimeEvent]:
        said = self.under_way.get(told.context_id or "")
        if said is None:
            yield Unknown(name="no answer")
            return
        if data:
            yield from said.sounds(data)
        if told.alignment is not None:
            yield from said.says("".join(told.alignment.chars))
        if told.is_final:
            yield from self.over(said)

    def _written(self, text: str) -> Iterator[Frame]:
        """A blank that begins an answer, with the settings of the voice, and then as many words as are whole."""
        fresh = self.writing is None
        name = self.write(text).name
        if fresh:
            settings = {"voice_settings": self._settings} if self._settings else {}
            yield _text({"text": " ", "context_id": name, **settings})
        self._held += text
        end = max(self._held.rfind(" "), self._held.rfind("\n")) + 1
        end = len(self._held) if len(self._held) - end > _LONGEST_WORD else end
        words, self._held = self._held[:end].strip(), self._held[end:]
        if words:
            yield _text({"text": f"{words} ", "context_id": name})

    def _completed(self) -> Iterator[Frame]:
        """The last word; an answer that is flushed before it is closed is spoken to its end."""
        name, rest = self.complete().name, self._held.strip()
        self._held = ""
        yield _text({"text": f"{rest} " if rest else "", "context_id": name, "flush": True})
        yield _text({"context_id": name, "close_context": True})


def _text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
