"""Reads what an error body says, wherever it says it.

Error bodies have no common form, and often not even one within a provider (proxies answer in its place). So this is the
one place that walks decoded JSON as dictionaries: it looks for known keys, from the inside out.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

MESSAGE_KEYS = (
    "message", "Message", "detail", "msg", "error_description", "error_message", "errorMessage", "error", "errors",
    "details", "title", "status_msg", "faultstring", "fault", "reason", "ErrMsg", "err_msg",
)  # fmt: skip
"""Where the words stand, best first."""

CODE_KEYS = (
    "code",
    "error_code",
    "errorCode",
    "ErrCode",
    "reason",
    "type",
    "error_type",
    "__type",
    "status",
    "err_code",
    "category",
)
"""Where the provider's own codes stand, most telling first."""

STATUS_KEYS = ("status_code", "raw_status_code", "statusCode", "status", "code", "error_code")
"""Where a body repeats the HTTP status, or says it instead of the HTTP status (errors inside a stream)."""

WAIT_KEYS = ("retry_after", "retry_after_seconds", "retryAfter", "estimated_time")
"""Where a body says how many seconds to wait; `estimated_time` is Hugging Face loading a model."""

REQUEST_ID_KEYS = ("request_id", "requestId", "id", "trace")
"""Where a body names the request."""

INNER_KEYS = ("error", "fault", "response", "detail")
"""Tables that say it better than the table around them. `response` is the failed answer of OpenAI Responses, `detail` ElevenLabs'."""

FURTHER_KEYS = ("innererror", "inner_error")
"""Tables that add to the table around them (Azure)."""

