"""From our result to the reply that a caller gets."""

from typing import Any

import msgspec

from genmux.contract.dialect import Accepted, Answer
from genmux.dialects.openai_chat.messages_write import write_tool_call
from genmux.dialects.openai_chat.parts_write import image_link
from genmux.dialects.openai_chat.reasoning import ReasoningFields, item_of, thinking_part, way_of
from genmux.dialects.openai_chat.schema import AUDIO_FORMATS, COMPLETION, FINISH_REASONS, NAME, SERVICE_TIERS
from genmux.dialects.openai_chat.usage import write_usage
from genmux.types.chat import ChatResult, FinishReason, Message
from genmux.types.content import Audio, Content, Fields, Image, Opaque, Reasoning, Refusal, Text, ToolCall


def respond(result: ChatResult, accepted: Accepted) -> Answer:
    """Write a result."""
    return Answer(status=200, body=msgspec.json.encode(write_result(result, accepted)))


def write_result(result: ChatResult, accepted: Accepted) -> Fields:
    """The document. Fields that only another dialect knows have no place in it."""
    own = result.dialect == NAME
    origin = result.provider or result.dialect
    choices = [(result.message, result.finish, result.choice_extra)]
    choices += [(other.message, other.finish, other.extra) for other in result.alternatives]
    document: Fields = {
        "id": result.id or "",
        "object": COMPLETION,
        "created": result.created or 0,
        "model": result.model or accepted.request.model,
        "choices": [
            {
                "index": index,
                "message": write_answer(message, own=own, origin=origin),
                "logprobs": None,
                **finish_fields(finish, own=own),
                **((extra or {}) if own else {}),
            }
            for index, (message, finish, extra) in enumerate(choices)
        ],
    }
    if (usage := write_usage(result.usage, own=own)) is not None:
        document["usage"] = usage
    if result.service_tier is not None and (own or result.service_tier in SERVICE_TIERS):
        document["service_tier"] = result.service_tier
    return {**document, **((result.extra or {}) if own else {})}


def finish_fields(finish: FinishReason, *, own: bool) -> Fields:
    """The finish reason: a host's own word, or one of the closed list with the other dialect's word beside it."""
    if own:
        return {"finish_reason": finish.raw}
    word = FINISH_REASONS[finish.unified]
    if finish.raw is None or finish.raw == word:
        return {"finish_reason": word}
    return {"finish_reason": word, "native_finish_reason": finish.raw}


def write_answer(message: Message, *, own: bool, origin: str | None) -> Fields:
    """What the model said."""
    answer = _Answer(own=own, origin=origin)
    for block in message.content:
        answer.add(block)
    return {**answer.result(), **((message.extra or {}) if own else {})}


def write_sound(block: Audio, extra: Fields) -> Fields:
    """Sound that a model made; official clients require all four fields."""
    sound: Fields = {
        "id": block.file_id or "",
        "data": block.base64 or "",
        "expires_at": 0,
        "transcript": block.transcript or "",
    }
    if block.media_type is not None:
        sound["format"] = AUDIO_FORMATS.get(block.media_type, block.media_type.partition("/")[2])
    return {**sound, **(extra.get("audio") or {})}


def write_picture(block: Image, extra: Fields) -> Fields:
    """A picture that a model made."""
    rest = {key: value for key, value in extra.items() if key not in ("images", "image_url")}
    return {"type": "image_url", "image_url": {"url": image_link(block), **(extra.get("image_url") or {})}, **rest}


def marked(extra: Fields | None, *, own: bool) -> Fields:
    """A copy of the fields of a block, if they are of this dialect."""
    return dict(extra) if own and extra else {}


class _Answer:
    """One message while it is written."""

    def __init__(self, *, own: bool, origin: str | None) -> None:
        self._own = own
        self._origin = origin
        self._parts: list[Fields] = []
        self._typed = False
        self._reasoning = ReasoningFields()
        self._repeat: tuple[str, ...] = ()
        self._fields: dict[str, Any] = {}

    def add(self, block: Content) -> None:
        own = self._own
        match block:
            case Text(text=text, extra=extra):
                extra = marked(extra, own=own)
                self._typed = self._typed or bool(extra)
                self._parts.append({"type": "text", "text": text, **extra})
            case Reasoning():
                self._think(block)
            case Refusal(text=text, extra={"content": None, **rest}) if own:
                self._typed = True
                self._parts.append({"type": "refusal", "refusal": text, **rest})
            case Refusal(text=text):
                self._fields["refusal"] = (self._fields.get("refusal") or "") + text
            case ToolCall():
                self._call(block)
            case Audio(extra=extra):
                self._fields["audio"] = write_sound(block, marked(extra, own=own))
            case Image(extra=extra):
                self._fields.setdefault("images", []).append(write_picture(block, marked(extra, own=own)))
            case Opaque(dialect="openai_chat", data=data) if own:
                self._typed = True
                self._parts.append(data)
            case _:
                pass

    def result(self) -> Fields:
        return {
            "role": "assistant",
            "content": self._content(),
            "refusal": None,
            **self._reasoning.result(),
            **self._fields,
        }

    def _content(self) -> Any:
        """One string, unless the host itself told a list."""
        if self._typed:
            return self._parts
        return "".join([part["text"] for part in self._parts]) if self._parts else None

    def _call(self, block: ToolCall) -> None:
        extra = marked(block.extra, own=self._own)
        if "function_call" in extra:
            self._fields["function_call"] = {"name": block.name, "arguments": block.arguments}
        else:
            self._fields.setdefault("tool_calls", []).append({"id": "", **write_tool_call(block, extra)})

    def _think(self, block: Reasoning) -> None:
        if self._own and "thinking" in (marks := block.extra or {}):
            self._typed = True
            self._parts.append(thinking_part(block, marks["thinking"]))
            return
        way = way_of(block, self._reasoning.count, own=self._own, origin=self._origin, whole=True)
        if way.item is not None:
            self._reasoning.item(item_of(block, way.item, self._reasoning.count))
            self._repeat = (*self._repeat, *(name for name in way.plain if name not in self._repeat))
            for name in self._repeat:
                self._reasoning.plain(name, block.text)
        else:
            for name in way.plain:
                self._reasoning.plain(name, block.text)
