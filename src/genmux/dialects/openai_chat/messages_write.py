"""From our messages to those of the wire, for a host that is asked."""

from typing import Any

import msgspec

from genmux.dialects.openai_chat.notes import Notes
from genmux.dialects.openai_chat.parts_write import Place, write_part
from genmux.dialects.openai_chat.profile import Profile
from genmux.dialects.openai_chat.reasoning import ReasoningFields, echo
from genmux.types.chat import Message
from genmux.types.content import Audio, Content, Fields, Image, Reasoning, Refusal, Text, ToolCall, ToolResult


def write_messages(messages: tuple[Message, ...], origin: str, profile: Profile, notes: Notes) -> list[Fields]:
    """All messages. `origin` is whose opaque state may be sent."""
    written: list[Fields] = []
    waiting: list[Fields] = []
    for number, message in enumerate(messages):
        role = _role(message.role, profile, notes)
        text = _only_text(message)
        if text is not None and role != "tool":
            new: list[Fields] = [{"role": role, "content": text}]
        else:
            place = Place(f"messages[{number}]", message.dialect, origin, profile, notes)
            new = _Writing(message, role, place, waiting).result()
        if waiting and any(one["role"] != "tool" for one in new):
            results = [one for one in new if one["role"] == "tool"]
            new = [*results, _lifted(waiting), *(one for one in new if one["role"] != "tool")]
            waiting.clear()
        written += new
    return [*written, _lifted(waiting)] if waiting else written


def write_tool_call(block: ToolCall, own: Fields) -> Fields:
    """One tool call; `own` is what it says besides. Hosts that give no ids get none back."""
    key, argument = ("custom", "input") if block.kind == "custom" else ("function", "arguments")
    inner = {"name": block.name, argument: block.arguments, **(own.pop(key, None) or {})}
    named = {"id": block.id} if block.id else {}
    return {**named, "type": block.kind, key: inner, **own}


def _only_text(message: Message) -> str | None:
    """The text of a message that says nothing else; a `match` on its class would cost three times as much."""
    content = message.content
    if len(content) != 1 or message.name is not None or message.extra is not None:
        return None
    block = content[0]
    return block.text if type(block) is Text and block.cache is None and block.extra is None else None


def _role(role: str, profile: Profile, notes: Notes) -> str:
    known = profile.system_role
    if known is None or role == known or role not in ("system", "developer"):
        return role
    notes.changed = True
    return known


def _lifted(media: list[Fields]) -> Fields:
    """The media of tools' results, in a message of their own after all results."""
    return {"role": "user", "content": list(media)}