_DEPTH = 5
_STATUS = re.compile(r"[45]\d\d")
_CODE_LENGTH = 100
_NO_CODES = {"error", "list", "object", ""}
_SECONDS = re.compile(r"(\d{1,15}(?:\.\d+)?)s")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What an error body says: words, codes (most telling first), which parameter, HTTP status, seconds to wait."""

    message: str | None = None
    codes: tuple[str, ...] = ()
    param: str | None = None
    status: int | None = None
    retry_after: float | None = None
    request_id: str | None = None


def read_fault(body: bytes) -> Fault:
    """Read an error body; one that is not JSON says nothing that is certain."""
    try:
        return fault_of(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault()


def fault_of(parsed: Any) -> Fault:
    """Read an error that is decoded already, such as an error event inside a stream."""
    if isinstance(parsed, list) and len(parsed) == 1:  # Google's array streams
        return fault_of(parsed[0])
    if not isinstance(parsed, dict):
        return Fault(message=_words(parsed))
    tables = tuple(_tables(parsed))
    upstream = _upstream(parsed)
    codes = [code for table in tables for code in _codes(table)]
    codes.sort(key=_repeats_status)
    # A one-word `error` beside a message is a code: {"error": "invalid_grant", "message": "…"}.
    word = parsed.get("error")
    if isinstance(word, str) and word and " " not in word and len(parsed) > 1:
        codes.append(word)
    return Fault(
        message=_joined(_first(_words_of, tables), upstream.message),
        codes=tuple(dict.fromkeys((*codes, *upstream.codes))),
        param=_first(_param, tables),
        status=_first(_status, tables),
        retry_after=_first(_wait, tables) or upstream.retry_after,
        request_id=_first(_request_id, tables),
    )


def _tables(parsed: Mapping[str, Any], depth: int = _DEPTH) -> Iterator[Mapping[str, Any]]:
    """The most telling table first, the outermost last."""
    inner = [parsed.get(key) for key in INNER_KEYS]
    match parsed.get("errors"):
        case [dict() as first, *_]:
            inner.append(first)
        case _:
            pass
    for table in inner:
        if isinstance(table, dict) and depth:
            yield from _tables(table, depth - 1)
    yield parsed
    yield from (table for key in FURTHER_KEYS if isinstance(table := parsed.get(key), dict))


def _first(look: Any, tables: tuple[Mapping[str, Any], ...]) -> Any:
    return next((found for table in tables if (found := look(table)) is not None), None)


def _words_of(table: Mapping[str, Any], depth: int = _DEPTH) -> str | None:
    found = (_words(table[key], depth) for key in MESSAGE_KEYS if key in table)
    return next((words for words in found if words), None)


def _words(value: Any, depth: int = _DEPTH) -> str | None:
    """The words of a text, of a list of complaints, or of a table that holds them."""
    match value:
        case str():
            return value.strip() or None
        case list() if depth:
            return "; ".join(words for item in value if (words := _words(item, depth - 1))) or None
        case {"loc": list() as place, "msg": str() as complaint}:  # FastAPI: Mistral, vLLM
            return f"{'.'.join(map(str, place))}: {complaint}"
        case dict() if depth:
            return _words_of(value, depth - 1)
        case _:
            return None


def _joined(message: str | None, upstream: str | None) -> str | None:
    if message and upstream and upstream not in message:
        return f"{message}: {upstream}"
    return message or upstream


def _upstream(parsed: Mapping[str, Any]) -> Fault:
    """OpenRouter puts the error of the provider behind it into `error.metadata.raw`, as text or as JSON in text."""
    match parsed:
        case {"error": {"metadata": {"raw": str() as raw}}} if raw.lstrip()[:1] in ("{", "["):
            return _without_status(read_fault(raw.encode()))
        case {"error": {"metadata": {"raw": str() as raw}}}:
            return Fault(message=raw.strip() or None)
        case {"error": {"metadata": {"raw": dict() as raw}}}:
            return _without_status(fault_of({key: value for key, value in raw.items() if key != "metadata"}))
        case _:
            return Fault()


def _without_status(fault: Fault) -> Fault:
    codes = tuple(code for code in fault.codes if not _repeats_status(code))
    return msgspec.structs.replace(fault, status=None, codes=codes)


def _codes(table: Mapping[str, Any]) -> Iterator[str]:
    for key in CODE_KEYS:
        value = table.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int):
            continue
        code = str(value).rpartition("#")[2].strip()
        if code not in _NO_CODES and len(code) <= _CODE_LENGTH:
            yield code
    for detail in _details(table):  # Google: details[].reason says more than status
        if isinstance(reason := detail.get("reason"), str) and reason:
            yield reason


def _repeats_status(code: str) -> bool:
    """Such a code is the least telling."""
    return _STATUS.fullmatch(code) is not None


def _details(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = table.get("details")
    if isinstance(details, list):
        yield from (detail for detail in details if isinstance(detail, dict))


def _param(table: Mapping[str, Any]) -> str | None:
    if isinstance(param := table.get("param"), str) and param:
        return param
    for detail in _details(table):
        match detail:
            case {"fieldViolations": [{"field": str() as field}, *_]}:
                return field
            case _:
                pass
    match table.get("detail"):
        case [{"loc": list() as place}, *_] if place:
            return ".".join(map(str, place[1:] if place[0] == "body" else place)) or None
        case _:
            return None


def _status(table: Mapping[str, Any]) -> int | None:
    for key in STATUS_KEYS:
        if _STATUS.fullmatch(text := str(table.get(key))):
            return int(text)
    return None


def _wait(table: Mapping[str, Any]) -> float | None:
    for detail in _details(table):  # Google: details[].retryDelay = "34.4s"
        if delay := _SECONDS.fullmatch(str(detail.get("retryDelay"))):
            return float(delay[1])
    for key in WAIT_KEYS:
        match table.get(key):
            case bool():
                continue
            case int() | float() as wait if math.isfinite(wait) and wait >= 0:
                return float(wait)
            case _:
                continue
    return None


def _request_id(table: Mapping[str, Any]) -> str | None:
    for key in REQUEST_ID_KEYS:
        match table.get(key):
            case str() as found if found:
                return found
            case _:
                continue
    return None
