"""The laws of a symmetric dialect, for whatever hypothesis thinks of."""

import itertools
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.contract.http import WireEvent
from genmux.dialects.openai_chat.equivalence import normalize
from genmux.types.chat import ChatResult, FinishReason, Message, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Audio, Cache, Content, File, Image, Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError, ProviderError
from genmux.types.join import join
from genmux.types.parts import BlockEnd, BlockStart, Finish, Part, ReasoningDelta, Start, TextDelta, ToolCallDelta
from tests.unit.dialects.openai_chat.speaking import (
    SERVER,
    accepted,
    asking,
    client,
    decoded,
    encode,
    encoded,
    events_of,
    model,
    read,
    reply,
    responded,
    written,
)

EXAMPLES = settings(max_examples=60, deadline=None)
texts = st.text(max_size=20)
names = st.text("abcdef_", min_size=1, max_size=8)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
settled = documents.filter(lambda value: value is not None)
unknown = st.dictionaries(names.map("x_{}".format), settled, max_size=2)
said = st.text(min_size=1, max_size=20)


def table(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with these fields and, perhaps, unknown ones."""
    known = st.fixed_dictionaries(required, optional=optional)
    return st.tuples(known, unknown).map(lambda both: {**both[1], **both[0]})


# ---------------------------------------------------------------- documents as callers and hosts write them
markers = st.fixed_dictionaries({"type": st.just("ephemeral")}, optional={"ttl": st.sampled_from(["5m", "1h"])})
links = st.sampled_from(["https://x/y", "data:image/png;base64,QUJD", "data:,x", "file:///x"])
linked = table({"url": links})
parts = st.one_of(
    table({"type": st.just("text"), "text": texts}, cache_control=markers),
    table({"type": st.just("image_url"), "image_url": table({"url": links}, detail=names) | links}),
    table(
        {
            "type": st.just("input_audio"),
            "input_audio": table({"data": names}, format=st.sampled_from(["wav", "mp3", "opus", "pcm16"])),
        }
    ),
    table({"type": st.just("file"), "file": table({"file_data": links}, filename=names)}),
    table({"type": st.just("file"), "file": table({"file_id": names})}),
    *(table({"type": st.just(kind), kind: linked}) for kind in ("video_url", "audio_url")),
    table({"type": st.just("hologram"), "rays": settled}),
)
contents = texts | st.lists(parts, min_size=1, max_size=3)
function = table({"name": names, "arguments": texts})
calls = st.one_of(
    table({"id": said, "type": st.just("function"), "function": function}, cache_control=markers),
    table({"id": said, "type": st.just("custom"), "custom": table({"name": names, "input": texts})}),
)
details = table(
    {"type": st.sampled_from(["reasoning.text", "reasoning.summary", "reasoning.encrypted"])},
    text=said,
    summary=said,
    signature=said,
    data=said,
    format=names,
    index=st.integers(0, 3),
)
turns = st.one_of(
    table({"role": st.sampled_from(["system", "developer", "user"]), "content": contents}, name=names),
    table(
        {"role": st.just("assistant"), "content": texts},
        tool_calls=st.lists(calls, min_size=1, max_size=2),
        refusal=said,
        reasoning=said,
        reasoning_content=said,
        reasoning_details=st.lists(details, min_size=1, max_size=2),
        audio=table({"id": said}),
    ),
    table({"role": st.just("tool"), "tool_call_id": said, "content": contents}, name=names, cache_control=markers),
)
tools = st.one_of(
    table(
        {
            "type": st.just("function"),
            "function": table(
                {"name": names},
                description=texts,
                parameters=st.dictionaries(names, documents, max_size=2),
                strict=st.booleans(),
            ),
        },
        cache_control=markers,
    ),
    table({"type": st.just("custom"), "custom": table({"name": names}, format=settled)}),
    table({"type": st.just("web_search"), "max": st.integers()}),
)
schemas = st.dictionaries(names, documents, max_size=2)
chosen = table({"type": st.just("function"), "function": table({"name": names})})
json_schemas = table({"name": names}, schema=schemas, strict=st.booleans())
formats = table({"type": st.just("json_object")}) | table({"type": st.just("json_schema"), "json_schema": json_schemas})
requests = table(
    {"model": names, "messages": st.lists(turns, min_size=1, max_size=3)},
    tools=st.lists(tools, min_size=1, max_size=2),
    tool_choice=st.sampled_from(["auto", "none", "required", "any"]) | chosen,
    response_format=formats,
    reasoning_effort=names,
    reasoning=table({}, effort=names, max_tokens=st.integers(), enabled=st.booleans()),
    thinking=table({"type": st.sampled_from(["enabled", "disabled", "adaptive"])}),
    enable_thinking=st.booleans(),
    max_tokens=st.integers(),
    max_completion_tokens=st.integers(),
    temperature=st.floats(0, 2),
    n=st.integers(1, 3),
    stop=texts.filter(bool) | st.lists(texts, max_size=2),
    stream=st.booleans(),
    stream_options=table({}, include_usage=st.booleans()),
    metadata=schemas,
    seed=st.integers(),
)


@given(requests)
@EXAMPLES
def test_a_callers_request_leaves_as_it_came(document: dict[str, Any]) -> None:
    asked = SERVER.accept(msgspec.json.encode(document))
    sent = encode(asked.request, model(document["model"]), stream=asked.stream)
    assert normalize(msgspec.json.decode(sent.http.body or b"")) == normalize(document)
    assert sent.warnings == ()


usages = table(
    {"prompt_tokens": st.integers(0, 99), "completion_tokens": st.integers(0, 99), "total_tokens": st.integers(0, 200)},
    prompt_tokens_details=table({}, cached_tokens=st.integers(0, 9)),
    completion_tokens_details=table({}, reasoning_tokens=st.integers(0, 9)),
    cost=st.floats(0, 1),
)
answers = table(
    {"role": st.just("assistant"), "content": st.none() | texts},
    refusal=st.none() | texts,
    reasoning=st.none() | said,
    reasoning_content=said,
    reasoning_details=st.lists(details, max_size=2),
    tool_calls=st.none() | st.lists(calls, max_size=2),
    annotations=st.lists(documents, max_size=2),
)
finishes = st.sampled_from(["stop", "length", "tool_calls", "content_filter", "eos", "new", ""])
choices = table({"message": answers, "finish_reason": st.none() | finishes}, logprobs=st.none() | table({}))
replies = table(
    {"id": said, "created": st.integers(1), "model": said, "choices": st.lists(choices, min_size=1, max_size=2)},
    usage=st.none() | usages,
    service_tier=said,
    system_fingerprint=st.none() | said,
)


@given(replies)
@EXAMPLES
def test_a_reply_is_read_again_as_it_was_read(document: dict[str, Any]) -> None:
    first = decoded(document)
    assert decoded(responded(first)) == first


# ---------------------------------------------------------------- values of ours
pictures = st.builds(Image, url=links.filter(lambda link: ";base64" not in link), detail=st.none() | names)
files = st.builds(File, file_id=said, name=st.none() | names)
sounds = st.builds(Audio, base64=st.just("QUJD"), media_type=st.sampled_from(["audio/wav", "audio/mpeg"]))
plain = st.builds(Text, texts)
spoken: st.SearchStrategy[tuple[Content, ...]] = st.lists(
    plain | pictures | files | sounds, min_size=2, max_size=4
).map(tuple) | plain.map(lambda block: (block,))  # fmt: skip
our_calls = st.builds(ToolCall, said, names, texts)
our_turns = st.one_of(
    st.builds(Message, role=st.sampled_from(["system", "user"]), content=spoken, name=st.none() | names),
    st.builds(
        Message,
        role=st.just("assistant"),
        content=st.tuples(st.builds(Text, said), st.builds(Refusal, said), our_calls),
    ),
    st.builds(
        Message,
        role=st.just("tool"),
        content=st.tuples(st.builds(ToolResult, said, st.tuples(st.builds(Text, texts.filter(bool))))),
    ),
)
our_tools = st.builds(
    Tool,
    name=names,
    description=st.none() | texts,
    parameters=st.none() | st.dictionaries(names, documents, max_size=2),
    strict=st.none() | st.booleans(),
)


@given(
    messages=st.lists(our_turns, min_size=1, max_size=3),
    tools=st.lists(our_tools, max_size=2).map(tuple),
    choice=st.none() | st.builds(ToolChoice, st.just("tool"), names) | st.builds(ToolChoice, st.just("auto")),
    output=st.none() | st.builds(OutputFormat, kind=st.just("json_schema"), name=names, schema=st.just({"a": 1})),
    effort=st.none() | names,
    max_tokens=st.none() | st.integers(1, 99),
    stop=st.lists(texts, max_size=2).map(tuple),
)
@EXAMPLES
def test_a_request_of_ours_is_understood_as_it_was_meant(
    messages: list[Message], effort: str | None, **fields: Any
) -> None:
    fields["tool_choice"] = fields.pop("choice")
    reasoning = None if effort is None else ReasoningConfig(effort=effort)
    request = asking(*messages, reasoning=reasoning, **fields)
    body = msgspec.json.encode(encoded(request))
    assert encode(request).warnings == ()
    again = SERVER.accept(body).request
    bare = [msgspec.structs.replace(one, dialect=None) for one in again.messages]
    understood = again.reasoning and msgspec.structs.replace(again.reasoning, extra=None)
    assert msgspec.structs.replace(again, messages=tuple(bare), reasoning=understood, dialect=None) == request


def grown(pieces: list[str], make: Any) -> Any:
    """A block that comes in pieces, as a function of its index."""
    return lambda index: [BlockStart(index, make[0]), *(make[1](index, piece) for piece in pieces), BlockEnd(index)]


blocks = st.one_of(
    *(
        st.lists(said, min_size=1, max_size=3).map(lambda pieces, make=make: grown(pieces, make))
        for make in (
            (Text(""), TextDelta),
            (Refusal(""), TextDelta),
            (Reasoning(extra={"reasoning": None}), ReasoningDelta),
            (Reasoning(extra={"reasoning_content": None}), ReasoningDelta),
            (Reasoning(extra={"thinking": None}), ReasoningDelta),
        )
    ),
    st.tuples(said, names, st.lists(said, max_size=3)).map(
        lambda call: grown(call[2], (ToolCall(call[0], call[1]), ToolCallDelta))
    ),
)


def kind_of(part: Part) -> Any:
    """By what a reader tells adjacent blocks apart."""
    return (type(part.block), tuple(getattr(part.block, "extra", None) or ())) if isinstance(part, BlockStart) else None


@given(st.lists(blocks, max_size=5), finishes)
@EXAMPLES
def test_a_stream_that_is_written_and_read_again_has_the_same_parts(made: list[Any], finish: str) -> None:
    bodies = [make(index) for index, make in enumerate(made)]
    if any(
        kind_of(one[0]) == kind_of(other[0]) and not isinstance(one[0].block, ToolCall)
        for one, other in itertools.pairwise(bodies)
    ):
        return  # adjacent blocks of one kind are one block on this wire
    start = Start(id="c", model="m", created=1, dialect="openai_chat")
    sent = [start, *(part for body in bodies for part in body), Finish(_finish(finish))]
    again = read(*events_of(written(*sent)))
    assert _numbered_apart(again) == _numbered_apart(sent)
    assert join(again) == join(sent)


def _finish(raw: str) -> FinishReason:
    document = reply()
    document["choices"][0]["finish_reason"] = raw
    return decoded(document).finish


def _numbered_apart(parts: list[Part]) -> list[Part]:
    """Calls with the same id and name one after the other are told apart only by their number on the wire."""
    return [part for part in parts if not isinstance(part, BlockEnd)]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "choices", "usage", "model", "error", "x_groq", "object"]), documents),
        max_size=4,
    )
)
@EXAMPLES
def test_no_stream_of_json_breaks_the_reader(chunks: list[dict[str, Any]]) -> None:
    _reads_or_refuses([*chunks, {"choices": [{"finish_reason": "stop"}]}])


odd_deltas = st.dictionaries(
    st.sampled_from(
        [
            "content",
            "role",
            "reasoning",
            "reasoning_details",
            "tool_calls",
            "function_call",
            "audio",
            "images",
            "refusal",
        ]
    ),
    documents
    | st.lists(st.dictionaries(st.sampled_from(["type", "text", "index", "id", "function", "data"]), documents)),
)


@given(st.lists(odd_deltas, max_size=4))
@EXAMPLES
def test_no_delta_breaks_the_reader(deltas: list[dict[str, Any]]) -> None:
    _reads_or_refuses([{"choices": [{"delta": delta, "finish_reason": "stop"}]} for delta in deltas])


def _reads_or_refuses(chunks: list[dict[str, Any]]) -> None:
    try:
        result = join(read(*(WireEvent(msgspec.json.encode(one)) for one in chunks)))
    except ProviderError:
        return
    assert isinstance(result, ChatResult)


@given(st.dictionaries(st.sampled_from(["choices", "usage", "id", "created", "x"]), documents), odd_deltas)
@EXAMPLES
def test_no_reply_breaks_the_decoder(document: dict[str, Any], message: dict[str, Any]) -> None:
    assert isinstance(decoded({**document, "error": None, "choices": [{"message": message}]}), ChatResult)


@given(
    st.dictionaries(
        st.sampled_from(["model", "messages", "tools", "stop", "tool_choice", "n", "stream_options"]), documents
    )
)
@EXAMPLES
def test_no_body_breaks_the_server(document: dict[str, Any]) -> None:
    try:
        asked = SERVER.accept(msgspec.json.encode(document))
    except InvalidRequestError:
        return
    assert client({}).encode(asked.request, model()).http.body


@given(odd_deltas)
@EXAMPLES
def test_no_turn_of_an_assistant_breaks_the_server(turn: dict[str, Any]) -> None:
    try:
        request = accepted({**turn, "role": "assistant"}).request
    except InvalidRequestError:
        return
    assert encoded(request)["messages"]


def test_a_cache_marker_travels() -> None:
    request = asking(Message(role="user", content=(Text("x", Cache(ttl="1h")),)))
    body = msgspec.json.encode(encoded(request, cache_control=True))
    assert SERVER.accept(body).request.messages[0].content == request.messages[0].content
