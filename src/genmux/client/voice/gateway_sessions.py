"""Live sessions at a gateway: in the dialect of OpenAI, with what the gateway tells beside it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from genmux.contract.beside import BESIDE
from genmux.contract.goodbyes import goodbye
from genmux.contract.model import Model
from genmux.contract.openai_errors import REFUSALS
from genmux.contract.sessions import Capabilities, Frame, Goodbye, Resume
from genmux.dialects.openai_realtime.beside import EVENT, read_capabilities, read_event, read_used
from genmux.dialects.openai_realtime.codec import OpenAIRealtimeCodec
from genmux.dialects.openai_realtime.profile import OFFERED, Profile, read_profile
from genmux.dialects.openai_realtime.schema import NAME
from genmux.types.audio import AudioFormat
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import (
    BudgetSpent,
    RealtimeEvent,
    ResponseDone,
    SessionCreated,
    SessionFailed,
    SessionUpdated,
    Unknown,
)

OPTIONS: Mapping[str, Any] = {
    "transcriber": "",
    "places": {"temperature": "temperature", "language": "language"},
}
"""How a gateway speaks the dialect: it knows by itself who writes down what is said, and has a place for every setting."""

NORMAL = 1000
SPENT = "budget_spent"

_KINDS = {code: kind for kind, (_, _, code) in REFUSALS.items() if code is not None}


class GatewaySessions:
    """Sessions with any model of a gateway."""

    def __init__(self) -> None:
        self._profile, self._usual = read_profile(OPTIONS)

    def capabilities(self, model: Model) -> Capabilities:
        """What sessions can do mostly; what those of one model can do, the gateway tells when one is open."""
        del model
        return self._usual

    def open(self, config: SessionConfig, model: Model, resume: Resume | None = None) -> "GatewayCodec":
        """A codec for one connection. Sound goes as it is wanted: the gateway converts it to what the model takes."""
        if config.turns is not None and config.turns.kind == "local":  # the gateway listens, as a session would here
            config = msgspec.structs.replace(config, turns=msgspec.structs.replace(config.turns, kind="server"))
        able = msgspec.structs.replace(
            self._usual, input_formats=_offered(config.input), output_formats=_offered(config.output)
        )
        return GatewayCodec(config, model, resume, profile=self._profile, capabilities=able)


class GatewayCodec(OpenAIRealtimeCodec):
    """One connection to a gateway.

    It greets before it has a model to talk with: the session is there when its settings are confirmed.
    """

    def __init__(
        self,
        config: SessionConfig,
        model: Model,
        resume: Resume | None,
        *,
        profile: Profile,
        capabilities: Capabilities,
    ) -> None:
        super().__init__(config, model, resume, profile=profile, capabilities=capabilities)
        self._usual = capabilities
        self._created: SessionCreated | None = None
        self._there = False
        self._spent = False

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        return [told for event in super().receive(frame) for told in self._told(event, frame)]

    def closed(self, code: int | None, reason: str) -> Goodbye:
        """What the end of the connection means: the gateway says what kind of error it was."""
        if self._spent:
            return Goodbye(reconnect=False, reason=SPENT)
        if code == NORMAL:
            return Goodbye(reconnect=False, reason=reason or None)
        told = goodbye(code, reason)
        kind, found, message = reason.partition(": ")
        if not found or kind not in {*ErrorKind} or told.error is None:
            return told
        retry = told.error.retry if told.reconnect else Retry.NEVER
        return Goodbye(reconnect=told.reconnect, error=ProviderError(message, kind=kind, code=str(code), retry=retry))

    def _more(self, config: SessionConfig) -> Mapping[str, Any]:
        """The provider's own settings stand apart, for the gateway hands on no others to those who speak otherwise."""
        own = dict(config.extra) if config.dialect == NAME else {}
        return {**own, BESIDE: {"events": True, **({"params": config.params} if config.params else {})}}

    def _told(self, event: RealtimeEvent, frame: Frame) -> Iterator[RealtimeEvent]:
        match event:
            case SessionCreated() if not self._there:
                self._created = event
            case SessionUpdated():
                yield from self._updated(event, frame)
            case Unknown(name=name) if name == EVENT:
                yield read_event(frame) or event
            case ResponseDone(usage=usage):
                event.usage = read_used(frame, usage)
                yield event
            case SessionFailed(error=ProviderError() as error):
                yield from self._failed(event, error)
            case _:
                yield event

    def _updated(self, event: SessionUpdated, frame: Frame) -> Iterator[RealtimeEvent]:
        """The gateway has done as it was told; the first time that means that it has opened the session."""
        if (able := read_capabilities(frame)) is not None:
            self._capabilities = msgspec.structs.replace(
                able,
                input_formats=self._usual.input_formats,
                output_formats=self._usual.output_formats,
                resumable=False,
                longest_connection=None,
            )
        if self._there:
            yield event
            return
        self._there = True
        yield self._created or SessionCreated()

    def _failed(self, event: SessionFailed, error: ProviderError) -> Iterator[RealtimeEvent]:
        kind = _KINDS.get(error.code or "", error.kind)
        if kind is ErrorKind.BUDGET_EXCEEDED and self._there:
            self._spent = True
            yield BudgetSpent(message=error.message)
            return
        event.error = ProviderError(
            error.message, kind=kind, code=error.code, param=error.param, retry=error.retry, body=error.body
        )
        yield event


def _offered(wanted: AudioFormat) -> tuple[AudioFormat, ...]:
    """The formats that a gateway takes and gives: samples at any rate, and what telephones speak."""
    return (AudioFormat(sample_rate=wanted.sample_rate), *OFFERED)
