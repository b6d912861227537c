"""Our commands as messages of a Live API. Each has exactly one key at its top."""

import binascii
from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.sessions import Turn
from genmux.dialects.gemini_live.setup import Fields
from genmux.types.realtime import SendImage, SendToolResult

ROLES = {"user": "user", "assistant": "model"}

ACTIVITY_START: Fields = {"realtimeInput": {"activityStart": {}}}
ACTIVITY_END: Fields = {"realtimeInput": {"activityEnd": {}}}
STREAM_END: Fields = {"realtimeInput": {"audioStreamEnd": True}}
TURN_END: Fields = {"clientContent": {"turnComplete": True}}


def content(turns: Iterable[Turn], *, complete: bool) -> Fields:
    """Messages in writing, in their order."""
    written = [{"role": ROLES.get(turn.role, "user"), "parts": [{"text": turn.text}]} for turn in turns]
    return {"clientContent": {"turns": written, "turnComplete": complete}}


def picture(command: SendImage) -> Fields:
    """A frame of a video."""
    data = binascii.b2a_base64(command.data, newline=False).decode("ascii")
    return {"realtimeInput": {"video": {"data": data, "mimeType": command.media_type}}}


def tool_result(command: SendToolResult, name: str) -> Fields:
    """The result of a tool, which must be an object: any other stands under `output`."""
    try:
        told: Any = msgspec.json.decode(command.output)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        told = None
    response = told if isinstance(told, dict) else {"output": command.output}
    return {"toolResponse": {"functionResponses": [{"id": command.call_id, "name": name, "response": response}]}}


def append(data: bytes, rate: int) -> str:
    """More sound with its true rate (rule D7), written without a detour: nothing in it needs escaping."""
    sound = binascii.b2a_base64(data, newline=False).decode("ascii")
    return f'{{"realtimeInput":{{"audio":{{"data":"{sound}","mimeType":"audio/pcm;rate={rate}"}}}}}}'
