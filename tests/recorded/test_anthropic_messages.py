"""The dialect against recorded traffic, and against how the official client reads the same bytes."""

from typing import Any

import anthropic
import anthropic.types
import anthropic.types.beta
import httpx2
import msgspec
import pydantic
import pytest

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Sent
from genmux.dialects.anthropic_messages import MessagesServer, MessagesWire, Profile, normalize
from genmux.dialects.anthropic_messages.passage import splice
from genmux.engine.sse import SseSplitter
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.content import Reasoning, Text, ToolCall
from genmux.types.errors import ErrorKind, InvalidRequestError
from genmux.types.join import join
from genmux.types.parts import Part
from tests.recordings import Exchange, exchanges, needs_recordings

pytestmark = needs_recordings

SERVER = MessagesServer()
PATHS = (
    "/messages",
    "/messages?beta=true",
    ":rawPredict",
    ":streamRawPredict",
    "/count_tokens",
    "/count_tokens?beta=true",
)
EVENTS: list[pydantic.TypeAdapter[Any]] = [
    pydantic.TypeAdapter(anthropic.types.RawMessageStreamEvent),
    pydantic.TypeAdapter(anthropic.types.beta.BetaRawMessageStreamEvent),
]
MESSAGES: list[pydantic.TypeAdapter[Any]] = [
    pydantic.TypeAdapter(anthropic.types.Message),
    pydantic.TypeAdapter(anthropic.types.beta.BetaMessage),
]
NOT_AN_OBJECT = "anthropic/errors/anthropic-completion-error-61cf643f.json#0"
"""`messages: ["Invalid content"]`: the provider refused it as well."""
TWO_IN_ONE = "anthropic/server-tools-stream/anthropic-tool-search-bm25-1-chunks-4e395908.json#0"
"""Two streams that the source wrote into one file: what follows the first `message_stop` is not this answer."""
NOT_READ_BY_THE_CLIENT = "anthropic/server-tools-stream/gateway-message-delta-metadata-e6c6e9a7.json#0"
"""OpenRouter ends with `data: [DONE]`, on which the official client stumbles."""
ERRORS = {400: ErrorKind.INVALID_REQUEST, 401: ErrorKind.AUTHENTICATION, 404: ErrorKind.NOT_FOUND}

RECORDED = [
    exchange
    for api in ("anthropic-messages", "anthropic-count-tokens")
    for exchange in exchanges(api=api)
    if exchange.path.endswith(PATHS) or exchange.request is None  # some files and batches are labelled so as well
]
ANSWERS = [one for one in RECORDED if one.status == 200 and "input_tokens" not in one.response.get("json", {})]
COUNTS = [one for one in RECORDED if one.status == 200 and "input_tokens" in one.response.get("json", {})]
STREAMS = [one for one in ANSWERS if "sse" in one.response]
REQUESTS = [one for one in RECORDED if one.request_body and one.id != NOT_AN_OBJECT]


