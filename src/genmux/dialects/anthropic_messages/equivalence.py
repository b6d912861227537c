"""When two request bodies ask for the same: the differences that do not count.

`encode(accept(body))` gives the same document as `body` up to the order of keys and to what `normalize` undoes:

1. a string of content (of a message, of `system`, of a tool's result) and a list with that one text: the API says so itself;
2. a null and an absent field, of the request and its settings, a message, a block, a tool: clients send either;
3. an empty `tools`, `stop_sequences`, `system`, `output_config` or content, and an absent one: nothing is asked for;
4. `stream: false`, `is_error: false` and absent ones: they are the defaults;
5. `output_format` and `output_config.format`: the first was the second's name in its beta, and is deprecated;
6. messages of the role `system` before all others, and `system`.
"""

from typing import Any

from genmux.types.content import Fields

_EMPTY = ("tools", "stop_sequences", "system", "content", "output_config")
_SETTINGS = ("output_config", "thinking", "tool_choice", "metadata")
_FALSE = ("stream", "is_error")


def normalize(document: Fields) -> Fields:
    """The same request in its plainest form. The document itself is left alone."""
    settings = {key: _plain(document[key]) for key in _SETTINGS if key in document}
    fields = _plain({**document, **settings})
    if (form := fields.pop("output_format", None)) is not None:
        fields["output_config"] = {"format": form, **fields.get("output_config", {})}
    system = _blocks(fields.pop("system", None))
    messages = [_message(message) for message in fields.get("messages", [])]
    while messages and isinstance(messages[0], dict) and messages[0].get("role") == "system":
        system += messages.pop(0).get("content", [])
    if "messages" in fields:
        fields["messages"] = messages
    if system:
        fields["system"] = system
    if isinstance(fields.get("tools"), list):
        fields["tools"] = [_plain(tool) for tool in fields["tools"]]
    return fields


def _message(message: Any) -> Any:
    fields = _plain(message)
    if isinstance(fields, dict) and "content" in fields:
        fields["content"] = _blocks(fields["content"])
    return fields


def _blocks(content: Any) -> list[Any]:
    if content is None:
        return []
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [_block(block) for block in blocks] if isinstance(blocks, list) else [blocks]


def _block(block: Any) -> Any:
    fields = _plain(block)
    if isinstance(fields, dict) and fields.get("type") == "tool_result" and "content" in fields:
        fields["content"] = _blocks(fields["content"])
    return fields


def _plain(fields: Any) -> Any:
    """Without nulls, empty lists and defaults."""
    if not isinstance(fields, dict):
        return fields
    return {key: value for key, value in fields.items() if not _says_nothing(key, value)}


def _says_nothing(key: str, value: Any) -> bool:
    return value is None or (key in _EMPTY and value in ([], {})) or (key in _FALSE and value is False)
