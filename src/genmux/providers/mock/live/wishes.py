"""Wishes for a session: `[mock pace=0.02 say="Good evening"] [mock turn=2 tool=weather barge=0]`."""

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from genmux.providers.mock.script import Count, Seconds, Share
from genmux.types.errors import ConfigurationError, InvalidRequestError

_IN_TEXT = re.compile(r"\s?\[mock\s+([^\]]*)\]")


class LiveWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the simulator shall answer; it stands in the instructions, in a text, or in the parameters of a session.

    - `turn`: only for that answer of the session, counted from 1.
    - `latency` before the first sound, up to `jitter` more before each piece, `pace` between two pieces of 20 ms: seconds.
    - `say`: the words of the answer; `seconds`: how long its sound is; `heard`: what the user is taken to have said.
    - `tool`: the tool to call first, with these `arguments` (JSON).
    - `barge`: after so many pieces (0: before the first; of a tool call: right after it) somebody is taken to speak.
    - `transcript`: when the user's words are written down: before the answer, `late` (after it), or not at all (`none`).
    - `fault`: a kind of error, or one of `FATES`; `after` so many pieces. `error_rate` and `seed` draw errors.
    - `remaining`: so many requests are told to be left. `going`: the connection is announced to end in so many seconds.
    - `wire`: frames that no provider should send, by their names in `genmux.testing.simulator`, separated by commas.
    """

    turn: Count | None = None
    latency: Seconds | None = None
    jitter: Seconds | None = None
    pace: Seconds | None = None
    say: str | None = None
    seconds: Seconds | None = None
    heard: str | None = None
    tool: str | None = None
    arguments: str | None = None
    barge: Count | None = None
    transcript: Literal["early", "late", "none"] | None = None
    fault: str | None = None
    after: Count | None = None
    error_rate: Share | None = None
    seed: int | None = None
    remaining: Count | None = None
    going: Seconds | None = None
    wire: str | None = None


NO_WISH = LiveWish()

OPTIONS = ("latency", "jitter", "pace", "error_rate", "seed")
"""Options of the provider that are wishes, too."""


def read_wish(words: str) -> LiveWish:
    """Read `fault=drop after=3`; the first bare word is the fault. Raises InvalidRequestError that names what is not understood."""
    said: dict[str, Any] = {}
    try:
        for word in shlex.split(words):
            key, equals, value = word.partition("=")
            if not equals:
                key, value = "fault", word
            said[key.replace("-", "_")] = value.replace("-", "_") if key == "fault" else value
        return msgspec.convert(said, LiveWish, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        known = ", ".join(LiveWish.__struct_fields__)
        message = f"the directive [mock {words}] is not understood: {error}; in sessions it may say {known}"
        raise InvalidRequestError(message, param="instructions") from error


def split_wishes(text: str | None) -> tuple[str, tuple[LiveWish, ...]]:
    """A text without the directives in it, and what each of them wishes for."""
    if text is None or "[mock" not in text:
        return text or "", ()
    return _IN_TEXT.sub("", text).strip(), tuple(read_wish(one) for one in _IN_TEXT.findall(text))


def wishes_of(params: Mapping[str, Any]) -> tuple[LiveWish, ...]:
    """What the parameters of a session wish for; those of other names are passed over."""
    said = {name: value for name, value in params.items() if name in LiveWish.__struct_fields__}
    try:
        return (msgspec.convert(said, LiveWish, strict=False),) if said else ()
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"a parameter of the session is wrong: {error}", param="params") from error


def usual_wishes(options: Mapping[str, str]) -> tuple[LiveWish, ...]:
    """What the options of the provider wish for all sessions; those that are for other models are passed over.

    Raises ConfigurationError.
    """
    said = {name: value for name, value in options.items() if name in OPTIONS and value}
    try:
        return (msgspec.convert(said, LiveWish, strict=False),) if said else ()
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"an option of the provider mock is wrong: {error}", provider="mock") from error


def wish_for(turn: int, wishes: Iterable[LiveWish]) -> LiveWish:
    """What is wished for one answer; of two that wish for the same, one for this very turn wins, then the first."""
    mine = [one for one in wishes if one.turn in (None, turn)]
    made: dict[str, Any] = {}
    for one in sorted(mine, key=lambda wish: wish.turn is None):
        for name in LiveWish.__struct_fields__:
            if (value := getattr(one, name)) is not None:
                made.setdefault(name, value)
    return LiveWish(**made)
