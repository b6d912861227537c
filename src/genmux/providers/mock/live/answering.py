"""What is answered: the wished words, the results of tools, an echo, or how much was heard."""

import re
from collections.abc import Callable

import msgspec

from genmux.providers.mock.chance import fraction, number
from genmux.providers.mock.document import document
from genmux.providers.mock.faults import AT_RANDOM
from genmux.providers.mock.live.wishes import LiveWish
from genmux.types.chat import Tool, ToolChoice
from genmux.types.realtime import SessionConfig

GREETING = "Hello"
"""What is said to nothing."""


class Said(msgspec.Struct):
    """What is still to be answered."""

    words: list[str] = []
    heard_ms: float = 0.0
    results: list[str] = []
    instructions: str | None = None
    wishes: tuple[LiveWish, ...] = ()

    def chance(self, wish: LiveWish, turn: int) -> LiveWish:
        """The wish with a fault where chance has it that there is one."""
        rate, seed = wish.error_rate or 0.0, wish.seed or 0
        if wish.fault is not None or fraction(seed, "realtime", turn) >= rate:
            return wish
        return msgspec.structs.replace(wish, fault=AT_RANDOM[number(seed, "realtime", turn) % len(AT_RANDOM)].value)


def text_of(said: Said, wish: LiveWish) -> str:
    """The words of the answer."""
    if said.results:
        return "\n".join(said.results)
    if wish.say is not None:
        return wish.say
    words = " ".join(one for one in said.words if one)
    if words:
        return words
    if said.heard_ms:
        return f"I heard {said.heard_ms:g} ms of sound"
    return said.instructions or GREETING


def calls_of(
    said: Said, wish: LiveWish, config: SessionConfig, *, id_of: Callable[[], str]
) -> tuple[str, str, str] | None:
    """The id, name and arguments of the tool to call: the wished one, the demanded one, or one that the user names."""
    offered = [tool for tool in config.tools if tool.kind == "function"]
    mode, demanded = _choice(config.tool_choice)
    if said.results or mode == "none":
        return None
    words = " ".join(said.words)
    wanted = wish.tool or demanded
    chosen = next((tool for tool in offered if tool.name == wanted), None)
    if wanted is None and mode == "required" and offered:
        chosen = offered[0]
    if wanted is None and chosen is None:
        chosen = next((tool for tool in offered if re.search(rf"\b{re.escape(tool.name)}\b", words)), None)
    if chosen is None and wish.tool is not None:
        chosen = Tool(name=wish.tool)  # models do make up tools
    if chosen is None:
        return None
    arguments = wish.arguments
    if arguments is None:
        schema = chosen.parameters or {"type": "object"}
        arguments = msgspec.json.encode(document(schema, seed=(wish.seed or 0, words, chosen.name))).decode()
    return id_of(), chosen.name, arguments


def _choice(choice: object) -> tuple[str, str | None]:
    if isinstance(choice, ToolChoice):
        return choice.mode, choice.name
    return (choice, None) if isinstance(choice, str) else ("auto", None)
