"""Every fault does what its line in the table says."""

import email.utils
import time
import zlib
from collections.abc import Callable

import msgspec
import pytest

from genmux.contract.error_kinds import HUNDRED_KINDS, STATUS_KINDS
from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply
from genmux.providers.mock.faults import KIND_FAULTS
from genmux.testing.simulator import FAULTS, Simulator
from genmux.testing.simulator.faults.bodies import STATUSES
from genmux.testing.simulator.faults.table import WIRE_FAULTS
from tests.unit.testing.simulator.raw import PATIENCE, PROMPT, Got, ask

Check = Callable[[Got], bool]


def _nothing(end: str) -> Check:
    return lambda got: got.raw == b"" and got.end == end


def _half(end: str) -> Check:
    """Part of the answer, and then the end."""

    def check(got: Got) -> bool:
        if got.header("transfer-encoding"):
            return got.end == end and got.chunks[1] == "cut" and got.text == "one two three"
        return got.end == end and len(got.payload) == int(got.header("content-length") or 0) // 2

    return check


def _short(got: Got) -> bool:
    return got.end == "eof" and len(got.payload) == int(got.header("content-length") or 0) // 2


def _redirect(code: int) -> Check:
    return lambda got: got.status == code and got.header("location") == "/mock/elsewhere"


def _page(code: int) -> Check:
    return lambda got: (
        got.status == code
        and got.body.startswith(b"<!doctype html>")
        and "text/html" in (got.header("content-type") or "")
    )


def _error_in(got: Got, status: int, content_type: str) -> bool:
    return got.status == status and "error" in got.json and (got.header("content-type") or "").startswith(content_type)


def _two_lengths(got: Got) -> bool:
    lengths = [int(value) for name, value in got.headers if name == "content-length"]
    return len(lengths) == 2 and lengths[1] == lengths[0] + 7 == len(got.payload) + 7


def _finishes(got: Got) -> set[object]:
    documents = [got.json] if got.body.startswith(b"{") else [_decoded(data) for _, data in got.events]
    return {value for document in documents for value in _values(document, ("finish_reason", "stop_reason"))}


def _usages(got: Got) -> list[object]:
    documents = [got.json] if got.body.startswith(b"{") else [_decoded(data) for _, data in got.events]
    return [usage for document in documents for usage in _values(document, ("usage",)) if usage]


def _decoded(data: str) -> object:
    return {} if data == "[DONE]" else msgspec.json.decode(data)


def _values(document: object, keys: tuple[str, ...]) -> list[object]:
    if isinstance(document, list):
        return [value for one in document for value in _values(one, keys)]
    if isinstance(document, dict):
        own = [document[key] for key in keys if key in document]
        return own + [value for one in document.values() for value in _values(one, keys)]
    return []


def _objects(document: object) -> list[dict[str, object]]:
    if isinstance(document, list):
        return [found for one in document for found in _objects(one)]
    if isinstance(document, dict):
        return [document, *(found for key, one in document.items() if key != "x_unheard_of" for found in _objects(one))]
    return []


def _extra_everywhere(got: Got) -> bool:
    documents = (
        [got.json] if got.body.startswith(b"{") else [_decoded(data) for _, data in got.events if data != "[DONE]"]
    )
    return got.text == PROMPT and all("x_unheard_of" in one for document in documents for one in _objects(document))


def _null_usage(got: Got) -> bool:
    usages = _usages(got)
    return bool(usages) and all(
        value is None for usage in usages if isinstance(usage, dict) for value in usage.values()
    )


def _last_event(got: Got) -> tuple[str | None, str]:
    return got.events[-1]


def _ends_properly(got: Got) -> bool:
    name, data = _last_event(got)
    return name == "message_stop" or data == "[DONE]"


def _garbage_after_text(got: Got) -> bool:
    pieces = [data for _, data in got.events]
    return "{this is no JSON]" in pieces and got.text == PROMPT and _ends_properly(got)


