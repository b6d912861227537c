"""Cartesia's speech of a text that is being written (`/tts/websocket`): each answer is a context, which its last text completes.

Sources: cartesia 4.2.0 (address, messages), docs.cartesia.ai/use-the-api/api-errors; read 2026-11-27. No session was recorded.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from genmux.contract.asked import language_of
from genmux.contract.error_map import ErrorMap, stream_error
from genmux.contract.model import Model
from genmux.contract.saying import Speaker, Utterance, says
from genmux.contract.sessions import Frame, lacks
from genmux.contract.sound_formats import formats
from genmux.contract.speaking import decoded
from genmux.providers.cartesia.events import Event
from genmux.types.audio import AudioEncoding
from genmux.types.errors import ProviderError
from genmux.types.realtime import CancelResponse, CloseSession, Command, CreateResponse, SendText, SessionConfig
from genmux.types.realtime_events import RealtimeEvent, SessionFailed, Unknown

_RATES: dict[AudioEncoding, tuple[int, ...]] = {
    "pcm": (24_000, 16_000, 8_000, 22_050, 44_100, 48_000),
    "pcmu": (8_000,),
    "pcma": (8_000,),
}
_WRITTEN = {"pcm": "pcm_s16le", "pcmu": "pcm_mulaw", "pcma": "pcm_alaw"}
_CAPABILITIES = says(formats(_RATES), cancels=True)


class Message(Event, kw_only=True):
    """An event of the socket: those of a stream, of one context each."""

    context_id: str | None = None


_MESSAGE = msgspec.json.Decoder(Message)


class SayingCodec(Speaker):
    """One connection."""

    def __init__(self, config: SessionConfig, model: Model, voice: str, errors: ErrorMap) -> None:
        super().__init__(config, _CAPABILITIES)
        self._errors = errors
        self.url = "/tts/websocket"
        encoding, rate = _WRITTEN[self.output.encoding], self.output.sample_rate
        self._always: dict[str, Any] = {
            "model_id": model.wire_id,
            "voice": {"id": voice},
            "output_format": {"container": "raw", "encoding": encoding, "sample_rate": rate},
            "add_timestamps": True,
            **({"language": language_of(config.language)} if config.language else {}),
            **({"generation_config": {"speed": config.speed}} if config.speed is not None else {}),
            **config.params,
        }
        self._number = 1
        self._said: dict[str, Utterance] = {}

    def send(self, command: Command) -> Sequence[Frame]:
        """Text of the answer that is under way, its end, or that it shall stop. Raises MessageError."""
        match command:
            case SendText(text=text, answer=answer):
                return [self._written(text, more=not answer)]
            case CreateResponse():
                return [self._written("", more=False)]
            case CancelResponse(response_id=wanted):
                name = wanted or next(reversed(self._said), None)
                return [_text({"context_id": name, "cancel": True})] if name in self._said else []
            case CloseSession():
                return ()
            case _:
                what = type(command).__name__
                raise lacks(f"take {what}", _CAPABILITIES, instead="send text")

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        try:
            told = _MESSAGE.decode(frame)
            data = decoded(told.data or "")
        except (msgspec.MsgspecError, UnicodeDecodeError, ProviderError):
            return (Unknown(name="no message"),)
        said = self._said.get(told.context_id or "")
        if told.type == "error":
            return self._failed(frame, said)
        if said is None or told.type not in {"chunk", "timestamps", "done"}:
            return (Unknown(name=told.type),)
        return self._heard(told, said, data)

    def _heard(self, told: Message, said: Utterance, data: bytes) -> Iterator[RealtimeEvent]:
        if told.type == "chunk":
            yield from said.sounds(data)
        elif told.word_timestamps is not None:
            yield from said.says(" ".join(told.word_timestamps.words) + " ")
        elif told.type == "done":
            del self._said[said.name]
            yield from said.ends()

    def _failed(self, frame: Frame, said: Utterance | None) -> Iterator[RealtimeEvent]:
        """An error of one answer; the connection stays."""
        yield SessionFailed(error=stream_error(msgspec.json.decode(frame), self._errors), recoverable=True)
        if said is not None:
            del self._said[said.name]
            yield from said.ends("failed")

    def _written(self, text: str, *, more: bool) -> str:
        name = f"said_{self._number}"
        said = self._said.setdefault(name, Utterance(name))
        said.characters += len(text)
        if not more:
            self._number += 1
        return _text({"context_id": name, "transcript": text, "continue": more, **self._always})


def _text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
