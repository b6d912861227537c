"""Cartesia's speech of a text that is being written (`/tts/websocket`): each answer is a context, which its last text completes.

Sources: cartesia 4.2.0 (address, messages), docs.cartesia.ai: use-the-api/api-errors, use-the-api/tts-websocket/contexts; read
2026-11-28. No session was recorded. Not verified: that an answer that is cancelled ends with `done`, too.
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
CAPABILITIES = says(formats(_RATES))
GENERATION = frozenset({"emotion", "volume"})


class Message(Event, kw_only=True):
    """An event of the socket: those of a stream, of one context each."""

    context_id: str | None = None


_MESSAGE = msgspec.json.Decoder(Message)


class SayingCodec(Speaker):
    """One connection."""

    def __init__(
        self, config: SessionConfig, model: Model, voice: str, errors: ErrorMap, numbers: Iterator[int] | None = None
    ) -> None:
        super().__init__(config, CAPABILITIES, numbers)
        self._errors = errors
        generation = {name: value for name, value in config.params.items() if name in GENERATION}
        generation |= {"speed": config.speed} if config.speed is not None else {}
        self.url = "/tts/websocket"
        encoding, rate = _WRITTEN[self.output.encoding], self.output.sample_rate
        self._always: dict[str, Any] = {
            "voice": {"id": voice},
            "output_format": {"container": "raw", "encoding": encoding, "sample_rate": rate},
            "add_timestamps": True,
            **({"language": language_of(config.language)} if config.language else {}),
            **({"generation_config": generation} if generation else {}),
            **{name: value for name, value in config.params.items() if name not in GENERATION},
            "model_id": model.wire_id,
        }

    def send(self, command: Command) -> Sequence[Frame]:
        """Text of the answer that is under way, its end, or that it shall stop. Raises MessageError."""
        match command:
            case SendText(text=text, answer=answer):
                said = self.write(text)
                return [self._written(said, text, more=not answer)]
            case CreateResponse():
                return [self._written(self.complete(), "", more=False)]
            case CancelResponse(response_id=wanted):
                stopped = self.stop(wanted)
                return [] if stopped is None else [_text({"context_id": stopped.name, "cancel": True})]
            case CloseSession():
                return ()
            case _:
                what = type(command).__name__
                raise lacks(f"take {what}", CAPABILITIES, instead="send text")

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        try:
            told = _MESSAGE.decode(frame)
            data = decoded(told.data or "")
        except (msgspec.MsgspecError, UnicodeDecodeError, ProviderError):
            return (Unknown(name="no message"),)
        said = self.under_way.get(told.context_id or "")
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
            yield from self.over(said)

    def _failed(self, frame: Frame, said: Utterance | None) -> Iterator[RealtimeEvent]:
        """An error of one answer; the connection stays."""
        yield SessionFailed(error=stream_error(msgspec.json.decode(frame), self._errors), recoverable=True)
        if said is not None:
            yield from self.over(said, "failed")

    def _written(self, said: Utterance, text: str, *, more: bool) -> str:
        if said is self.writing and not more:
            self.complete()
        return _text({**self._always, "context_id": said.name, "transcript": text, "continue": more})


def _text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