def _cut_after_text(got: Got) -> bool:
    broken = 0
    for _, data in got.events:
        try:
            _decoded(data)
        except ValueError:
            broken += 1
    return broken == 1 and got.text == PROMPT


def _harmless_right(got: Got) -> bool:
    return got.status == 200 and got.text == PROMPT


CHECKS: dict[str, Check] = {
    "accept_fin": _nothing("eof"),
    "accept_reset": _nothing("reset"),
    "fin_before_body": _nothing("eof"),
    "reset_before_body": _nothing("reset"),
    "fin_after_request": _nothing("eof"),
    "reset_after_request": _nothing("reset"),
    "no_reply": _nothing("silence"),
    "half_head": lambda got: (
        got.raw.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\n\r\n" not in got.raw and got.end == "eof"
    ),
    "garbage_head": lambda got: got.status == 0 and got.raw != b"" and got.end == "eof",
    "stalled_body": _half("silence"),
    "short_body": _short,
    "reset_body": _half("reset"),
    "half_chunk": lambda got: got.chunks[1] == "cut" and got.end == "eof" and got.body != b"",
    "bad_chunk_size": lambda got: got.chunks[1] == "wrong" and got.body != b"",
    "no_final_chunk": lambda got: got.chunks[1] == "cut" and got.text == PROMPT and got.end == "eof",
    "cut_stream": _half("eof"),
    "lying_keep_alive": lambda got: (
        got.header("connection") == "keep-alive" and got.text == PROMPT and got.end == "eof"
    ),
    "redirect_302": _redirect(302),
    "redirect_307": _redirect(307),
    "gigantic_header": lambda got: len(got.header("x-gigantic") or "") == 200_000 and got.text == PROMPT,
    "many_headers": lambda got: len(got.headers) > 10_000 and got.text == PROMPT,
    "endless_headers": lambda got: len(got.raw) >= 1_000_000 and b"\r\n\r\n" not in got.raw,
    "two_lengths": _two_lengths,
    "length_and_chunks": lambda got: got.header("content-length") is not None and got.chunks[1] == "whole",
    "early_hints": lambda got: got.status == 103 and b"HTTP/1.1 200 OK" in got.payload,
    "second_reply": lambda got: (
        got.status == 200 and got.raw.count(b"HTTP/1.1 ") == 2 and b"HTTP/1.1 500" in got.payload
    ),
    "drip": _harmless_right,
    "html_200": _page(200),
    "html_502": _page(502),
    "empty_body": lambda got: got.status == 200 and got.payload == b"",
    "empty_401": lambda got: got.status == 401 and got.payload == b"",
    "cut_json": lambda got: (
        len(got.payload) == int(got.header("content-length") or 0) and not got.payload.endswith(b"}")
    ),
    "broken_utf8": lambda got: b"\xff\xc3(" in got.body and got.body.decode("utf-8", "replace") != "",
    "wrong_shape": lambda got: got.status == 200 and got.json["choices"] == "none",
    "json_list": lambda got: got.status == 200 and got.json == [1, 2, 3],
    "error_in_200": lambda got: _error_in(got, 200, "application/json"),
    "json_error_as_sse": lambda got: _error_in(got, 400, "text/event-stream"),
    "json_error_as_sse_200": lambda got: _error_in(got, 200, "text/event-stream"),
    "bad_gzip": lambda got: got.header("content-encoding") == "gzip" and got.text == PROMPT,
    "gzip_bomb": lambda got: len(got.payload) < 1_000_000 and len(zlib.decompress(got.payload, 31)) == 64 * 1024 * 1024,
    "endless_body": lambda got: got.status == 200 and len(got.raw) >= 1_000_000 and got.chunks[1] == "cut",
    "unknown_finish": lambda got: _finishes(got) - {None} == {"MODEL_ARMOR"} and got.text == PROMPT,
    "no_finish": lambda got: _finishes(got) == {None} and got.text == PROMPT,
    "no_usage": lambda got: not _usages(got) and got.text == PROMPT,
    "null_usage": lambda got: _null_usage(got) and got.text == PROMPT,
    "extra_fields": _extra_everywhere,
    "sse_as_json": lambda got: (
        got.header("content-type") == "application/json" and got.text == PROMPT and _ends_properly(got)
    ),
    "whole_for_stream": lambda got: (
        got.header("content-type") == "application/json" and got.json["model"] == "mock/echo"
    ),
    "error_event": lambda got: (
        got.text == "one two three" and "error" in _last_event(got)[1] and got.chunks[1] == "whole"
    ),
    "named_error_event": lambda got: _last_event(got)[0] == "error" and '"status_code":400' in _last_event(got)[1],
    "clean_cut": lambda got: got.text == "one two three" and got.chunks[1] == "whole" and not _ends_properly(got),
    "empty_stream": lambda got: got.events == [] and got.chunks == (b"", "whole"),
    "missing_terminator": lambda got: (
        got.text == PROMPT and _finishes(got) - {None} != set() and not _ends_properly(got)
    ),
    "garbage_event": _garbage_after_text,
    "cut_event": _cut_after_text,
    "duplicated_event": lambda got: got.text == "oneone two three four five six seven",
    "unknown_event": lambda got: "x_unheard_of" in [name for name, _ in got.events] and got.text == PROMPT,
    "endless_line": lambda got: len(got.raw) >= 1_000_000 and b"\n\n" not in got.body,
    "crlf_lines": lambda got: got.body.count(b"\n") == got.body.count(b"\r\n") > 10 and got.text == PROMPT,
    "cr_lines": lambda got: b"\n" not in got.body and got.text == PROMPT,
    "comments": lambda got: got.body.count(b": PROCESSING\n\n") == len(got.events) and got.text == PROMPT,
    "no_last_blank_line": lambda got: not got.body.endswith(b"\n") and got.text == PROMPT and _ends_properly(got),
    "small_bites": lambda got: b"\r\n7\r\n" in got.payload and got.text == PROMPT,
    **{f"status_{code}": lambda got, code=code: _error_in(got, code, "application/json") for code in STATUSES},
    "retry_after_seconds": lambda got: got.status == 429 and got.header("retry-after") == "1",
    "retry_after_date": lambda got: got.status == 429 and _seconds_ahead(got.header("retry-after")) <= 2,
    "retry_after_ms": lambda got: got.status == 503 and got.header("retry-after-ms") == "1000",
}


