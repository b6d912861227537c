"""From a provider's error reply to our error."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.error_kinds import (
    RETRY_BY_KIND,
    STATUS_KINDS,
    VAGUE_KINDS,
    kind_of_code,
    kind_of_status,
    kind_of_words,
)
from genmux.contract.fault import Fault, fault_of, read_fault
from genmux.contract.http import HttpReply
from genmux.types.errors import ErrorKind, ProviderError, Retry

REQUEST_ID_HEADERS = (
    "request-id", "x-request-id", "x-amzn-requestid", "apim-request-id", "mistral-correlation-id", "x-ds-trace-id",
    "x-debug-trace-id", "x-correlation-id", "x-trace-id", "dg-request-id", "cf-ray",
)  # fmt: skip
"""Under which names providers send the id by which their support finds a request, best first."""

BODY_LIMIT = 2_000
"""How many characters of a reply's body, and of its message, an error keeps."""


class ErrorMap(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of one provider's errors.

    `codes` maps its own codes and types to kinds; `phrases` are looked for in the message (lower case), for providers
    that say it only in words; `kinds` replaces the meaning of a status.
    """

    codes: Mapping[str, ErrorKind] = msgspec.field(default_factory=dict)
    phrases: Mapping[str, ErrorKind] = msgspec.field(default_factory=dict)
    kinds: Mapping[int, ErrorKind] = msgspec.field(default_factory=dict)


def error_map_of(table: Mapping[str, ErrorKind]) -> ErrorMap:
    """A manifest's `[errors]`: three digits are an HTTP status, a key with a space is a phrase, all others are codes."""
    codes: dict[str, ErrorKind] = {}
    phrases: dict[str, ErrorKind] = {}
    statuses: dict[int, ErrorKind] = {}
    for key, kind in table.items():
        if len(key) == 3 and key.isdecimal():
            statuses[int(key)] = kind
        elif " " in key:
            phrases[key.lower()] = kind
        else:
            codes[key] = kind
    return ErrorMap(codes=codes, phrases=phrases, kinds=statuses)


PROXY_STATUSES = frozenset({500, 502, 503})
"""With these a proxy in front of the provider answers when the connection behind it breaks, in text or HTML."""

COMMON = ErrorMap()
"""For providers of which nothing special is known."""


def classify(reply: HttpReply, errors: ErrorMap = COMMON, *, fault: Fault | None = None) -> ProviderError:
    """Make the error for a reply that is one. `fault` is what its body says, where that was read already."""
    told = _with_header_codes(fault or read_fault(reply.body), reply.headers)
    retry = Retry.NEVER if reply.headers.get("x-should-retry") == "false" else None
    by_proxy = reply.status in PROXY_STATUSES and not reply.body.lstrip().startswith((b"{", b"["))
    if retry is None and by_proxy and "retry-after" not in reply.headers:
        retry = Retry.UNSURE  # perhaps a proxy speaks, after the provider had taken the request
    return _error(
        told,
        errors,
        status=reply.status if reply.status >= 400 or told.status is None else told.status,
        message=told.message or _words(reply),
        retry=retry,
        request_id=request_id_of(reply.headers) or told.request_id,
        body=reply.body[:BODY_LIMIT].decode("utf-8", "replace") or None,
    )


def stream_error(parsed: Any, errors: ErrorMap = COMMON, *, status: int | None = None) -> ProviderError:
    """Make the error for a decoded error event inside a stream that had begun well.

    `status` is for dialects whose errors name it elsewhere; otherwise it is what the event says.
    """
    told = fault_of(parsed)
    return _error(
        told,
        errors,
        status=status or told.status,
        message=told.message or "the provider ended the stream with an error and said no more",
        request_id=told.request_id,
        body=msgspec.json.encode(parsed)[:BODY_LIMIT].decode("utf-8", "replace"),
    )


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The provider's id of a request, from the headers of its reply (names in lower case)."""
    for name in REQUEST_ID_HEADERS:
        if found := headers.get(name):
            return found
    return None


def _error(  # noqa: PLR0913 — one field each
    told: Fault,
    errors: ErrorMap,
    *,
    status: int | None,
    message: str,
    request_id: str | None,
    body: str | None,
    retry: Retry | None = None,
) -> ProviderError:
    kind = _kind(status, told.codes, message, errors)
    return ProviderError(
        message[:BODY_LIMIT],
        kind=kind,
        status=status,
        code=told.codes[0] if told.codes else None,
        param=told.param,
        retry=retry or _retry(kind, status),
        retry_after=told.retry_after,
        request_id=request_id,
        body=body,
    )


def _kind(status: int | None, codes: tuple[str, ...], message: str, errors: ErrorMap) -> ErrorKind:
    """The provider's own table, then a telling code, then words, then the status, then a vague code."""
    if own := next((kind for code in codes if (kind := errors.codes.get(code))), None):
        return own
    common = [kind for code in codes if (kind := kind_of_code(code))]
    if telling := next((kind for kind in common if kind not in VAGUE_KINDS), None):
        return telling
    # A 401 is about the key, whatever else its message talks about.
    if status != 401 and (by_words := _own_words(message.lower(), errors) or kind_of_words(message)):
        return by_words
    by_status = errors.kinds.get(status or 0) or kind_of_status(status)
    return by_status or next(iter(common), ErrorKind.UNKNOWN)


def _retry(kind: ErrorKind, status: int | None) -> Retry:
    """A status that tells of a time-out leaves it open whether the request was accepted, whatever the words say."""
    usual = RETRY_BY_KIND.get(kind, Retry.NEVER)
    timed_out = status is not None and STATUS_KINDS.get(status) is ErrorKind.TIMEOUT
    return Retry.UNSURE if timed_out and usual is Retry.SAFE else usual


def _own_words(message: str, errors: ErrorMap) -> ErrorKind | None:
    return next((kind for phrase, kind in errors.phrases.items() if phrase in message), None)


def _with_header_codes(told: Fault, headers: Mapping[str, str]) -> Fault:
    """AWS names the error only in a header: `x-amzn-errortype: Name:http://…`."""
    name = headers.get("x-amzn-errortype", "").partition(":")[0]
    return msgspec.structs.replace(told, codes=(name, *told.codes)) if name else told


def _words(reply: HttpReply) -> str:
    """What to say for a body that is not an error in JSON."""
    text = reply.body[:BODY_LIMIT].decode("utf-8", "replace").strip()
    answered = f"the provider answered HTTP {reply.status}"
    if reply.status // 100 == 3:
        target = reply.headers.get("location", "an unnamed place")
        return f"{answered}, a redirect to {target}; redirects are not followed, so correct `base_url`"
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>\s*([^<]+?)\s*</title>", text, re.IGNORECASE)
        return f"{answered} with a page of HTML" + (f": {title[1]}" if title else "")
    return text[:200] or f"{answered} and said no more"
