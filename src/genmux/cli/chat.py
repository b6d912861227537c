"""`genmux chat`: one question, or a conversation."""

import sys
from decimal import Decimal
from typing import Annotated

from cyclopts import Parameter

from genmux.cli.console import err, print_json, print_json_line, show_error, write
from genmux.cli.files import piped
from genmux.cli.options import Ask, Common
from genmux.cli.session import connected
from genmux.client.client import Client
from genmux.client.params import ChatParams
from genmux.types.chat import ChatResult, Message
from genmux.types.content import Reasoning, Text
from genmux.types.errors import GenmuxError, InvalidRequestError
from genmux.types.parts import BlockStart, Part, ReasoningDelta, TextDelta, WarningPart


def chat(
    *prompt: str,
    ask: Ask | None = None,
    stream: Annotated[bool, Parameter(help="Show the answer as it comes.")] = True,
    dry_run: Annotated[bool, Parameter(help="Check everything, send nothing.", negative="")] = False,
    common: Common | None = None,
) -> None:
    """Ask a model; without a prompt, talk with it.

    What is piped in is added to the prompt: `git diff | genmux chat "Write a commit message"`.
    """
    ask, common = ask or Ask(), common or Common()
    with connected(common) as client:
        said = "\n\n".join(text for text in (" ".join(prompt), piped()) if text.strip())
        params = ask.params()
        if dry_run:
            _check(client, said, params, common)
        elif said:
            _once(client, said, params, stream=stream, common=common)
        elif sys.stdin.isatty():
            _talk(client, params)
        else:
            message = "there is no prompt: give one as an argument or pipe one in"
            raise InvalidRequestError(message)


def _check(client: Client, said: str, params: ChatParams, common: Common) -> None:
    warnings = client.validate(said, **params)
    estimate = client.estimate(said, **params)
    if common.json:
        print_json({"valid": True, "warnings": warnings, "estimate": estimate})
        return
    for warning in warnings:
        err.print(f"warning: {warning}", style="yellow", markup=False)
    err.print(f"the request is valid; it may cost {money(estimate.low)} to {money(estimate.high)}", highlight=False)


def _once(client: Client, said: str, params: ChatParams, *, stream: bool, common: Common) -> None:
    if not stream:
        result = client.chat(said, **params)
        print_json(result) if common.json else write(result.text + "\n")
    elif common.json:
        with client.stream(said, **params) as parts:
            for part in parts:
                print_json_line(part)
            result = parts.result()
    else:
        result = _shown(client, said, params)
    if not common.json:
        _footnote(result)


def _shown(client: Client, said: str | list[Message], params: ChatParams) -> ChatResult:
    """Print an answer as it comes; reasoning goes dimmed to standard error."""
    with client.stream(said, **params) as parts:
        for part in parts:
            _show(part)
        write("\n")
        return parts.result()


def _show(part: Part) -> None:
    match part:
        case TextDelta(text=text) | BlockStart(block=Text(text=text)):
            write(text)
        case ReasoningDelta(text=text) | BlockStart(block=Reasoning(text=text)):
            err.print(text, end="", style="dim", markup=False, highlight=False)
        case WarningPart(warning=warning):
            err.print(f"warning: {warning}", style="yellow", markup=False)
        case _:
            pass


def _footnote(result: ChatResult) -> None:
    for call in result.tool_calls:
        err.print(f"tool call: {call.name}({call.arguments})", style="cyan", markup=False)
    if err.is_terminal:
        usage = result.usage
        cost = money(result.cost.amount if result.cost else None)
        tokens = f"{_number(usage.input)} in, {_number(usage.output)} out{' (estimated)' if usage.estimated else ''}"
        err.print(
            f"{result.provider}/{result.model} · {tokens} · {cost} · {result.finish.unified}", style="dim", markup=False
        )


def _talk(client: Client, params: ChatParams) -> None:
    """A conversation at the terminal, until an empty line or the end of input."""
    err.print("An empty line ends the conversation.", style="dim")
    system = params.pop("system", None)
    messages = [Message(role="system", content=(Text(system),))] if system else []
    while True:
        try:
            said = input("> ").strip()
        except EOFError:
            return
        if not said:
            return
        asked = [*messages, Message(role="user", content=(Text(said),))]
        try:
            result = _shown(client, asked, params)
        except GenmuxError as error:
            show_error(error)
            continue
        params.pop("images", None)
        messages = [*asked, result.message]
        _footnote(result)


def money(amount: Decimal | None) -> str:
    """An amount of US dollars for people; an unknown one is not zero."""
    if amount is None:
        return "unknown cost"
    return "$0" if amount == 0 else f"${amount.quantize(Decimal('0.000001')).normalize():f}"


def _number(count: int | None) -> str:
    return "?" if count is None else str(count)
