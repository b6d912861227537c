"""Flux, Deepgram's live transcription, which finds the ends of turns itself (`/v2/listen`).

Sources: deepgram-sdk 7.17.0 (query, messages, events of turns), developers.deepgram.com/docs/encoding; read 2026-11-27. No session was
recorded.
"""

from collections.abc import Iterable, Iterator

import msgspec

from genmux.contract.asked import with_query
from genmux.contract.error_map import ErrorMap, stream_error
from genmux.contract.listening import Listener, ListeningWire, hears
from genmux.contract.model import Model
from genmux.contract.sessions import Frame
from genmux.contract.sound_formats import formats
from genmux.types.audio import AudioEncoding
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import RealtimeEvent, SessionCreated, SessionFailed, SessionUpdated, Unknown

_RATES: dict[AudioEncoding, tuple[int, ...]] = {
    "pcm": (16_000, 8_000, 24_000, 44_100, 48_000),
    "pcmu": (8_000,),
    "pcma": (8_000,),
}
_ENCODINGS = {"pcm": "linear16", "pcmu": "mulaw", "pcma": "alaw"}
_CAPABILITIES = hears(formats(_RATES, frame_ms=80))


class Message(msgspec.Struct):
    """Any message; what is there depends on `type`, and of turns on `event`."""

    type: str
    event: str = ""
    request_id: str | None = None
    transcript: str = ""
    audio_window_start: float | None = None
    audio_window_end: float | None = None
    code: str | None = None
    description: str | None = None


_MESSAGE = msgspec.json.Decoder(Message)


class FluxCodec(Listener):
    """One connection."""

    def __init__(self, config: SessionConfig, model: Model, errors: ErrorMap) -> None:
        super().__init__(config, _CAPABILITIES, commit={"type": "ForceEndTurn"}, close={"type": "CloseStream"})
        self._errors = errors
        silence = config.turns.silence_ms if config.turns is not None else None
        spoken = config.language or (config.transcription.language if config.transcription is not None else None)
        query = {
            "encoding": _ENCODINGS[self.input.encoding],
            "sample_rate": self.input.sample_rate,
            "eot_timeout_ms": silence,
            "language_hint": spoken if spoken and model.wire_id.endswith("multi") else None,
            **config.params,
            "model": model.wire_id,
        }
        self.url = with_query("/v2/listen", query)

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        try:
            told = _MESSAGE.decode(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return (Unknown(name="no message"),)
        match told.type:
            case "Connected":
                return (SessionCreated(provider_session=told.request_id),)
            case "TurnInfo":
                return self._turn(told)
            case "ConfigureSuccess":
                return (SessionUpdated(),)
            case "Error" | "ConfigureFailure":
                error = stream_error({"code": told.code, "message": told.description or told.code}, self._errors)
                return (SessionFailed(error=error, recoverable=told.type != "Error"),)
            case _:
                return (Unknown(name=told.type),)

    def _turn(self, told: Message) -> Iterator[RealtimeEvent]:
        match told.event:
            case "StartOfTurn":
                yield from self.turns.starts(told.audio_window_start)
                yield from self.turns.says(told.transcript)
            case "Update" | "EagerEndOfTurn" | "TurnResumed":
                yield from self.turns.says(told.transcript, since=told.audio_window_start)
            case "EndOfTurn":
                yield from self.turns.done(told.transcript, until=told.audio_window_end)
            case _:
                yield Unknown(name=f"TurnInfo.{told.event}")


def flux_wire(errors: ErrorMap) -> ListeningWire:
    """Opens sessions that listen; `errors` says what the provider's errors mean."""
    return ListeningWire(_CAPABILITIES, lambda config, model: FluxCodec(config, model, errors))
