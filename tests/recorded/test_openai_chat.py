"""The dialect against the recorded traffic of some forty hosts, and against how the official client reads the same bytes."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from openai._models import construct_type  # how the official client reads replies: leniently
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from genmux.contract.dialect import Accepted
from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Sent
from genmux.dialects.openai_chat import client, dialect
from genmux.dialects.openai_chat.equivalence import normalize
from genmux.engine.sse import SseSplitter
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.errors import ErrorKind, InvalidRequestError, ProviderError
from genmux.types.join import join
from genmux.types.parts import BlockEnd, BlockStart, Finish, Part, ReasoningDelta, Start, TextDelta, ToolCallDelta
from tests.recordings import Exchange, exchanges, needs_recordings

pytestmark = needs_recordings

WIRE = client({})
SERVER = dialect.server

REFUSED_BY_US_TOO = {"llamacpp/errors/malformed-request-field-b863cf0d.json#0"}
"""`temperature: "hot"`: the host answered 400 as well."""

ERRORS_IN_STREAMS = {
    "groq/errors/test-tool-use-failed-error-streaming-bc6447f8.json#0": ErrorKind.INVALID_REQUEST,
    "groq/errors/test-tool-use-failed-error-streaming-with-text-091d4f24.json#0": ErrorKind.INVALID_REQUEST,
}

LEGACY_CALL = "openai/tools/test-lcel-with-datetime-0739c046.json#0"
"""`function_call` is a tool call for us; the official client keeps the two apart."""

COUNTED_APART = ("xai/", "mistral/audio-input/")
"""xAI counts reasoning, and Mistral sound, beside the tokens of which they are a part for us."""

GROQS_OLD_PLACE = "groq/"
"""Usage in `x_groq`, which the official client does not know."""


@cache
def recorded() -> tuple[Exchange, ...]:
    """All exchanges of this API. Some replies of other APIs are labelled so as well."""
    return tuple(one for one in exchanges(api="openai-chat") if one.status >= 400 or _is_chat(one))


def _is_chat(exchange: Exchange) -> bool:
    body = exchange.response.get("json")
    return is_stream(exchange) or (isinstance(body, dict) and ("choices" in body or "error" in body))


def is_stream(exchange: Exchange) -> bool:
    return "sse" in exchange.response


def good(*, streamed: bool) -> Iterator[Exchange]:
    """The exchanges that were answered."""
    for exchange in recorded():
        if exchange.status < 400 and is_stream(exchange) is streamed and exchange.id not in ERRORS_IN_STREAMS:
            yield exchange


def events_of(stream: bytes) -> list[WireEvent]:
    splitter = SseSplitter()
    return [*splitter.feed(stream), *splitter.flush()]


def model(wire_id: str = "m") -> Model:
    return Model(provider="p", id="m", wire_id=wire_id, spec=ModelSpec())


def sent() -> Sent[ChatRequest]:
    return Sent(ChatRequest(model="m", messages=()), model(), HttpRequest(method="POST", url="/"))


def accepted() -> Accepted:
    """Nothing was asked for; usage is wanted."""
    return Accepted(request=ChatRequest(model="", messages=()), stream=True, include_usage=True)


def read(stream: bytes) -> list[Part]:
    reader = WIRE.reader(sent())
    return [part for event in events_of(stream) for part in reader.feed(event)] + list(reader.close())


def written(parts: list[Part]) -> bytes:
    writer = SERVER.writer(accepted())
    return b"".join(map(writer.write, parts)) + writer.close()


def decoded(body: bytes) -> ChatResult:
    return WIRE.decode(HttpReply(status=200, headers={}, body=body), sent())


def result_of(exchange: Exchange) -> ChatResult:
    body = exchange.response_body
    return join(read(body)) if is_stream(exchange) else decoded(body)


def failing(checked: Iterator[Exchange], check: Callable[[Exchange], bool]) -> list[str]:
    """The exchanges for which something does not hold."""
    return [exchange.id for exchange in checked if not check(exchange)]


def test_there_is_enough_to_learn_from() -> None:
    assert len(recorded()) > 850
    assert len({exchange.provider for exchange in recorded()}) > 25


def test_every_request_leaves_as_it_came() -> None:
    def returns(exchange: Exchange) -> bool:
        document = msgspec.json.decode(exchange.request_body)
        asked = SERVER.accept(exchange.request_body)
        encoded = WIRE.encode(asked.request, model(asked.request.model), stream=asked.stream)
        return not encoded.warnings and normalize(msgspec.json.decode(encoded.http.body or b"")) == normalize(document)

    requests = (one for one in recorded() if one.request_body and one.id not in REFUSED_BY_US_TOO)
    assert failing(requests, returns) == []


def test_every_request_can_pass_as_it_is() -> None:
    def passes(exchange: Exchange) -> bool:
        asked = SERVER.accept(exchange.request_body)
        http = WIRE.pass_on(exchange.request_body, asked, model("their-name"))
        if http is None:
            return False
        theirs, ours = msgspec.json.decode(http.body or b""), msgspec.json.decode(exchange.request_body)
        for document in (theirs, ours):
            document.pop("stream_options", None)
        return theirs == {**ours, "model": "their-name"}

    requests = (one for one in recorded() if one.request_body and one.id not in REFUSED_BY_US_TOO)
    assert failing(requests, passes) == []


def test_a_request_that_a_host_found_malformed_is_refused() -> None:
    refused = [one for one in recorded() if one.id in REFUSED_BY_US_TOO]
    for exchange in refused:
        with pytest.raises(InvalidRequestError):
            SERVER.accept(exchange.request_body)
    assert len(refused) == len(REFUSED_BY_US_TOO)


def test_every_whole_reply_is_read_again_as_it_was_read() -> None:
    def returns(exchange: Exchange) -> bool:
        first = decoded(exchange.response_body)
        return decoded(SERVER.respond(first, accepted()).body) == first

    assert failing(good(streamed=False), returns) == []


def test_every_stream_is_read_again_with_the_same_parts() -> None:
    def returns(exchange: Exchange) -> bool:
        first = read(exchange.response_body)
        again = read(written(first))
        return join(again) == join(first) and telling(again) == telling(first)

    assert failing(good(streamed=True), returns) == []


def telling(parts: list[Part]) -> list[Part]:
    """Without usage, which is told once at the end, and without what is carried, which may be told in other pieces."""
    kept = (Start, BlockStart, TextDelta, ReasoningDelta, ToolCallDelta, BlockEnd, Finish)
    return [part for part in parts if isinstance(part, kept)]


def test_blocks_of_a_stream_come_one_after_the_other() -> None:
    def sequential(exchange: Exchange) -> bool:
        open_: dict[int, int] = {}
        for part in read(exchange.response_body):
            match part:
                case BlockStart(index=index, choice=choice):
                    if choice in open_.values():
                        return False
                    open_[index] = choice
                case TextDelta(index=index) | ReasoningDelta(index=index) | ToolCallDelta(index=index):
                    if index not in open_:
                        return False
                case BlockEnd(index=index):
                    del open_[index]
                case _:
                    pass
        return not open_

    assert failing(good(streamed=True), sequential) == []


def test_errors_inside_streams_have_the_right_kind() -> None:
    streams = [one for one in recorded() if one.id in ERRORS_IN_STREAMS]
    for exchange in streams:
        with pytest.raises(ProviderError) as caught:
            read(exchange.response_body)
        assert caught.value.kind is ERRORS_IN_STREAMS[exchange.id]
    assert len(streams) == len(ERRORS_IN_STREAMS)


def test_a_reply_that_passes_is_counted_like_one_that_is_read() -> None:
    def counted(exchange: Exchange) -> bool:
        result = result_of(exchange)
        if not is_stream(exchange):
            usage, finish = SERVER.usage_of(HttpReply(status=200, headers={}, body=exchange.response_body))
            return (usage.meters, usage.reported_cost, finish) == (*_counts(result), result.finish)
        watcher = SERVER.watcher(accepted(), sent())
        passed = all(watcher.see(event) for event in events_of(exchange.response_body))
        seen = (watcher.usage.meters, watcher.usage.reported_cost) if watcher.usage else ({}, None)
        return passed and seen == _counts(result) and watcher.finish in (result.finish, None)

    assert failing((one for streamed in (False, True) for one in good(streamed=streamed)), counted) == []


def _counts(result: ChatResult) -> tuple[Any, Any]:
    return result.usage.meters, result.usage.reported_cost


# ---------------------------------------------------------------- the official client
def test_the_official_client_reads_the_same_from_whole_replies() -> None:
    def agrees(exchange: Exchange) -> bool:
        theirs: Any = construct_type(type_=ChatCompletion, value=msgspec.json.decode(exchange.response_body))
        ours = decoded(exchange.response_body)
        choice = theirs.choices[0]
        calls = [(one.id, one.function.name, one.function.arguments or "") for one in choice.message.tool_calls or []]
        return (
            ours.text == _text(choice.message.content)
            and [(one.id, one.name, one.arguments) for one in ours.tool_calls] == calls
            and ours.finish.raw == choice.finish_reason
            and _same_usage(exchange, ours, theirs.usage)
        )

    assert failing((one for one in good(streamed=False) if one.id != LEGACY_CALL), agrees) == []


def test_the_official_client_reads_the_same_from_streams() -> None:
    def agrees(exchange: Exchange) -> bool:
        theirs, ours = _Theirs(exchange.response_body), join(read(exchange.response_body))
        return (
            ours.text == theirs.text
            and [(one.id, one.name, one.arguments) for one in ours.tool_calls]
            == list(map(tuple, theirs.calls.values()))
            and ours.finish.raw == theirs.finish
            and _same_usage(exchange, ours, theirs.usage)
        )

    assert failing(good(streamed=True), agrees) == []


class _Theirs:
    """What the official client's chunks amount to, for the first choice."""

    def __init__(self, stream: bytes) -> None:
        self.text = ""
        self.calls: dict[Any, list[str]] = {}
        self.finish: str | None = None
        self.usage: Any = None
        for event in events_of(stream):
            if not event.data.startswith(b"[DONE]"):
                self._add(construct_type(type_=ChatCompletionChunk, value=msgspec.json.decode(event.data)))

    def _add(self, chunk: Any) -> None:
        self.usage = chunk.usage or self.usage
        for choice in chunk.choices or []:
            if choice.index != 0:
                continue
            self.finish = choice.finish_reason if choice.finish_reason is not None else self.finish
            self.text += _text(choice.delta.content)
            for number, call in enumerate(choice.delta.tool_calls or []):
                index = getattr(call, "index", None)
                known = self.calls.setdefault((call.id or number) if index is None else index, ["", "", ""])
                known[0] = known[0] or call.id or ""
                known[1] = known[1] or (call.function and call.function.name) or ""
                known[2] += (call.function and call.function.arguments) or ""


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(item["text"] for item in content if item.get("type") == "text")
    return content or ""


