"""`genmux chat`: one question, or a conversation."""

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from genmux.cli.files import said
from genmux.cli.options import Ask, Common, Reach, Switch
from genmux.cli.session import connected
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from genmux.client.client import Client
    from genmux.client.params import ChatParams


def chat(
    *prompt: Annotated[str, Parameter(help="What to ask.")],
    ask: Ask | None = None,
    stream: Annotated[
        bool | None,
        Parameter(help="Show the answer as it comes; with --json as one line for each part, the last one the result."),
    ] = None,
    dry_run: Annotated[bool, Switch, Parameter(help="Check everything, send nothing.")] = False,
    common: Reach | None = None,
) -> None:
    """Ask a model; without a prompt, talk with it.

    What is piped in is added to the prompt: `git diff | genmux chat "Write a commit message"`. The answer goes to standard
    output and everything else to standard error. `--json` prints the whole result, unless `--stream` is given too.
    """
    ask, common = ask or Ask(), common or Reach()
    with connected(common) as client:
        question, params = said(prompt), ask.params()
        streamed = stream if stream is not None else not common.json
        if dry_run:
            _check(client, question, params, common)
        elif not question and sys.stdin is not None and sys.stdin.isatty() and not common.json:
            from genmux.cli.conversation import Conversation

            Conversation(client, params).run()
        elif not question and not ask.image:
            raise InvalidRequestError("there is no prompt: give one as an argument or pipe one in")
        elif common.json:
            _print_json(client, question, params, streamed=streamed)
        else:
            _print(client, question, params, streamed=streamed)


def _check(client: "Client", question: str, params: "ChatParams", common: Common) -> None:
    from genmux.cli.answers import money
    from genmux.cli.console import out, print_json, warn

    warnings = client.validate(question, **params)
    estimate = client.estimate(question, **params)
    if common.json:
        print_json({"valid": True, "warnings": warnings, "estimate": estimate})
        return
    for warning in warnings:
        warn(str(warning))
    for unknown in estimate.unknown:
        warn(f"unknown: {unknown}")
    span = money(estimate.high) if estimate.low == estimate.high else f"{money(estimate.low)} to {money(estimate.high)}"
    out.print(f"The request is valid; nothing was sent. Estimate: {span}.")


def _print_json(client: "Client", question: str, params: "ChatParams", *, streamed: bool) -> None:
    from genmux.cli.console import print_json, print_json_line

    if not streamed:
        print_json(client.chat(question, **params))
        return
    with client.stream(question, **params) as parts:
        for part in parts:
            print_json_line(part)
        print_json_line({"type": "result", "result": parts.result()})


def _print(client: "Client", question: str, params: "ChatParams", *, streamed: bool) -> None:
    from genmux.cli.answers import print_answer, stream_answer

    if streamed:
        stream_answer(client, question, params)
    else:
        print_answer(client.chat(question, **params))
