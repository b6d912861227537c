"""What a process and its child say to each other: msgpack frames, each after its length in four bytes."""

from typing import Any

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Progress
from genmux.contract.model import Model
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import AudioError, ProviderError
from genmux.types.jobs import Completed, Filtered
from genmux.types.jobs import Failed as FailedJob
from genmux.types.money import TokenCount
from genmux.types.parts import Part
from genmux.types.speech import SpeechPart, SpeechRequest
from genmux.types.transcription import TranscriptionRequest, TranscriptPart

HEADER = 4
"""How many bytes tell the length of a frame."""


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Load a model. `engine` is `module:class`, `fields` what its instance knows."""

    engine: str
    fields: dict[str, Any]
    model: Model
    options: dict[str, str]


class Chat(msgspec.Struct, frozen=True, tag="chat"):
    """Answer a chat."""

    number: int
    request: ChatRequest


class Embed(msgspec.Struct, frozen=True, tag="embed"):
    """Make embeddings."""

    number: int
    request: EmbedRequest


class Make(msgspec.Struct, frozen=True, tag="make"):
    """Make media."""

    number: int
    request: MediaRequest


class Speak(msgspec.Struct, frozen=True, tag="speak"):
    """Speak a text."""

    number: int
    request: SpeechRequest


class Transcribe(msgspec.Struct, frozen=True, tag="transcribe"):
    """Write a sound down."""

    number: int
    request: TranscriptionRequest


class Count(msgspec.Struct, frozen=True, tag="count"):
    """Count the tokens of a chat."""

    number: int
    request: ChatRequest


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """The request of this number is no longer wanted."""

    number: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The model is loaded."""


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The request is taken up. A process that ends before it says so has done nothing for it."""


class Piece(msgspec.Struct, frozen=True, tag="piece"):
    """One part of a chat's answer."""

    part: Part


class Spoken(msgspec.Struct, frozen=True, tag="spoken"):
    """One part of speech."""

    part: SpeechPart


class Heard(msgspec.Struct, frozen=True, tag="heard"):
    """One part of a transcription."""

    part: TranscriptPart


class Vectors(msgspec.Struct, frozen=True, tag="vectors"):
    """The embeddings."""

    result: EmbedResult


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """The tokens of a chat."""

    count: TokenCount


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """Media are so far."""

    progress: Progress


class Made(msgspec.Struct, frozen=True, tag="made"):
    """What became of the media."""

    state: Completed | Filtered | FailedJob


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The request is answered, or was stopped."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Loading, or the request, failed."""

    error: ProviderError


Question = Chat | Embed | Make | Speak | Transcribe | Count
Order = Load | Chat | Embed | Make | Speak | Transcribe | Count | Stop
Report = Ready | Begun | Piece | Spoken | Heard | Vectors | Moved | Made | Counted | Done | Failed


def _to_plain(value: object) -> Any:
    """An error travels as its fields; what else msgpack cannot carry is a mistake of the engine."""
    if isinstance(value, ProviderError):
        plain = {name: getattr(value, name) for name in _ERROR_FIELDS}
        return plain | {"narrow": type(value).__name__} if type(value) in _NARROW.values() else plain
    message = f"{type(value).__name__} cannot be sent between processes"
    raise TypeError(message)


def _from_plain(wanted: type, value: Any) -> Any:
    if wanted is not ProviderError:
        return value
    return _NARROW.get(value.pop("narrow", ""), ProviderError)(**value)


_NARROW: dict[str, type[ProviderError]] = {"AudioError": AudioError}
"""Errors that their kind alone does not tell."""

_ERROR_FIELDS = (
    "message",
    "kind",
    "provider",
    "model",
    "status",
    "code",
    "param",
    "retry",
    "retry_after",
    "request_id",
    "body",
)
_encoder = msgspec.msgpack.Encoder(enc_hook=_to_plain)
_orders: "msgspec.msgpack.Decoder[Order]" = msgspec.msgpack.Decoder(Order, dec_hook=_from_plain)
_reports: "msgspec.msgpack.Decoder[Report]" = msgspec.msgpack.Decoder(Report, dec_hook=_from_plain)


def pack(frame: Order | Report) -> bytes:
    """A frame as bytes, with its length. Raises TypeError for what cannot travel."""
    body = _encoder.encode(frame)
    return len(body).to_bytes(HEADER, "big") + body


def length_of(header: bytes) -> int:
    """How many bytes follow a header."""
    return int.from_bytes(header, "big")


def read_order(body: bytes) -> Order:
    """Read what a child is told."""
    return _orders.decode(body)


def read_report(body: bytes) -> Report:
    """Read what a child says."""
    return _reports.decode(body)