def _same_usage(exchange: Exchange, ours: ChatResult, theirs: Any) -> bool:
    told = (theirs.prompt_tokens, theirs.completion_tokens) if theirs else (None, None)
    apart = exchange.file.startswith(COUNTED_APART)
    elsewhere = exchange.file.startswith(GROQS_OLD_PLACE) and theirs is None
    return (ours.usage.input, ours.usage.output) == told or apart or elsewhere


def test_the_official_client_accepts_what_is_told_of_openais_own_replies() -> None:
    def accepts(exchange: Exchange) -> bool:
        if is_stream(exchange):
            for event in events_of(written(read(exchange.response_body))):
                if event.data != b"[DONE]":
                    ChatCompletionChunk.model_validate_json(event.data, strict=True)
        else:
            answer = SERVER.respond(decoded(exchange.response_body), accepted())
            ChatCompletion.model_validate_json(answer.body, strict=True)
        return True

    own = (one for streamed in (False, True) for one in good(streamed=streamed) if one.provider == "openai")
    assert failing(own, accepts) == []


def test_the_official_client_accepts_every_reply_in_the_words_of_another_dialect() -> None:
    def accepts(exchange: Exchange) -> bool:
        result = msgspec.structs.replace(result_of(exchange), dialect=None)
        ChatCompletion.model_validate_json(SERVER.respond(result, accepted()).body, strict=True)
        if is_stream(exchange):
            parts = [
                msgspec.structs.replace(part, dialect=None) if isinstance(part, Start) else part
                for part in read(exchange.response_body)
            ]
            for event in events_of(written(parts)):
                if event.data != b"[DONE]":
                    ChatCompletionChunk.model_validate_json(event.data, strict=True)
        return True

    assert failing((one for streamed in (False, True) for one in good(streamed=streamed)), accepts) == []