SILENT = {"no_reply", "stalled_body"}


def _seconds_ahead(date: str | None) -> float:
    return email.utils.parsedate_to_datetime(date or "").timestamp() - time.time()


def test_every_fault_of_the_table_is_checked_here() -> None:
    assert {*CHECKS} == {*WIRE_FAULTS}
    assert {*FAULTS} == {*WIRE_FAULTS, *KIND_FAULTS}


def _cases() -> list[tuple[str, str, bool]]:
    ways = [(name, stream) for name, one in WIRE_FAULTS.items() for stream in (False, True)]
    fitting = [
        (name, stream) for name, stream in ways if WIRE_FAULTS[name].needs in ("any", "stream" if stream else "whole")
    ]
    return [(name, dialect, stream) for name, stream in fitting for dialect in ("openai", "anthropic")]


@pytest.mark.parametrize(("name", "dialect", "stream"), _cases())
async def test_every_fault_does_what_its_line_says(
    simulator: Simulator, name: str, dialect: str, *, stream: bool
) -> None:
    patience = 0.5 if name in SILENT else PATIENCE
    got = await ask(simulator, dialect, stream=stream, fault=name, patience=patience)
    assert CHECKS[name](got), got
    assert simulator.requests[-1].fault == name
    if WIRE_FAULTS[name].harmless and name != "early_hints":
        assert got.text == PROMPT
    await simulator.until(lambda: simulator.open_connections == 0)


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("kind", KIND_FAULTS)
async def test_every_kind_of_error_is_refused_in_the_dialect(simulator: Simulator, kind: str, dialect: str) -> None:
    got = await ask(simulator, dialect, fault=f"{kind} retry_after=3")
    assert got.status >= 400
    assert "played by the simulator" in got.json["error"]["message"]
    assert got.header("retry-after") == "3"