def every(recorded: list[Exchange]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("exchange", recorded, ids=lambda one: one.id)


def wire_for(exchange: Exchange) -> MessagesWire:
    return MessagesWire(Profile(style="vertex" if exchange.provider == "vertex" else "messages"))


def model_of(exchange: Exchange) -> Model:
    name = msgspec.json.decode(exchange.request_body or b"{}").get("model", "m")
    return Model(provider=exchange.provider, id=name, wire_id=name, spec=ModelSpec(family="claude"))


def request_of(exchange: Exchange) -> ChatRequest:
    body = exchange.request_body
    return SERVER.accept(body).request if body else ChatRequest(model="m", messages=())


def sent_for(exchange: Exchange) -> Sent[ChatRequest]:
    return Sent(request_of(exchange), model_of(exchange), HttpRequest(method="POST", url="/messages"))


def parts_of(stream: bytes, exchange: Exchange) -> list[Part]:
    splitter = SseSplitter()
    reader = wire_for(exchange).reader(sent_for(exchange))
    parts = [part for event in (*splitter.feed(stream), *splitter.flush()) for part in reader.feed(event)]
    return [*parts, *reader.close()]


def whole(body: bytes, exchange: Exchange) -> ChatResult:
    return wire_for(exchange).decode(HttpReply(status=200, headers={}, body=body), sent_for(exchange))


def result_of(exchange: Exchange) -> ChatResult:
    body = exchange.response_body
    return join(parts_of(body, exchange)) if exchange in STREAMS else whole(body, exchange)


def compact(result: ChatResult) -> ChatResult:
    """The result with the JSON of its tool calls in one spelling: a stream tells it as the model wrote it."""
    content = tuple(
        msgspec.structs.replace(block, arguments=msgspec.json.encode(block.input).decode())
        if isinstance(block, ToolCall)
        else block
        for block in result.message.content
    )
    return msgspec.structs.replace(result, message=msgspec.structs.replace(result.message, content=content))


def written(parts: list[Part]) -> bytes:
    writer = SERVER.writer(SERVER.accept(b'{"model": "m", "max_tokens": 1, "messages": []}'))
    return b"".join(map(writer.write, parts)) + writer.close()


def as_read_by_the_official_client(exchange: Exchange) -> anthropic.types.Message:
    body = exchange.response_body
    streamed = b"message_start" in body
    kind = "text/event-stream" if streamed else "application/json"
    mock = httpx2.MockTransport(lambda _request: httpx2.Response(200, headers={"content-type": kind}, content=body))
    http = httpx2.Client(transport=mock)
    client = anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1:9", http_client=http, max_retries=0)
    asked: dict[str, Any] = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    if not streamed:
        return client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        return stream.get_final_message()


@every(REQUESTS)
def test_a_request_is_written_back_as_it_came(exchange: Exchange):
    body = exchange.request_body
    accepted = SERVER.accept(body)
    wire, model = wire_for(exchange), model_of(exchange)
    if "max_tokens" in msgspec.json.decode(body):
        again = wire.encode(accepted.request, model, stream=accepted.stream)
    else:
        again = wire.encode_count(accepted.request, model)
    assert normalize(msgspec.json.decode(again.http.body or b"")) == normalize(msgspec.json.decode(body))
    assert again.warnings == ()


def test_the_one_request_that_is_refused_was_refused_by_the_provider():
    (refused,) = (one for one in RECORDED if one.id == NOT_AN_OBJECT)
    assert refused.status == 400
    with pytest.raises(InvalidRequestError, match=r"messages\.0: "):
        SERVER.accept(refused.request_body)


@every(ANSWERS)
def test_an_answer_is_told_again_as_it_was(exchange: Exchange):
    result = result_of(exchange)
    assert result.warnings == ()
    answer = SERVER.respond(result, SERVER.accept(b'{"model": "m", "messages": []}'))
    assert compact(whole(answer.body, exchange)) == compact(result)


@every(STREAMS)
def test_a_stream_is_told_again_with_the_same_parts(exchange: Exchange):
    parts = parts_of(exchange.response_body, exchange)
    again = parts_of(written(parts), exchange)
    assert join(again) == join(parts)
    if b"message_start" in exchange.response_body:  # otherwise a whole message came in place of a stream
        assert again == parts


@every(
    [
        one
        for one in ANSWERS
        if one.id not in (TWO_IN_ONE, NOT_READ_BY_THE_CLIENT) and "event: message\n" not in one.response.get("sse", "")
    ]
)
def test_an_answer_is_read_as_the_official_client_reads_it(exchange: Exchange):
    ours, theirs = result_of(exchange), as_read_by_the_official_client(exchange)
    content = {
        kind: [block for block in theirs.content if block.type == kind] for kind in ("text", "thinking", "tool_use")
    }
    texts = [block.text for block in ours.message.content if isinstance(block, Text)]
    assert texts == [block.text for block in content["text"]]
    thoughts = [
        (one.text, one.signature) for one in ours.message.content if isinstance(one, Reasoning) and one.signature
    ]
    assert thoughts == [(block.thinking, block.signature) for block in content["thinking"]]
    calls = [(call.id, call.name, call.input) for call in ours.tool_calls]
    assert calls == [(block.id, block.name, block.input) for block in content["tool_use"]]
    assert (ours.id, ours.model, ours.finish.raw) == (theirs.id, theirs.model, theirs.stop_reason)
    cached, stored = theirs.usage.cache_read_input_tokens, theirs.usage.cache_creation_input_tokens
    assert ours.usage.input == theirs.usage.input_tokens + (cached or 0) + (stored or 0)
    assert (ours.usage.cached, ours.usage.output) == (cached, theirs.usage.output_tokens)


def fits(adapters: list[pydantic.TypeAdapter[Any]], document: bytes) -> bool:
    return any(_fits(adapter, document) for adapter in adapters)


def _fits(adapter: pydantic.TypeAdapter[Any], document: bytes) -> bool:
    try:
        adapter.validate_json(document, strict=True)
    except pydantic.ValidationError:
        return False
    return True


def as_of_old(document: bytes) -> bytes:
    """Before there was web fetch, the provider did not count it; today's client insists on that number."""
    return document.replace(
        b'"server_tool_use":{"web_search_requests"', b'"server_tool_use":{"web_fetch_requests":0,"web_search_requests"'
    )


@every(ANSWERS)
def test_what_we_tell_fits_the_official_clients_types(exchange: Exchange):
    result = result_of(exchange)
    answer = SERVER.respond(result, SERVER.accept(b'{"model": "m", "messages": []}')).body
    assert fits(MESSAGES, as_of_old(answer))
    if exchange in STREAMS:
        splitter = SseSplitter()
        events = [*splitter.feed(written(parts_of(exchange.response_body, exchange))), *splitter.flush()]
        assert [event.data for event in events if not fits(EVENTS, as_of_old(event.data))] == []


@every(ANSWERS)
def test_an_answer_passes_with_its_usage_seen(exchange: Exchange):
    result = result_of(exchange)
    if exchange not in STREAMS:
        seen = SERVER.usage_of(HttpReply(status=200, headers={}, body=exchange.response_body))
    else:
        watcher = SERVER.watcher(SERVER.accept(b'{"model": "m", "messages": []}'), sent_for(exchange))
        splitter = SseSplitter()
        events = [*splitter.feed(exchange.response_body), *splitter.flush()]
        end = next((at for at, event in enumerate(events) if event.event == "message_stop"), len(events))
        assert all(watcher.see(event) for event in events[: end + 1])
        seen = (watcher.usage, watcher.finish)
    assert seen == (result.usage, result.finish)


@every([one for one in REQUESTS if one.provider != "vertex"])
def test_only_the_models_name_changes_in_bytes_that_pass(exchange: Exchange):
    body = exchange.request_body
    to = Model(provider="p", id="other", wire_id="other", spec=ModelSpec())
    spliced = splice(body, SERVER.accept(body), to)
    assert msgspec.json.decode(spliced) == {**msgspec.json.decode(body), "model": "other"}
    assert len(spliced) == len(body) - len(model_of(exchange).wire_id) + len("other")


@every(COUNTS)
def test_a_count_is_read_and_told_again(exchange: Exchange):
    count = wire_for(exchange).decode_count(HttpReply(status=200, headers={}, body=exchange.response_body))
    assert count.tokens == exchange.response["json"]["input_tokens"]
    assert msgspec.json.decode(SERVER.respond_count(count).body) == exchange.response["json"]


@every([one for one in RECORDED if one.status != 200])
def test_an_error_has_its_kind(exchange: Exchange):
    headers = {name.lower(): value for name, value in exchange.response["headers"].items()}
    error = classify(HttpReply(status=exchange.status, headers=headers, body=exchange.response_body))
    overflow = "prompt is too long" in error.message
    assert error.kind is (ErrorKind.CONTEXT_OVERFLOW if overflow else ERRORS[exchange.status])
    refused = msgspec.json.decode(SERVER.refuse(error).body)
    told = exchange.response["json"]["error"]
    assert refused["error"] == {"type": told["type"], "message": told["message"]}


def test_there_are_as_many_recordings_as_there_were():
    counted = (len(RECORDED), len(ANSWERS), len(STREAMS), len(COUNTS))
    assert all(now >= before for now, before in zip(counted, (355, 332, 131, 9), strict=True))
