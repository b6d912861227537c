"""AssemblyAI's live transcription (`/v3/ws`), which finds the ends of turns itself.

Of a turn that has ended the text comes twice where formatting is asked for: plain, and then as it stays.

Sources: assemblyai 1.8.2 (address, query, messages); read 2026-11-27. No session was recorded. Not verified: that a message may hold
50 to 1,000 ms of sound, that a session lasts three hours at most, and the codes of the ends of connections.
"""

import datetime
from collections.abc import Iterable, Iterator

import msgspec

from genmux.contract.asked import with_query
from genmux.contract.error_map import ErrorMap, stream_error
from genmux.contract.goodbyes import LASTING_CODES
from genmux.contract.listening import Listener, ListeningWire, hears
from genmux.contract.model import Model
from genmux.contract.sessions import Frame
from genmux.contract.sound_formats import formats
from genmux.types.audio import AudioEncoding
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import RealtimeEvent, SessionCreated, SessionFailed, Unknown

LIVE = "https://streaming.assemblyai.com"
WHOLE = "https://api.assemblyai.com"
LEAST_MS = 50
_RATES: dict[AudioEncoding, tuple[int, ...]] = {"pcm": (16_000, 8_000, 24_000, 44_100, 48_000), "pcmu": (8_000,)}
_ENCODINGS = {"pcm": "pcm_s16le", "pcmu": "pcm_mulaw"}
_CAPABILITIES = hears(formats(_RATES, frame_ms=LEAST_MS), longest=10_800)


class Spoken(msgspec.Struct):
    """A word; times are in milliseconds."""

    start: float = 0.0
    end: float = 0.0


class Message(msgspec.Struct):
    """Any message; what is there depends on `type`."""

    type: str
    id: str | None = None
    expires_at: datetime.datetime | float | None = None
    transcript: str = ""
    end_of_turn: bool = False
    turn_is_formatted: bool = False
    words: list[Spoken] = msgspec.field(default_factory=list)
    timestamp: float | None = None
    audio_duration_seconds: float | None = None
    error_code: int | None = None
    error: str | None = None


_MESSAGE = msgspec.json.Decoder(Message)


class LiveCodec(Listener):
    """One connection."""

    lasting = LASTING_CODES | {3005, 3006, 3007}

    def __init__(self, config: SessionConfig, model: Model, errors: ErrorMap) -> None:
        commit, close = {"type": "ForceEndpoint"}, {"type": "Terminate"}
        super().__init__(config, _CAPABILITIES, commit=commit, close=close, least_ms=LEAST_MS)
        self._errors = errors
        self._formats = bool(config.params.get("format_turns", True))
        silence = config.turns.silence_ms if config.turns is not None else None
        prompt = config.transcription.prompt if config.transcription is not None else None
        query = {
            "encoding": _ENCODINGS[self.input.encoding],
            "sample_rate": self.input.sample_rate,
            "format_turns": True,
            "min_turn_silence": silence,
            "prompt": prompt,
            **config.params,
            "speech_model": model.wire_id.removesuffix("-streaming"),
        }
        host = LIVE if model.base_url in {"", WHOLE} else ""
        self.url = host + with_query("/v3/ws", query)

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        try:
            told = _MESSAGE.decode(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return (Unknown(name="no message"),)
        match told.type:
            case "Begin":
                return (SessionCreated(provider_session=told.id, expires_at=_moment(told.expires_at)),)
            case "SpeechStarted":
                return self.turns.starts(None if told.timestamp is None else told.timestamp / 1_000)
            case "Turn":
                return self._turn(told)
            case "Termination" if told.audio_duration_seconds is not None:
                return self.turns.used(told.audio_duration_seconds)
            case "Error":
                error = stream_error({"message": told.error, "code": told.error_code}, self._errors)
                return (SessionFailed(error=error, recoverable=False),)
            case _:
                return (Unknown(name=told.type),)

    def _turn(self, told: Message) -> Iterator[RealtimeEvent]:
        since = told.words[0].start / 1_000 if told.words else None
        until = told.words[-1].end / 1_000 if told.words else None
        if not told.end_of_turn:
            yield from self.turns.says(told.transcript, since=since)
        elif told.turn_is_formatted or not self._formats:
            yield from self.turns.done(told.transcript, until=until)
        else:
            yield from self.turns.says(told.transcript, since=since)
            yield from self.turns.stops(until)


def live_wire(errors: ErrorMap) -> ListeningWire:
    """Opens sessions that listen; `errors` says what the provider's errors mean."""
    return ListeningWire(_CAPABILITIES, lambda config, model: LiveCodec(config, model, errors))


def _moment(told: datetime.datetime | float | None) -> float | None:
    return told.timestamp() if isinstance(told, datetime.datetime) else told