class _Writing:
    """One message of ours while it is written: it may become several, because results of tools stand alone."""

    def __init__(self, message: Message, role: str, place: Place, waiting: list[Fields]) -> None:
        self._message = message
        self._role = role
        self._place = place
        self._waiting = waiting
        self._results: list[Fields] = []
        self._parts: list[Fields] = []
        self._reasoning = ReasoningFields()
        self._repeat: set[str] = set()
        self._fields: Fields = {}
        self._marker: Fields = {}

    def result(self) -> list[Fields]:
        for number, block in enumerate(self._message.content):
            place = msgspec.structs.replace(self._place, field=f"{self._place.field}.content[{number}]")
            self._block(block, place)
        message = self._message
        extra = self._extra()
        if message.role == "tool" and len(self._results) == 1 and not self._parts:
            self._results[0].update(extra)
            return self._results
        if self._results and not (self._parts or self._fields or extra):
            return self._results
        spoken: Fields = {"role": self._role}
        if message.name is not None:
            spoken["name"] = message.name
        spoken |= self._content() | self._reasoning.result() | self._fields | self._marker | extra
        return [*self._results, spoken]

    def _extra(self) -> Fields:
        extra = self._place.own(self._message.extra)
        taken = self._place.profile.message_extra
        if taken is True or not extra:
            return extra
        refused = [name for name in extra if not taken or name not in taken]
        if refused:
            detail = f"the host refuses unknown fields in messages: {', '.join(refused)}"
            self._place.notes.unsupported(f"{self._place.field}.extra", detail)
        return {name: value for name, value in extra.items() if name not in refused}

    def _block(self, block: Content, place: Place) -> None:
        match block:
            case ToolResult():
                self._result(block, place)
            case ToolCall():
                self._call(block, place)
            case Reasoning():
                echo(block, place, self._reasoning, self._parts, self._repeat)
            case Refusal(text=text, extra=None) if self._role == "assistant":
                self._fields["refusal"] = self._fields.get("refusal", "") + text
            case Audio(base64=data, url=url) if (
                self._role == "assistant" and not (data and not block.file_id) and not url
            ):
                self._sound(block, place)
            case Image() if self._role == "assistant" and "images" in (own := place.own(block.extra)):
                del own["images"]
                picture = write_part(msgspec.structs.replace(block, extra=own or None), place)
                self._fields.setdefault("images", []).append(picture)
            case _:
                self._part(block, place)

    def _part(self, block: Content, place: Place) -> None:
        part = write_part(block, place)
        if part is None:
            return
        if place.profile.plain_content and not isinstance(part.get("text"), str):
            place.notes.unsupported(place.field, f"the host takes only text, no {part.get('type')}")
            return
        if isinstance(block, Text) and part.get("cache_control") is None and "cache_control" in part:
            del part["cache_control"]
            self._marker = place.cache(block.cache)
        self._parts.append(part)

    def _call(self, block: ToolCall, place: Place) -> None:
        own = place.own(block.extra)
        if "function_call" in own:
            self._fields["function_call"] = {"name": block.name, "arguments": block.arguments}
            return
        call = {**write_tool_call(block, own), **place.cache(block.cache)}
        self._fields.setdefault("tool_calls", []).append(call)

    def _sound(self, block: Audio, place: Place) -> None:
        if block.file_id is not None:
            self._fields["audio"] = {"id": block.file_id, **(place.own(block.extra).get("audio") or {})}
        elif block.transcript:
            place.notes.add("emulated", place.field, "this sound cannot be named; its transcript is sent")
            self._parts.append({"type": "text", "text": block.transcript})
        else:
            place.notes.unsupported(place.field, "this sound cannot be named")

    def _result(self, block: ToolResult, place: Place) -> None:
        if block.is_error:
            place.notes.unsupported(
                f"{place.field}.is_error", "there is no field for it; the result's text must say it"
            )
        parts: list[Fields] = []
        for inner in block.content:
            if (part := write_part(inner, place)) is None:
                continue
            if isinstance(part.get("text"), str):
                parts.append(part)
            elif place.profile.plain_content:
                place.notes.unsupported(place.field, f"the host takes only text, no {part.get('type')}")
            elif place.at_home or place.profile.tool_media:
                parts.append(part)
            else:
                self._waiting.append(part)
                parts.append({"type": "text", "text": f"(see the {part['type'].removesuffix('_url')} that follows)"})
                place.notes.add("emulated", place.field, "media of a tool's result are sent in a message that follows")
        message: Fields = {"role": "tool", "tool_call_id": block.call_id, "content": _joined(parts, place)}
        if not block.call_id:
            del message["tool_call_id"]
        if block.name is not None:
            message["name"] = block.name
        self._results.append({**message, **place.cache(block.cache), **place.own(block.extra)})

    def _content(self) -> Fields:
        """The content: one string where that says it all, a list otherwise."""
        if self._parts or self._role != "assistant":
            return {"content": _joined(self._parts, self._place) if self._parts else None}
        match self._place.profile.empty_content:
            case "null" if self._fields or self._reasoning.result():
                return {"content": None}
            case "absent" if self._fields:
                return {}
            case _:
                return {"content": ""}


def _joined(parts: list[Fields], place: Place) -> Any:
    if not parts:
        return ""
    if len(parts) == 1 and _is_plain(parts[0]):
        return parts[0]["text"]
    if place.profile.plain_content:
        place.notes.changed = True
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _is_plain(part: Fields) -> bool:
    return part.keys() == {"type", "text"} and part["type"] == "text" and isinstance(part["text"], str)
