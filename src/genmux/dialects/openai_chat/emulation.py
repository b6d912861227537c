"""Structured output for models that have none: asked for in words, and a code fence around the answer taken off."""

import re

import msgspec

from genmux.contract.features import Support
from genmux.contract.model import Model
from genmux.dialects.openai_chat.profile import Profile
from genmux.types.chat import ChatRequest, ChatResult, OutputFormat
from genmux.types.content import Content, Fields, Text

_LACKING = (Support.EMULATED, Support.NO)
_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Words(msgspec.Struct, frozen=True):
    """What the model is told, and whether it has a mode in which it answers with JSON at least."""

    text: str
    json_mode: bool


def words_for(output: OutputFormat, model: Model) -> Words | None:
    """The words that take the place of structured output; None where the model has it, or nobody knows."""
    if output.kind == "json_schema" and model.support("structured_output") in _LACKING:
        schema = msgspec.json.encode(output.schema or {}).decode()
        text = (
            "Answer with JSON and nothing else: no explanation before or after it, no code fence. "
            f"It must fit this JSON Schema:\n{schema}"
        )
        return Words(text, model.support("json_mode") is Support.NATIVE)
    if output.kind == "json_object" and model.support("json_mode") in _LACKING:
        return Words("Answer with one JSON object and nothing else: no explanation, no code fence.", json_mode=False)
    return None


def instructed(messages: list[Fields], words: str, profile: Profile) -> list[Fields]:
    """The messages with the words added to the instructions."""
    match messages:
        case [{"role": "system" | "developer" as role, "content": str() as content}, *others]:
            return [{**messages[0], "role": role, "content": f"{content}\n\n{words}"}, *others]
        case _:
            return [{"role": profile.system_role or "system", "content": words}, *messages]


def undo(result: ChatResult, request: ChatRequest, model: Model) -> ChatResult:
    """The result without the code fence that models like to put around JSON that they were asked for in words."""
    if request.output is None or words_for(request.output, model) is None:
        return result
    content = tuple(_bare(block) for block in result.message.content)
    return msgspec.structs.replace(result, message=msgspec.structs.replace(result.message, content=content))


def _bare(block: Content) -> Content:
    if isinstance(block, Text) and (found := _FENCE.match(block.text)):
        return msgspec.structs.replace(block, text=found[1])
    return block
