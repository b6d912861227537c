"""How one simulated job goes: what it is told by directives, in its prompt, in a header, or from outside.

A directive is a name and perhaps a value. In a prompt it stands in double brackets, `a cat [[queue 3]] [[filtered]]`; in the
header `x-simulator-script` and everywhere else several are separated by semicolons: `queue 3; filtered`. `DIRECTIVES` lists
them. What a prompt says wins over the header, the header over `MediaSimulator.upcoming`, that over the default script.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

import msgspec

from genmux.testing.simulator.media.refusal import REFUSALS, Refusal

HEADER = "x-simulator-script"
UNKNOWN = "simulated-unknown"
"""The word that no provider has in its table."""

StateWord = Literal["pending", "processing", "completed", "filtered", "failed", "cancelled", "expired"]
ReplyFault = Literal["lost", "none", "garbled", "error", "error-200", "never-came"]
PollFault = Literal["error", "error-200", "garbled", "cut", "stall", "rate-limit"]
FileFault = Literal["truncated", "endless", "huge", "wrong-type", "dead-link", "error", "slow", "redirect"]
HookFault = Literal["lost", "duplicate", "forged", "replayed"]

_IN_PROMPT = re.compile(r"\[\[\s*([a-z][a-z0-9-]*)\s*((?:[^\]]|\](?!\]))*)\]\]")


class Script(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one job goes. Spans are in seconds; `DIRECTIVES` explains each field."""

    queue: float = 0.0
    work: float = 1.0
    ending: StateWord = "completed"
    reason: str = ""
    word: str | None = None
    late: float | None = None
    missing: float = 0.0
    forgotten: float | None = None
    outputs: int | None = None
    withheld: int = 0
    amount: Decimal | None = None
    refusal: str | None = None
    retry_after: float | None = None
    reply: ReplyFault | None = None
    slow: tuple[float, float] = (0.0, 0.0)
    latency: float = 0.0
    polls: tuple[PollFault, int] | None = None
    cancel: Literal["refused", "ignored"] | None = None
    cancel_after: float = 0.0
    file: tuple[FileFault, str] | None = None
    link: float | None = None
    hooks: tuple[HookFault, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether polls are answered as they should be, and at once."""
        return (
            self.polls is None
            and self.word is None
            and not self.missing
            and self.forgotten is None
            and not self.latency
        )

    def told(self, directives: str) -> "Script":
        """The script with what directives say, separated by semicolons. Raises Refusal for one that there is not."""
        pairs = (part.strip().partition(" ") for part in directives.split(";"))
        return self._with((name, value.strip()) for name, _, value in pairs if name)

    def told_in(self, prompt: str) -> "Script":
        """The script with the directives of a prompt."""
        return self._with(_IN_PROMPT.findall(prompt)) if "[[" in prompt else self

    def _with(self, directives: "Iterator[tuple[str, str]] | list[tuple[str, str]]") -> "Script":
        script = self
        for name, value in directives:
            directive = DIRECTIVES.get(name)
            if directive is None:
                near = difflib.get_close_matches(name, DIRECTIVES, n=3) or sorted(DIRECTIVES)
                raise Refusal("invalid_request", f"there is no directive {name!r}; did you mean {' or '.join(near)}?")
            try:
                changes = directive.change(script, value.strip())
            except (ValueError, InvalidOperation) as error:
                raise Refusal("invalid_request", f"the directive `{name} {value}` is wrong: {error}") from error
            script = msgspec.structs.replace(script, **changes)
        return script


Change = Callable[[Script, str], dict[str, Any]]
"""From the script so far and a directive's value to the fields that become others."""


class Directive(NamedTuple):
    """What a directive changes, and what it is for."""

    change: Change
    meaning: str


def _number(field: str, default: float | None = None) -> Change:
    def change(_script: Script, value: str) -> dict[str, Any]:
        return {field: float(value) if value or default is None else default}

    return change


def _count(field: str) -> Change:
    return lambda _script, value: {field: int(value)}


def _fixed(**fields: Any) -> Change:
    return lambda _script, _value: fields


def _ends(state: StateWord) -> Change:
    return lambda _script, value: {"ending": state, "reason": value}


def _refused(kind: str) -> Change:
    return lambda _script, value: {"refusal": kind, "retry_after": float(value) if value else None}


def _polls(fault: PollFault) -> Change:
    return lambda _script, value: {"polls": (fault, int(value or 1))}


def _file(fault: FileFault, default: str = "") -> Change:
    return lambda _script, value: {"file": (fault, value or default)}


def _hook(fault: HookFault) -> Change:
    return lambda script, _value: {"hooks": (*script.hooks, fault)}


def _text(field: str) -> Change:
    return lambda _script, value: {field: value}


def _amount(_script: Script, value: str) -> dict[str, Any]:
    return {"amount": Decimal(value)}


def _slow(_script: Script, value: str) -> dict[str, Any]:
    low, _, high = value.partition(" ")
    return {"slow": (float(low), float(high or low))}


def _refuse_any(_script: Script, value: str) -> dict[str, Any]:
    kind = value or "invalid_request"
    if kind not in REFUSALS:
        raise ValueError(f"the kinds are {', '.join(REFUSALS)}")
    return {"refusal": kind}


DIRECTIVES: dict[str, Directive] = {
    # the life of the job
    "queue": Directive(_number("queue"), "wait so many seconds in the queue"),
    "work": Directive(_number("work"), "work so many seconds"),
    "stuck": Directive(_fixed(work=float("inf")), "never end"),
    "filtered": Directive(_ends("filtered"), "the content policy keeps everything back; the value is its reason"),
    "failed": Directive(_ends("failed"), "fail; the value is the provider's message"),
    "expired": Directive(_ends("expired"), "the provider gives the job up because of its age"),
    "cancelled": Directive(_ends("cancelled"), "the provider cancels the job by itself"),
    "late": Directive(_number("late", 1.0), "succeed, and so many seconds afterwards be moderated: the files are gone"),
    "status": Directive(_text("word"), "polls use this very word for where the job stands"),
    "unknown-status": Directive(_fixed(word=UNKNOWN), "use a word for it that is in no table, from the submission on"),
    "missing": Directive(_number("missing"), "be unknown for so many seconds after the submission"),
    "forgotten": Directive(_number("forgotten", 0.0), "be unknown again so many seconds after the submission"),
    "empty": Directive(_fixed(outputs=0), "succeed without outputs"),
    "outputs": Directive(_count("outputs"), "so many outputs"),
    "withheld": Directive(_count("withheld"), "so many of the outputs are kept back by the content policy"),
    "bill": Directive(_amount, "what the job costs, in US dollars"),
    # the submission
    "refused": Directive(_refuse_any, "refuse it, for a reason by its kind; nothing is billed"),
    "slots-full": Directive(_refused("rate_limit"), "refuse it with 429; the value is when to come again, in seconds"),
    "overloaded": Directive(_refused("overloaded"), "refuse it with 503"),
    "no-credit": Directive(_refused("quota_exceeded"), "refuse it: the account is empty"),
    "unauthorized": Directive(_refused("authentication"), "refuse it: the key is wrong"),
    "refused-content": Directive(_refused("content_filtered"), "refuse it: the content policy"),
    "slow": Directive(_slow, "accept, and answer after so many seconds; two numbers are a range"),
    "lost-reply": Directive(_fixed(reply="lost"), "accept and bill, then cut the connection"),
    "no-answer": Directive(_fixed(reply="none"), "accept and bill, then never answer"),
    "garbled": Directive(_fixed(reply="garbled"), "accept and bill, then answer 200 with what nobody can read"),
    "error-after": Directive(_fixed(reply="error"), "accept and bill, then answer 500"),
    "error-200": Directive(_fixed(reply="error-200"), "refuse it with an error inside of a success"),
    "lost-request": Directive(_fixed(reply="never-came"), "cut the connection without having accepted anything"),
    # everything that asks for the job
    "latency": Directive(_number("latency"), "every answer about the job takes so many seconds"),
    "poll-error": Directive(_polls("error"), "the first polls (their number is the value) answer 500"),
    "poll-error-200": Directive(_polls("error-200"), "… answer 200 with an error inside"),
    "poll-garbled": Directive(_polls("garbled"), "… answer what nobody can read"),
    "poll-cut": Directive(_polls("cut"), "… are cut"),
    "poll-stall": Directive(_polls("stall"), "… are never answered"),
    "poll-rate-limit": Directive(_polls("rate-limit"), "… answer 429"),
    "cancel-refused": Directive(_fixed(cancel="refused"), "refuse to cancel"),
    "cancel-ignored": Directive(_fixed(cancel="ignored"), "say yes to a cancellation and go on"),
    "cancel-after": Directive(_number("cancel_after"), "a cancellation takes so many seconds"),
    # its files
    "truncated": Directive(_file("truncated"), "downloads break off in the middle"),
    "endless": Directive(_file("endless"), "downloads never end"),
    "huge": Directive(_file("huge", "500000000"), "the file has so many bytes"),
    "wrong-type": Directive(_file("wrong-type"), "the file is a page of HTML that says it is what was asked for"),
    "dead-link": Directive(_file("dead-link"), "links are expired as soon as they are told"),
    "link": Directive(_number("link"), "links live so many seconds"),
    "file-error": Directive(_file("error", "1"), "the first downloads (their number is the value) answer 503"),
    "slow-file": Directive(_file("slow", "5"), "downloads take so many seconds"),
    "redirect": Directive(_file("redirect"), "downloads lead to the address that is the value"),
    # its webhooks
    "hook-lost": Directive(_hook("lost"), "no webhook is sent"),
    "hook-duplicate": Directive(_hook("duplicate"), "every webhook is sent twice"),
    "hook-forged": Directive(_hook("forged"), "a forged one comes before every webhook, and says that it ended well"),
    "hook-replayed": Directive(_hook("replayed"), "after every webhook the same comes with a stamp of an hour ago"),
}
