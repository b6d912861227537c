"""Items that a caller puts into the conversation, as commands."""

import binascii
from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.dialects.openai_realtime.settings_read import fault, read_as
from genmux.types.realtime import AppendAudio, Command, CommitAudio, Role, SendImage, SendText, SendToolResult

PLACE = "item"
_TEXTS = {
    "input_text": "text",
    "output_text": "text",
    "text": "text",
    "output_audio": "transcript",
    "audio": "transcript",
}
"""Kinds of content that are words to us, and where these stand."""

_ROLES: tuple[Role, ...] = ("user", "assistant", "system")


class Calls(msgspec.Struct):
    """Names of the tools that were called, and calls of which a caller only reports."""

    names: dict[str, str] = msgspec.field(default_factory=dict)
    reported: dict[str, str] = msgspec.field(default_factory=dict)


def read_item(told: Any, calls: Calls) -> Iterator[Command]:
    """The commands for an item. Raises MessageError that names the field, and for items of which there is no command."""
    item = read_as(told, dict[str, Any], PLACE)
    match item.get("type"):
        case "message":
            yield from _message(item)
        case "function_call_output":
            yield _result(item, calls)
        case "function_call":
            call_id = _text(item, "call_id")
            name, arguments = _text(item, "name"), _text(item, "arguments")
            calls.reported[call_id] = f"{name}({arguments})"
        case other:
            raise fault(f"{PLACE}.type", f"is {other!r}; it must be message, function_call or function_call_output")


def _message(item: dict[str, Any]) -> Iterator[Command]:
    role: Any = item.get("role")
    if role not in _ROLES:
        raise fault(f"{PLACE}.role", f"is {role!r}; it must be {', '.join(_ROLES)}")
    item_id = item.get("id")
    contents = read_as(item.get("content"), list[dict[str, Any]], f"{PLACE}.content")
    words: list[str] = []
    for index, content in enumerate(contents):
        place = f"{PLACE}.content[{index}]"
        if str(content.get("type")) in _TEXTS:
            words.append(_words(content, place))
            continue
        if words:  # in its order, but text that stands together stays together
            yield SendText("".join(words), role=role, answer=False)
            words = []
        yield from _medium(content, place)
    if words:
        yield SendText("".join(words), role=role, answer=False, item_id=item_id if isinstance(item_id, str) else None)


def _words(content: dict[str, Any], place: str) -> str:
    key = _TEXTS[content["type"]]
    value = content.get(key, content.get("text"))
    if not isinstance(value, str):
        raise fault(f"{place}.{key}", "is missing; it must be text")
    return value


def _medium(content: dict[str, Any], place: str) -> Iterator[Command]:
    match content.get("type"):
        case "input_audio":
            yield AppendAudio(_bytes(content.get("audio"), f"{place}.audio"))
            yield CommitAudio()
        case "input_image":
            url = content.get("image_url")
            head, _, data = url.partition(",") if isinstance(url, str) else ("", "", "")
            if not head.startswith("data:") or not head.endswith(";base64"):
                raise fault(f"{place}.image_url", "must be a data URL: data:image/jpeg;base64,…")
            yield SendImage(_bytes(data, f"{place}.image_url"), head.removeprefix("data:").removesuffix(";base64"))
        case other:
            raise fault(f"{place}.type", f"is {other!r}; it must be {', '.join(_TEXTS)}, input_audio or input_image")


def _result(item: dict[str, Any], calls: Calls) -> Command:
    call_id, output = _text(item, "call_id"), _text(item, "output")
    if (report := calls.reported.pop(call_id, None)) is not None:
        # of a call that was not made in this session there is only a report
        return SendText(f"The tool call {report} gave: {output}", role="system", answer=False)
    return SendToolResult(call_id, calls.names.get(call_id, ""), output, answer=False)


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise fault(f"{PLACE}.{key}", "is missing; it must be text")
    return value


def _bytes(value: Any, place: str) -> bytes:
    if isinstance(value, str):
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except (binascii.Error, ValueError):
            pass
    raise fault(place, "must be base64")
