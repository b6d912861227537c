"""How an answer is shown to people."""

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from genmux.cli.console import err, harmless, note, warn, write
from genmux.types.chat import ChatResult, Message
from genmux.types.content import Reasoning, Refusal
from genmux.types.content import Text as TextBlock
from genmux.types.parts import BlockStart, Part, ReasoningDelta, TextDelta, WarningPart

if TYPE_CHECKING:
    from genmux.client.client import Client
    from genmux.client.params import ChatParams


def stream_answer(client: "Client", said: str | list[Message], params: "ChatParams") -> ChatResult:
    """Print an answer as it comes, and what is to be said about it."""
    screen = _Screen()
    try:
        with client.stream(said, **params) as parts:
            for part in parts:
                screen.show(part)
            result = parts.result()
    finally:
        screen.close()
    _footnote(result)
    return result


def print_answer(result: ChatResult) -> None:
    """Print a whole answer, and what is to be said about it."""
    for warning in result.warnings:
        warn(str(warning))
    write(_shown_text(result) + "\n")
    _footnote(result)


class _Screen:
    """Where parts are shown: text on standard output, reasoning dimmed on standard error."""

    def __init__(self) -> None:
        self._waiting = err.status(Text("waiting for the model", style="dim"), spinner="dots")
        self._thinking = False
        self._line_open = False
        if err.is_terminal:
            self._waiting.start()

    def show(self, part: Part) -> None:
        match part:
            case BlockStart(block=TextBlock(text=text) | Refusal(text=text)) | TextDelta(text=text) if text:
                self._text(text)
            case BlockStart(block=Reasoning(text=text)) | ReasoningDelta(text=text) if text:
                self._reasoning(text)
            case WarningPart(warning=warning):
                self._waiting.stop()
                warn(str(warning))
            case _:
                pass

    def close(self) -> None:
        """Back to the beginning of a line."""
        self._waiting.stop()
        if self._thinking:
            err.print()
        if self._line_open:
            write("\n")

    def _text(self, text: str) -> None:
        self._waiting.stop()
        if self._thinking:
            err.print("\n")
            self._thinking = False
        write(text)
        self._line_open = True

    def _reasoning(self, text: str) -> None:
        self._waiting.stop()
        err.print(Text(harmless(text), style="dim"), end="")
        self._thinking = True


def _shown_text(result: ChatResult) -> str:
    """Text and refusals; the reasoning is left out."""
    return "".join(block.text for block in result.message.content if isinstance(block, TextBlock | Refusal))


def _footnote(result: ChatResult) -> None:
    for call in result.tool_calls:
        err.print(Text(harmless(f"tool call: {call.name}({call.arguments})"), style="cyan"))
    if result.finish.unified == "length":
        warn("the answer was cut off: it reached the limit of tokens; --max-tokens sets it")
    if err.is_terminal:
        usage = result.usage
        cost = money(result.cost.amount if result.cost else None)
        tokens = f"{_number(usage.input)} in, {_number(usage.output)} out{' (estimated)' if usage.estimated else ''}"
        note(f"{result.provider}/{result.model} · {tokens} · {cost} · {result.finish.unified}")


def money(amount: Decimal | None) -> str:
    """An amount of US dollars for people; an unknown one is not zero."""
    if amount is None:
        return "unknown cost"
    if amount == 0:
        return "$0"
    rounded = amount.quantize(Decimal("0.000001"))
    return f"${rounded.normalize():f}" if rounded else "less than $0.000001"


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"
