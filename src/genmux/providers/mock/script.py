"""Scripts: what the simulator shall answer to which request, and which faults it shall play."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from genmux.contract.toml_lines import describe
from genmux.types.chat import ChatRequest, FinishUnified
from genmux.types.content import Fields, ToolResult
from genmux.types.errors import ConfigurationError, Retry

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Length = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Count = Annotated[int, msgspec.Meta(ge=0)]
RetryAfterForm = Literal["seconds", "date", "ms"]
"""How a server writes how long to wait: `retry-after` in seconds or as a date, or `retry-after-ms`."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that goes wrong: one kind of error, or a fault of the wire that only the simulator's server can play.

    `after` is how many tokens are still streamed before it (0: nothing is answered at all), `retry_after` is in seconds. What
    else is left out is taken from the table of faults.
    """

    name: str
    after: Count = 0
    retry_after: Seconds | None = None
    form: RetryAfterForm = "seconds"
    retry: Retry | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None


class ScriptedCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A tool call as it shall be made; arguments given as text are passed on as they are, even if they are not JSON."""

    name: str
    arguments: Fields | str = msgspec.field(default_factory=dict)
    id: str | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An answer as it shall be given.

    `usage` is by meter (`"tokens.input.cached" = 12`) and replaces what would be counted. `pace` is the time between two
    tokens, `latency` the time before the first, both in seconds.
    """

    text: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ScriptedCall, ...] = ()
    finish: FinishUnified | None = None
    finish_raw: str | None = None
    usage: dict[str, int] | None = None
    latency: Seconds | None = None
    pace: Seconds | None = None


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """For which requests a rule is meant; all that is said must hold.

    `contains` and `regex` are looked for in the last text of the user. `turn` counts the user's messages, from 1.
    """

    model: str | None = None
    contains: str | None = None
    regex: str | None = None
    turn: int | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to do with the requests of one sort: give `reply`, play `fault`, or break off `reply` with `fault`.

    `times` is how often the rule may be used; afterwards the next fitting one is.
    """

    when: When = When()
    reply: Reply | None = None
    fault: Fault | str | None = None
    times: Count | None = None


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rules, of which the first fitting one is used, and how answers are given where a rule does not say.

    `latency` and `pace` are in seconds, `tokens` is the length of made-up answers, `error_rate` the share (0 to 1) of requests
    that fail, drawn by `seed`.
    """

    rules: tuple[Rule, ...] = ()
    latency: Seconds | None = None
    pace: Seconds | None = None
    tokens: Length | None = None
    error_rate: Share | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse a rule that does nothing and a pattern that is none."""
        for number, rule in enumerate(self.rules, start=1):
            if rule.reply is None and rule.fault is None:
                raise ValueError(f"rule {number} has neither `reply` nor `fault`; give it one")
            try:
                re.compile(rule.when.regex or "")
            except re.error as error:
                raise ValueError(f"rule {number}: `regex` is {rule.when.regex!r}: {error}") from error

    def as_option(self) -> str:
        """The script as text, for `get_provider("mock", script=…)`."""
        return msgspec.json.encode(self).decode()


def read_script(script: "Script | str | Path") -> Script:
    """A script from a TOML or JSON file, or from JSON text. Raises ConfigurationError that says what is wrong and where."""
    if isinstance(script, Script):
        return script
    source, text = str(script), str(script)
    if not text.lstrip().startswith("{"):
        try:
            text = Path(script).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the script {source} cannot be read: {error}", param="script") from error
    else:
        source = "the script"
    try:
        table: Any = msgspec.json.decode(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        return msgspec.convert(table, Script)
    except msgspec.ValidationError as error:
        raise ConfigurationError(describe(source, text, str(error)), param="script") from error
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{source}: {error}", param="script") from error


class Player:
    """Plays a script: finds the rule for each request and remembers how often each was used."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._left = [rule.times for rule in script.rules]

    def rule_for(self, *, model: str, text: str, turn: int) -> Rule | None:
        """The first rule that fits and is not used up; it counts as used."""
        for number, rule in enumerate(self.script.rules):
            left = self._left[number]
            if left == 0 or not _fits(rule.when, model, text, turn):
                continue
            if left is not None:
                self._left[number] = left - 1
            return rule
        return None

    def names(self, model: str) -> bool:
        """Whether a rule is meant for this very model."""
        return any(rule.when.model == model for rule in self.script.rules)


def _fits(when: When, model: str, text: str, turn: int) -> bool:
    return (
        (when.model is None or when.model == model)
        and (when.contains is None or when.contains in text)
        and (when.regex is None or re.search(when.regex, text) is not None)
        and (when.turn is None or when.turn == turn)
    )


def turn_of(request: ChatRequest) -> int:
    """Which turn of the conversation it is, counted by the user's messages; bare tool results are none."""
    return sum(
        message.role == "user" and not all(isinstance(block, ToolResult) for block in message.content)
        for message in request.messages
    )


def user_text(request: ChatRequest) -> str:
    """The last text of the user."""
    return next((message.text for message in reversed(request.messages) if message.role == "user" and message.text), "")
