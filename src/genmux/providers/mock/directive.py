"""Wishes written into the prompt: `[mock fault=rate_limit after=3 pace=0.01 tokens=50]`."""

import re
from typing import Any

import msgspec

from genmux.providers.mock.script import Count, Length, RetryAfterForm, Seconds
from genmux.types.errors import InvalidRequestError, Retry

_IN_TEXT = re.compile(r"\s?\[mock\s+([^\]]*)\]")


class Directive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the caller wishes to be answered; what is None is left to the script and the provider's options.

    `latency`, `pace` and `retry_after` are in seconds; `after` and `tokens` count tokens, `calls` tool calls. `form` is how a
    server writes `retry_after`: `seconds`, `date` or `ms`.
    """

    fault: str | None = None
    after: Count | None = None
    latency: Seconds | None = None
    pace: Seconds | None = None
    tokens: Length | None = None
    calls: Count | None = None
    retry_after: Seconds | None = None
    retry: Retry | None = None
    form: RetryAfterForm | None = None


NO_DIRECTIVE = Directive()


def read_directive(words: str) -> Directive:
    """Read `fault=rate_limit after=3`; the first bare word is the fault.

    Raises InvalidRequestError that names the word that is not understood.
    """
    said: dict[str, Any] = {}
    for word in words.split():
        key, equals, value = word.partition("=")
        if not equals:
            key, value = "fault", word
        said[key.replace("-", "_")] = value.replace("-", "_") if key == "fault" else value
    try:
        return msgspec.convert(said, Directive, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(Directive.__struct_fields__)
        message = f"the directive [mock {words}] is not understood: {error}; it may say {known}"
        raise InvalidRequestError(message, param="messages") from error


def split(text: str) -> tuple[str, Directive]:
    """A text without the directives in it, and what they say together."""
    if "[mock" not in text:
        return text, NO_DIRECTIVE
    found = " ".join(_IN_TEXT.findall(text))
    return _IN_TEXT.sub("", text).strip(), read_directive(found)
