"""ElevenLabs' speech of a text that is being written (`stream-input`): one answer for a connection, which its end completes.

Sources: elevenlabs 2.78.0 (address, messages); read 2026-11-27. No session was recorded. Not verified: that errors come as `message`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from genmux.contract.asked import language_of, with_query
from genmux.contract.error_map import ErrorMap, stream_error
from genmux.contract.model import Model
from genmux.contract.saying import Speaker, Utterance, says
from genmux.contract.sessions import Frame, lacks
from genmux.contract.sound_formats import formats
from genmux.contract.speaking import decoded
from genmux.types.audio import AudioEncoding
from genmux.types.errors import ProviderError
from genmux.types.realtime import CloseSession, Command, CreateResponse, SendText, SessionConfig
from genmux.types.realtime_events import RealtimeEvent, SessionFailed, Unknown

_RATES: dict[AudioEncoding, tuple[int, ...]] = {
    "pcm": (24_000, 16_000, 22_050, 44_100, 8_000),
    "pcmu": (8_000,),
    "pcma": (8_000,),
}
_WRITTEN = {"pcm": "pcm", "pcmu": "ulaw", "pcma": "alaw"}
_CAPABILITIES = says(formats(_RATES))


class Letters(msgspec.Struct):
    """The letters of a piece of sound."""

    chars: list[str] = msgspec.field(default_factory=list)


class Message(msgspec.Struct, rename="camel"):
    """A piece of sound, the end, or an error."""

    audio: str | None = None
    is_final: bool | None = None
    alignment: Letters | None = None
    message: str | None = None
    error: Any = None


_MESSAGE = msgspec.json.Decoder(Message)


class SayingCodec(Speaker):
    """One connection."""

    def __init__(self, config: SessionConfig, model: Model, voice: str, errors: ErrorMap) -> None:
        super().__init__(config, _CAPABILITIES)
        self._errors = errors
        self._settings = {"speed": config.speed} if config.speed is not None else {}
        self._said = Utterance("said_1")
        query = {
            "model_id": model.wire_id,
            "output_format": f"{_WRITTEN[self.output.encoding]}_{self.output.sample_rate}",
            "language_code": language_of(config.language) if config.language else None,
            **config.params,
        }
        self.url = with_query(f"/v1/text-to-speech/{quote(voice, safe='')}/stream-input", query)

    def opening(self) -> Sequence[Frame]:
        """A blank, which begins it, with the settings of the voice."""
        return [_text({"text": " ", **({"voice_settings": self._settings} if self._settings else {})})]

    def send(self, command: Command) -> Sequence[Frame]:
        """Text, which ends with a blank, and is spoken at once where it is to be answered. Raises MessageError."""
        match command:
            case SendText(text=text, answer=answer):
                self._said.characters += len(text)
                told: dict[str, Any] = {"text": text if text.endswith(" ") else f"{text} "}
                return [_text(told | ({"flush": True} if answer else {}))]
            case CreateResponse():
                return [_text({"text": " ", "flush": True})]
            case CloseSession():
                return [_text({"text": ""})]
            case _:
                what = type(command).__name__
                raise lacks(f"take {what}", _CAPABILITIES, instead="send text; close the session to hear its end")

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
        if data:
            yield from self._said.sounds(data)
        if told.alignment is not None:
            yield from self._said.says("".join(told.alignment.chars))
        if told.is_final:
            yield from self._said.ends()


def _text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
