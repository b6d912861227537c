"""From messages of the wire to ours: a caller's history, and what a model answered."""

from typing import Any, get_args

from genmux.dialects.openai_chat.fields import demand, json_text, take, take_cache, wrong
from genmux.dialects.openai_chat.parts_read import audio_type, read_content, read_part
from genmux.dialects.openai_chat.reasoning import read_reasoning
from genmux.dialects.openai_chat.schema import NAME, REASONING
from genmux.types.chat import Message, Role
from genmux.types.content import (
    Audio,
    Cache,
    Content,
    Fields,
    File,
    Image,
    Opaque,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

ROLES: frozenset[str] = frozenset(get_args(Role))
_LEGACY_RESULT = "function"
"""The role of a tool's result before there were ids."""


def read_message(message: Any, place: str) -> Message:
    """One message of a request. Raises InvalidRequestError that names what is wrong."""
    if not isinstance(message, dict):
        raise wrong(place, f"must be an object, not {message!r:.60}")
    fields = {key: value for key, value in message.items() if value is not None}
    role = demand(fields, "role", str, f"{place}.")
    if role == _LEGACY_RESULT:
        fields["role"] = role
        role = "tool"
    if role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise wrong(f"{place}.role", "is missing" if role is None else f"is {role!r}; it must be one of {known}")
    name = demand(fields, "name", str, f"{place}.")
    if role == "tool":
        content: list[Content] = [_tool_result(fields, place, name)]
        name = None
    elif role == "assistant":
        content = read_answer(fields, place=place)
    else:
        content = read_content(fields.pop("content", None), f"{place}.content")
    if (cache := take_cache(fields)) is not None:
        _put_cache(content, cache, fields)
    return Message(role=role, content=tuple(content), name=name, dialect=NAME, extra=fields or None)  # pyright: ignore[reportArgumentType] — checked above


def read_answer(fields: Fields, *, place: str | None = None, origin: str | None = None) -> list[Content]:
    """Take what a model said from a message, in the order: reasoning, content, refusal, pictures, sound, tool calls.

    `place` names the message in errors; without one nothing is ever refused. `origin` is whose opaque state it has.
    """
    said: list[Content] = []
    if not REASONING.isdisjoint(fields):
        said += read_reasoning(fields, origin, asked=place is not None)
    content = fields.pop("content", None)
    if type(content) is str:
        if content:
            said.append(Text(content))
    else:
        said += read_content(content, None if place is None else f"{place}.content")
    if text := demand(fields, "refusal", str, None if place is None else f"{place}."):
        said.append(Refusal(text))
    if len(fields) > 1 or "role" not in fields:
        said += _read_rest(fields, place)
    return said


def _read_rest(fields: Fields, place: str | None) -> list[Content]:
    """Pictures, sound and tool calls."""
    said: list[Content] = []
    said += read_images(take(fields, "images", list) or [], fields)
    if "audio" in fields and (sound := read_sound(fields.pop("audio"))) is not None:
        said.append(sound)
    calls = demand(fields, "tool_calls", list, None if place is None else f"{place}.") or []
    said += [
        read_tool_call(call, None if place is None else f"{place}.tool_calls[{n}]") for n, call in enumerate(calls)
    ]
    if (legacy := take(fields, "function_call", dict)) and (legacy.get("name") or legacy.get("arguments")):
        said.append(read_tool_call({"function": legacy}, mark={"function_call": None}))
    return said


def read_tool_call(call: Any, place: str | None = None, *, mark: Fields | None = None) -> ToolCall:
    """One tool call. A missing id or name is empty; arguments that are not a string are written as JSON."""
    if not isinstance(call, dict):
        if place is not None:
            raise wrong(place, f"must be an object, not {call!r:.60}")
        call = {}
    rest = {key: value for key, value in call.items() if value is not None}
    where = None if place is None else f"{place}."
    identifier = demand(rest, "id", str, where) or ""
    kind = demand(rest, "type", str, where) or "function"
    key, inner = _tool_body(rest, kind)
    name = demand(inner, "name", str, None if place is None else f"{place}.{key}.") or ""
    if place is not None and not name:
        raise wrong(f"{place}.{key}.name", "is missing")
    given = inner.get("input" if key == "custom" else "arguments", "")
    arguments = json_text(given)
    if place is None or given is arguments:
        inner.pop("input" if key == "custom" else "arguments", None)
    if inner:
        rest[key] = inner
    cache = None if place is None else take_cache(rest)  # a marker is a wish, and a reply has none
    return ToolCall(identifier, name, arguments, kind, cache, {**(mark or {}), **rest} or None)


def read_images(images: list[Any], fields: Fields) -> list[Content]:
    """Pictures that a model made (openrouter.ai/docs/features/multimodal/image-generation, 2026-11)."""
    blocks = [read_part(image) for image in images]
    if not all(isinstance(block, Image) for block in blocks):
        fields["images"] = images
        return []
    return [
        Image(block.url, block.base64, None, block.media_type, None, {"images": None, **(block.extra or {})})
        for block in blocks
        if isinstance(block, Image)
    ]


def read_sound(audio: Any) -> Audio | None:
    """Sound that a model made; None for the empty form that some hosts always send."""
    if not isinstance(audio, dict):
        return None
    rest = {key: value for key, value in audio.items() if value is not None}
    identifier, data, transcript, name = (
        take(rest, key, str) or None for key in ("id", "data", "transcript", "format")
    )
    if identifier is None and data is None and transcript is None:
        return None
    media_type = audio_type(name)[0] if name else None
    return Audio(None, data, identifier, media_type, None, {"audio": rest or None}, transcript)


def _tool_body(rest: Fields, kind: str) -> tuple[str, Fields]:
    """Where a tool call says what it is: told by content first, because one host always fills both places."""
    given = {key: body for key in ("function", "custom") if isinstance(body := rest.pop(key, None), dict)}
    named = [key for key, body in given.items() if body.get("name")]
    likely = named or [key for key in (kind, *given) if key in given]
    key = likely[0] if likely else "custom" if kind == "custom" else "function"
    return key, {name: value for name, value in given.get(key, {}).items() if value is not None}


def _tool_result(fields: Fields, place: str, name: str | None) -> ToolResult:
    call_id = demand(fields, "tool_call_id", str, f"{place}.") or ""
    blocks = read_content(fields.pop("content", None), f"{place}.content")
    content = tuple(block for block in blocks if isinstance(block, Text | Image | Audio | File | Opaque))
    return ToolResult(call_id, content, name=name, cache=take_cache(fields))


def _put_cache(content: list[Content], cache: Cache, fields: Fields) -> None:
    """A marker on a whole message is one on its last text, which remembers where it stood."""
    for number in range(len(content) - 1, -1, -1):
        match content[number]:
            case Text(text=text, cache=None, extra=extra):
                content[number] = Text(text, cache, {**(extra or {}), "cache_control": None})
                return
            case _:
                continue
    fields["cache_control"] = {"type": "ephemeral", **({"ttl": cache.ttl} if cache.ttl else {}), **(cache.extra or {})}
