"""What holds for every request, reply and stream, however odd."""

import itertools
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.http import HttpReply, WireEvent
from genmux.dialects.anthropic_messages import normalize
from genmux.types.chat import ChatRequest, Message, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Cache, File, Image, Reasoning, Text, ToolCall, ToolResult
from genmux.types.errors import ProviderError
from genmux.types.join import join
from genmux.types.split import split
from tests.unit.dialects.anthropic_messages.speaking import (
    HI,
    SERVER,
    WIRE,
    accepted,
    decoded,
    encoded,
    events_of,
    model,
    read,
    responded,
    sent,
    written,
)

NAME = "anthropic_messages"
WORDS = st.text(max_size=6)
LETTERS = st.text(alphabet="abcXYZ019_-", min_size=1, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(LETTERS, inner, max_size=2),
    max_leaves=5,
)
UNKNOWN = st.dictionaries(st.sampled_from(["novel", "other"]), JSON.filter(lambda value: value is not None), max_size=2)
MARKER = st.sampled_from([{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}, {"type": "novel", "x": 1}])
NO_MARKER = st.just({})


def block(kind: str, marked: bool = True, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A block of the wire, with fields that nobody knows."""
    known = st.fixed_dictionaries({"type": st.just(kind), **fields})
    markers = st.fixed_dictionaries({}, optional={"cache_control": MARKER}) if marked else NO_MARKER
    return st.builds(
        lambda *parts: {key: value for part in parts for key, value in part.items()}, UNKNOWN, markers, known
    )


SOURCES = st.one_of(
    st.fixed_dictionaries({"type": st.just("base64"), "media_type": LETTERS, "data": LETTERS}),
    st.fixed_dictionaries({"type": st.just("url"), "url": WORDS}),
    st.fixed_dictionaries({"type": st.just("file"), "file_id": WORDS}),
)
TEXTS = block("text", text=WORDS)
IMAGES = block("image", source=SOURCES)
DOCUMENTS = block(
    "document",
    source=SOURCES
    | st.fixed_dictionaries({"type": st.just("content"), "content": WORDS | st.lists(TEXTS, max_size=2)})
    | st.fixed_dictionaries({"type": st.just("text"), "media_type": st.just("text/plain"), "data": WORDS}),
    context=WORDS,
)
ODD = st.builds(lambda kind, rest: {**rest, "type": kind}, LETTERS, st.dictionaries(LETTERS, JSON, max_size=3))
RESULTS = block(
    "tool_result", tool_use_id=LETTERS, content=WORDS | st.lists(TEXTS | IMAGES | DOCUMENTS | ODD, max_size=2)
)
CALLS = block("tool_use", id=LETTERS, name=LETTERS, input=st.dictionaries(LETTERS, JSON, max_size=2))
THOUGHTS = block("thinking", marked=False, thinking=WORDS, signature=WORDS) | block(
    "redacted_thinking", marked=False, data=WORDS
)
CITED = block(
    "text", marked=False, text=WORDS, citations=st.lists(st.dictionaries(LETTERS, JSON), min_size=1, max_size=2)
)
ANSWERS = st.lists(TEXTS | CALLS | THOUGHTS | CITED | ODD, max_size=4)
TURNS = st.lists(
    st.builds(
        lambda role, content, rest: {**rest, "role": role, "content": content},
        st.sampled_from(["user", "assistant", "system"]),
        WORDS | st.lists(TEXTS | IMAGES | DOCUMENTS | RESULTS | CALLS | THOUGHTS | ODD, max_size=3),
        UNKNOWN,
    ),
    max_size=4,
)
BODIES = st.fixed_dictionaries(
    {"model": st.just("claude-test-4-8"), "max_tokens": st.integers(1, 9), "messages": TURNS},
    optional={
        "system": WORDS | st.lists(TEXTS, max_size=2),
        "tools": st.lists(block("custom", name=LETTERS, input_schema=JSON) | ODD, max_size=2),
        "tool_choice": st.sampled_from(
            [{"type": "any"}, {"type": "auto", "disable_parallel_tool_use": True}, {"type": "x"}]
        ),
        "thinking": st.sampled_from(
            [{"type": "enabled", "budget_tokens": 9}, {"type": "adaptive"}, {"type": "x", "y": 1}]
        ),
        "output_config": st.dictionaries(st.sampled_from(["effort", "format", "novel"]), JSON, max_size=3),
        "metadata": st.dictionaries(st.sampled_from(["user_id", "novel"]), JSON, max_size=2),
        "temperature": st.floats(0, 1) | st.integers(0, 1),
        "stop_sequences": st.lists(WORDS, max_size=2),
        "service_tier": WORDS,
        "stream": st.booleans(),
        "novel": JSON,
    },
)
REPLIES = st.fixed_dictionaries(
    {
        "id": LETTERS,
        "type": st.just("message"),
        "role": st.just("assistant"),
        "model": LETTERS,
        "content": ANSWERS,
        "stop_reason": LETTERS | st.sampled_from(["end_turn", "tool_use"]),
        "usage": st.fixed_dictionaries(
            {"input_tokens": st.integers(0, 9), "output_tokens": st.integers(0, 9)},
            optional={"cache_read_input_tokens": st.integers(0, 9), "service_tier": LETTERS, "novel": JSON},
        ),
    },
    optional={"stop_sequence": LETTERS, "container": JSON, "novel": JSON},
)


@given(BODIES)
def test_a_request_that_is_accepted_and_encoded_is_the_same_request(body):
    understood = SERVER.accept(msgspec.json.encode(body))
    again = WIRE.encode(understood.request, model(), stream=understood.stream)
    assert normalize(msgspec.json.decode(again.http.body or b"")) == normalize(body)
    assert again.warnings == ()


CACHES = st.none() | st.builds(Cache, ttl=st.none() | LETTERS)
OUR_TEXTS = st.builds(Text, st.text(min_size=1, max_size=6), CACHES)
OUR_CALLS = st.builds(
    ToolCall, LETTERS, LETTERS, st.dictionaries(LETTERS, JSON).map(lambda given: msgspec.json.encode(given).decode())
)
OUR_RESULTS = st.builds(ToolResult, LETTERS, st.lists(OUR_TEXTS, max_size=2).map(tuple), st.booleans(), cache=CACHES)
OUR_MEDIA = st.builds(Image, url=st.just("https://a.example")) | st.builds(
    File, text=WORDS, media_type=st.just("text/plain")
)
OUR_THOUGHTS = st.builds(Reasoning, WORDS, LETTERS, origin=st.just("anthropic/claude"))
OUR_TURNS = st.lists(
    st.tuples(
        st.lists(OUR_RESULTS, max_size=1).flatmap(
            lambda results: st.lists(OUR_TEXTS | OUR_MEDIA, min_size=1, max_size=2).map(lambda rest: (*results, *rest))
        ),
        st.lists(OUR_TEXTS | OUR_CALLS | OUR_THOUGHTS, min_size=1, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=2,
).map(
    lambda pairs: [
        Message(role=role, content=content)
        for pair in pairs
        for role, content in zip(("user", "assistant"), pair, strict=True)
    ]
)
OUR_TOOLS = st.builds(Tool, name=LETTERS, parameters=st.dictionaries(LETTERS, JSON), strict=st.none() | st.booleans())
OUR_REQUESTS = st.builds(
    ChatRequest,
    model=st.just("claude-test-4-8"),
    messages=OUR_TURNS.map(tuple),
    tools=st.lists(OUR_TOOLS, min_size=1, max_size=2).map(tuple),
    tool_choice=st.none() | st.builds(ToolChoice, st.sampled_from(["auto", "required", "none"])),
    output=st.none() | st.builds(OutputFormat, kind=st.just("json_schema"), schema=st.dictionaries(LETTERS, JSON)),
    reasoning=st.none() | st.builds(ReasoningConfig, effort=st.sampled_from(["low", "high"]), enabled=st.just(value=True)),
    max_tokens=st.integers(1, 9),
    temperature=st.none() | st.floats(0, 1),
    stop=st.lists(WORDS, max_size=2).map(tuple),
    user=st.none() | WORDS,
    seed=st.none() | st.integers(0, 9),
    extra=st.none() | st.just({"novel": 1}),
)  # fmt: skip


@given(OUR_REQUESTS)
def test_a_request_that_is_encoded_and_accepted_lacks_only_what_was_warned_of(request):
    wire = WIRE.encode(request, model(structured_output="native"))
    again = SERVER.accept(wire.http.body or b"").request
    lost = {warning.field: None for warning in wire.warnings}
    assert set(lost) <= {"seed"}
    messages = tuple(
        msgspec.structs.replace(
            message,
            dialect=NAME,
            content=tuple(
                msgspec.structs.replace(one, origin=None) if isinstance(one, Reasoning) else one
                for one in message.content
            ),
        )
        for message in request.messages
    )
    assert again == msgspec.structs.replace(request, messages=messages, dialect=NAME, **lost)


@given(REPLIES)
def test_a_result_that_is_told_and_read_again_is_the_same_result(document):
    result = decoded(document)
    assert decoded(responded(result)) == result


@given(REPLIES)
def test_a_result_that_is_told_as_a_stream_and_joined_is_the_same_result(document):
    result = decoded(document)
    assert join(read(*events_of(written(*split(result))))) == result


@given(REPLIES, st.lists(st.integers(1, 3), max_size=20))
def test_a_stream_that_is_read_and_written_again_carries_the_same_parts(document, sizes):
    stream = written(*split(_in_pieces(decoded(document), sizes)))
    parts = read(*events_of(stream))
    assert read(*events_of(written(*parts))) == parts


def _in_pieces(result, sizes):
    """The same result, its texts cut where the sizes say."""
    lengths = itertools.chain(sizes, itertools.repeat(3))
    content = tuple(
        msgspec.structs.replace(one, text=one.text[: next(lengths)]) if isinstance(one, Text) else one
        for one in result.message.content
    )
    return msgspec.structs.replace(result, message=msgspec.structs.replace(result.message, content=content))


@given(
    st.dictionaries(
        st.sampled_from(["type", "content", "usage", "stop_reason", "id", "model", "error"]), JSON | ANSWERS
    )
)
def test_a_reply_can_be_odd_but_never_anything_else_than_a_result_or_an_error(document):
    try:
        result = WIRE.decode(HttpReply(status=200, headers={}, body=msgspec.json.encode(document)), sent())
    except ProviderError:
        return
    SERVER.respond(result, accepted())
    assert result.dialect == NAME


KINDS = st.sampled_from([
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "ping", "message", "x",
])  # fmt: skip
PIECES = st.sampled_from(
    ["text_delta", "thinking_delta", "input_json_delta", "signature_delta", "citations_delta", "x"]
)
DELTAS = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    PIECES,
    st.dictionaries(st.sampled_from(["text", "thinking", "partial_json", "signature", "citation", "x"]), JSON),
)
EVENTS = st.builds(
    lambda kind, rest: WireEvent(msgspec.json.encode({**rest, "type": kind}), kind),
    KINDS,
    st.fixed_dictionaries(
        {},
        optional={
            "index": st.integers(0, 2) | JSON,
            "content_block": (TEXTS | CALLS | THOUGHTS | ODD) | JSON,
            "delta": DELTAS | JSON,
            "message": REPLIES | JSON,
            "usage": JSON,
            "x": JSON,
        },
    ),
)


@given(st.lists(EVENTS, max_size=12))
def test_a_stream_can_be_odd_but_never_anything_else_than_parts_or_an_error(events):
    end = WireEvent(b'{"type":"message_stop"}', "message_stop")
    try:
        parts = read(*events, end)
    except ProviderError:
        return
    join(parts)
    assert written(*parts).endswith(b"\n\n")


@given(st.dictionaries(st.sampled_from([*accepted().request.__struct_fields__, "system", "thinking"]), JSON))
def test_a_request_can_be_odd_but_never_anything_else_than_accepted_or_refused(fields):
    body = msgspec.json.encode({"model": "m", "messages": [HI], **fields})
    try:
        request = SERVER.accept(body).request
    except ProviderError as error:
        assert error.param  # noqa: PT017 — either way is right
        return
    assert encoded(request)["messages"] is not None