UNSAID = {"network", "malformed_reply", "configuration", "budget_exceeded", "unsupported", "unknown"}
"""Kinds that no provider says of itself; they arrive as the nearest that the dialect has a word for."""


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_kinds_and_statuses_arrive_as_what_they_are(simulator: Simulator, dialect: str) -> None:
    unsaid = UNSAID | ({"content_filtered"} if dialect == "anthropic" else set())
    expected: dict[str, str] = {kind: kind for kind in KIND_FAULTS if kind not in unsaid}
    expected |= {f"status_{code}": STATUS_KINDS.get(code) or HUNDRED_KINDS[code // 100] for code in STATUSES}
    arrived: dict[str, str] = {}
    for fault in expected:
        got = await ask(simulator, dialect, fault=fault)
        arrived[fault] = classify(HttpReply(status=got.status, headers=dict(got.headers), body=got.body)).kind
    assert arrived == expected


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_a_kind_of_error_can_strike_amid_a_stream(simulator: Simulator, dialect: str) -> None:
    got = await ask(simulator, dialect, stream=True, fault="overloaded after=2")
    assert got.status == 200
    assert got.text == "one two"
    assert "error" in got.events[-1][1]
    assert got.chunks[1] == "whole"


@pytest.mark.parametrize("form", ["seconds", "date", "ms"])
async def test_every_status_tells_how_long_to_wait_in_the_wished_form(simulator: Simulator, form: str) -> None:
    got = await ask(simulator, fault=f"status_503 retry_after=2 form={form}")
    told = got.header("retry-after-ms") if form == "ms" else got.header("retry-after")
    expected = {"seconds": "2", "ms": "2000"}.get(form)
    assert told == expected or _seconds_ahead(told) <= 3


@pytest.mark.parametrize(
    ("prompt", "model", "fault"),
    [
        (f"{PROMPT} [mock status_429]", "mock/echo", None),
        (PROMPT, "mock/fault-status-429", None),
        (PROMPT, "fault-status_429", None),
        (PROMPT, "mock/echo", "status_429"),
        (f"{PROMPT} [mock fault=status_500]", "mock/echo", "status-429"),
    ],
)
async def test_a_fault_is_asked_for_in_prompt_model_or_header(
    simulator: Simulator, prompt: str, model: str, fault: str | None
) -> None:
    got = await ask(simulator, prompt=prompt, model=model, fault=fault)
    assert got.status == 429


async def test_a_fault_that_does_not_exist_is_an_error_with_a_hint(simulator: Simulator) -> None:
    got = await ask(simulator, fault="stalled_boddy")
    assert got.status == 400
    assert "did you mean stalled_body" in got.json["error"]["message"]
    assert "GET /mock/faults" in (await ask(simulator, fault="xyz")).json["error"]["message"]


async def test_a_fault_that_cannot_strike_this_reply_is_an_error(simulator: Simulator) -> None:
    assert "ask with `stream`" in (await ask(simulator, fault="cut_stream")).json["error"]["message"]
    assert "ask without `stream`" in (await ask(simulator, fault="cut_json", stream=True)).json["error"]["message"]


async def test_a_directive_beside_the_prompt_that_is_not_understood_is_an_error(simulator: Simulator) -> None:
    got = await ask(simulator, fault="no_reply pace=x")
    assert got.status == 400
    assert "is not understood" in got.json["error"]["message"]
