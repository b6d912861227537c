"""A recorded session over a WebSocket: every frame that was received is read as our client would, and told to a caller as our server would.

What the recording client sent is accepted as our server would, where the dialect has that half.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.sessions import Codec
from genmux.dialects import load_dialect
from genmux.testing.replay.outcome import ResultSeen, SessionSeen, Status, ToolCallSeen, usage_seen
from genmux.testing.replay.recording import Exchange, RecordedFrame
from genmux.types.errors import ProviderError
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import (
    InputTranscriptDone,
    OutputTranscriptDone,
    RealtimeEvent,
    ResponseDone,
    SessionFailed,
    TextDone,
    ToolCalled,
    Unknown,
    UsageReported,
)
from genmux.types.usage import Usage

GOOGLE_KEYS = frozenset({"setup", "setupComplete", "serverContent", "toolCall", "realtimeInput", "clientContent"})
"""By these a frame of a Live API is known; all others have a `type`."""


class ReplayedSession(msgspec.Struct, kw_only=True):
    """How the replay of a session went."""

    status: Status = "ok"
    session: SessionSeen | None = None
    result: ResultSeen | None = None
    sent: bool | None = None
    received: bool | None = None
    differences: tuple[str, ...] = ()


def replay_session(exchange: Exchange) -> ReplayedSession:
    """Replay one session."""
    name = _dialect(exchange.frames)
    if name is None:
        return ReplayedSession(status="unsupported", differences=("a WebSocket session: no dialect claims it",))
    replaying = _Replaying(name)
    for index, frame in enumerate(exchange.frames):
        if frame.direction == "received":
            replaying.hear(frame, f"frames[{index}]")
        elif frame.direction == "sent" and name == "openai_realtime":
            replaying.accept(frame, f"frames[{index}]")
    return replaying.outcome()


class _Replaying:
    """One session on its way through both halves."""

    def __init__(self, name: str) -> None:
        self.dialect = name
        self.codec, self.again = _codec(name), _codec("openai_realtime")
        self.server = load_dialect("openai_realtime").server()
        self.server.greet("sess_replayed", "replayed")
        self.events: list[RealtimeEvent] = []
        self.sent: Counter[str] = Counter()
        self.unknown: list[str] = []
        self.refused: list[str] = []
        self.lost: list[str] = []

    def hear(self, frame: RecordedFrame, place: str) -> None:
        """Read a frame, tell it to a caller, and let that be read."""
        for event in self.codec.receive(frame.payload):
            self.events.append(event)
            if isinstance(event, Unknown):
                self.unknown.append(f"{place}: not understood: {event.name}")
            told = self.server.write(event)
            back = [heard for one in told for heard in self.again.receive(one)]
            if told and type(event) not in {type(heard) for heard in back}:
                self.lost.append(f"{place}: {type(event).__name__} is not told to a caller")

    def accept(self, frame: RecordedFrame, place: str) -> None:
        """Accept a frame, and write what it asks for as our client would."""
        try:
            commands = self.server.accept(frame.payload)
            for command in commands:
                self.sent[_name(command)] += 1
                self.codec.send(command)
        except ProviderError as error:
            self.refused.append(f"{place}: not accepted: {error.message}")

    def outcome(self) -> ReplayedSession:
        """What came of it."""
        counted = Counter(_name(event) for event in self.events)
        return ReplayedSession(
            status="failed" if self.unknown else "ok",
            session=SessionSeen(dialect=self.dialect, events=dict(counted), commands=dict(self.sent)),
            result=_result(self.events),
            sent=not self.refused if self.dialect == "openai_realtime" else None,
            received=not self.lost,
            differences=(*self.unknown, *self.refused, *self.lost),
        )


def _dialect(frames: Iterable[RecordedFrame]) -> str | None:
    for frame in frames:
        told = frame.document
        if isinstance(told, dict) and not GOOGLE_KEYS.isdisjoint(told):
            return "gemini_live"
        if isinstance(told, dict) and isinstance(told.get("type"), str):
            return "openai_realtime"
    return None


def _codec(name: str) -> Codec:
    dialect: Any = load_dialect(name)
    model = Model(provider="replay", id="replayed", wire_id="replayed", spec=ModelSpec())
    codec: Codec = dialect.client({}).open(SessionConfig(), model)
    return codec


def _result(events: list[RealtimeEvent]) -> ResultSeen:
    said = [one.text for one in events if isinstance(one, OutputTranscriptDone | TextDone)]
    ended = [one for one in events if isinstance(one, ResponseDone)]
    calls = [one for one in events if isinstance(one, ToolCalled)]
    meters: Counter[str] = Counter()
    for event in events:
        usage = event.usage if isinstance(event, ResponseDone | UsageReported | InputTranscriptDone) else None
        meters.update(usage.meters if usage else {})
    failed = next((one.error.message for one in events if isinstance(one, SessionFailed) and one.error), None)
    return ResultSeen(
        text="\n".join(said),
        reasoning="",
        tool_calls=tuple(ToolCallSeen(one.call_id, one.name, one.arguments) for one in calls),
        finish=ended[-1].status if ended else None,
        finish_raw=(ended[-1].reason if ended else None) or failed,
        usage=usage_seen(Usage(meters=dict(meters))),
    )


def _name(told: msgspec.Struct) -> str:
    return str(type(told).__struct_config__.tag)
