"""Frames of a provider, read."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.dialects.openai_realtime import heard_responses as answers
from genmux.dialects.openai_realtime import heard_session as session
from genmux.dialects.openai_realtime.memory import Memory
from genmux.types.realtime import RealtimeEvent, Unknown

Message = (
    answers.AudioDelta
    | answers.BetaAudioDelta
    | answers.Added
    | answers.OnceCreated
    | answers.Done
    | answers.OutputAdded
    | answers.OutputDone
    | answers.Deleted
    | answers.Truncated
    | answers.Started
    | answers.Ended
    | answers.AudioEnd
    | answers.TextDelta
    | answers.TextEnd
    | answers.TranscriptDelta
    | answers.TranscriptEnd
    | answers.CallDelta
    | answers.CallEnd
    | answers.PartAdded
    | answers.PartDone
    | answers.BetaAudioEnd
    | answers.BetaTextDelta
    | answers.BetaTextEnd
    | answers.BetaTranscriptDelta
    | answers.BetaTranscriptEnd
    | session.Created
    | session.Updated
    | session.Closed
    | session.Failure
    | session.Speaking
    | session.Silent
    | session.Committed
    | session.Cleared
    | session.TimedOut
    | session.Writing
    | session.Rewriting
    | session.Written
    | session.Unwritten
    | session.Limits
    | session.Playing
    | session.Played
    | session.Unplayed
    | session.ConversationCreated
    | session.Ping
    | session.TranslatedInput
    | session.TranslatedAudio
    | session.TranslatedText
)

_DECODE = msgspec.json.Decoder(Message).decode
_LONGEST_NAME = 100


def read_frame(frame: str | bytes, memory: Memory) -> Iterable[RealtimeEvent]:
    """What a frame says; one that is not understood is `Unknown`."""
    try:
        message = _DECODE(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return (Unknown(name=_name(frame)),)
    return message.events(memory)


def _name(frame: str | bytes) -> str:
    """The provider's word for a message that was not understood."""
    try:
        told: Any = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "not JSON"
    name = told.get("type") if isinstance(told, dict) else None
    return name[:_LONGEST_NAME] if isinstance(name, str) else "no type"
