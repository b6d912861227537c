"""Our events in Google's Live protocol, which has no ids and leaves out much."""

import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from genmux.testing.simulator.voice.realtime_speech import Hangup
from genmux.types import realtime_events as rte
from genmux.types.usage import TOKENS_INPUT, TOKENS_INPUT_AUDIO, TOKENS_OUTPUT, TOKENS_OUTPUT_AUDIO, Usage

Fields = dict[str, Any]


class Telling:
    """Tells what the setup wishes to be told."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self.setup = setup
        self.calls: list[str] = []

    def tell(self, event: rte.RealtimeEvent) -> Iterator[Fields]:
        """The messages of an event. Raises Hangup for an answer that failed."""
        rule = _TOLD.get(type(event))
        return rule(event, self) if rule else iter(())


def _ready(event: rte.SessionCreated, state: Telling) -> Iterator[Fields]:
    del event, state
    yield {"setupComplete": {}}


def _handle(event: rte.ResumptionHandle, state: Telling) -> Iterator[Fields]:
    if "sessionResumption" in state.setup:
        yield {"sessionResumptionUpdate": {"newHandle": event.handle, "resumable": event.resumable}}


def _sound(event: rte.AudioChunk, state: Telling) -> Iterator[Fields]:
    del state
    data = binascii.b2a_base64(event.data, newline=False).decode("ascii")
    yield {
        "serverContent": {"modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}]}}
    }


def _text(event: rte.OutputTextDelta, state: Telling) -> Iterator[Fields]:
    del state
    yield {"serverContent": {"modelTurn": {"parts": [{"text": event.text}]}}}


def _said(event: rte.OutputTranscriptDelta, state: Telling) -> Iterator[Fields]:
    if "outputAudioTranscription" in state.setup:
        yield {"serverContent": {"outputTranscription": {"text": event.text}}}


def _heard(event: rte.InputTranscriptDelta, state: Telling) -> Iterator[Fields]:
    if "inputAudioTranscription" in state.setup:
        yield {"serverContent": {"inputTranscription": {"text": event.text}}}


def _called(event: rte.ToolCalled, state: Telling) -> Iterator[Fields]:
    state.calls.append(event.call_id)
    arguments = msgspec.Raw(event.arguments.encode())
    yield {"toolCall": {"functionCalls": [{"id": event.call_id, "name": event.name, "args": arguments}]}}


def _going(event: rte.GoingAway, state: Telling) -> Iterator[Fields]:
    del state
    yield {"goAway": {"timeLeft": f"{event.seconds or 0:g}s"}}


def _done(event: rte.ResponseDone, state: Telling) -> Iterator[Fields]:
    """The end of a turn. One that wants tools has none: it goes on when their results are there."""
    calls, state.calls = state.calls, []
    usage = {} if event.usage is None else {"usageMetadata": _usage(event.usage)}
    if event.status == "failed":
        raise Hangup(1011, "Internal error encountered.")
    if event.status == "cancelled":
        if calls:
            yield {"toolCallCancellation": {"ids": calls}}
        yield {"serverContent": {"interrupted": True}}
        yield {"serverContent": {"turnComplete": True}, **usage}
    elif not calls:
        reason = {"turnCompleteReason": "RESPONSE_REJECTED"} if event.filtered else {}
        if not reason:
            yield {"serverContent": {"generationComplete": True}}
        yield {"serverContent": {"turnComplete": True, **reason}, **usage}


def _usage(usage: Usage) -> Fields:
    asked, given = usage.count(TOKENS_INPUT) or 0, usage.count(TOKENS_OUTPUT) or 0
    heard, spoken = usage.count(TOKENS_INPUT_AUDIO) or 0, usage.count(TOKENS_OUTPUT_AUDIO) or 0
    return {
        "promptTokenCount": asked,
        "responseTokenCount": given,
        "totalTokenCount": asked + given,
        "promptTokensDetails": _parts(asked, heard),
        "responseTokensDetails": _parts(given, spoken),
    }


def _parts(whole: int, sound: int) -> list[Fields]:
    parts = (("TEXT", whole - sound), ("AUDIO", sound))
    return [{"modality": name, "tokenCount": count} for name, count in parts if count]


_TOLD: dict[type, Callable[[Any, Telling], Iterator[Fields]]] = {
    rte.SessionCreated: _ready,
    rte.ResumptionHandle: _handle,
    rte.AudioChunk: _sound,
    rte.OutputTextDelta: _text,
    rte.OutputTranscriptDelta: _said,
    rte.InputTranscriptDelta: _heard,
    rte.ToolCalled: _called,
    rte.GoingAway: _going,
    rte.ResponseDone: _done,
}
