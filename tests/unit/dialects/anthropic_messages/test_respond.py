"""Results and errors as callers get them; the official client takes them in strictly."""

import anthropic.types
import httpx2
import msgspec
import pytest

from genmux.dialects.anthropic_messages.wire import MessagesServer
from genmux.types.chat import ChatResult, FinishReason, Message
from genmux.types.content import Audio, Image, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.errors import ErrorKind, ProviderError, RateLimitError, Retry
from genmux.types.money import TokenCount
from genmux.types.usage import Usage
from tests.unit.dialects.anthropic_messages.speaking import SERVER, accepted, decoded, message, responded, saying

STOP = FinishReason("stop", "stop")
METERS = {
    "tokens.input": 1110,
    "tokens.input.cached": 1000,
    "tokens.input.cache_write": 100,
    "tokens.input.cache_write.1h": 40,
    "tokens.output": 7,
    "tokens.output.reasoning": 5,
    "calls.web_search": 2,
}


def answering(*content, finish=STOP, **fields) -> ChatResult:
    """A result of another dialect."""
    turn = saying("assistant", *content, dialect="openai_chat")
    return ChatResult(
        **{"message": turn, "finish": finish, "dialect": "openai_chat", "provider": "openrouter", **fields}
    )


def strict(result: ChatResult) -> anthropic.types.Message:
    """The result as the official client's type."""
    return anthropic.types.Message.model_validate_json(SERVER.respond(result, accepted()).body, strict=True)


def test_an_answer_of_another_dialect_is_a_message():
    result = answering(
        "Hello", ToolCall("call_1", "f", '{"x":1}'), id="chatcmpl-1", model="gpt", finish=FinishReason("tool_calls")
    )
    reply = strict(result)
    assert (reply.id, reply.model, reply.stop_reason) == ("chatcmpl-1", "gpt", "tool_use")
    assert [block.type for block in reply.content] == ["text", "tool_use"]
    assert reply.content[1].input == {"x": 1}


def test_an_answer_without_name_and_usage_is_one_all_the_same():
    reply = strict(answering())
    assert (reply.id, reply.model, reply.content) == ("msg_genmux", "m", [])
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (0, 0)


@pytest.mark.parametrize(
    ("unified", "word"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
        ("refusal", "refusal"),
        ("pause", "pause_turn"),
        ("error", "end_turn"),
        ("other", "end_turn"),
    ],
)
def test_every_reason_to_stop_has_a_word_that_official_clients_know(unified, word):
    assert strict(answering("x", finish=FinishReason(unified, "raw"))).stop_reason == word


def test_a_refusal_is_text_and_the_reason_to_stop():
    reply = strict(answering(Refusal("I will not")))
    assert (reply.content[0].text, reply.stop_reason) == ("I will not", "refusal")


def test_counts_are_told_the_way_this_api_counts():
    usage = strict(answering("x", usage=Usage(meters=METERS), service_tier="default")).usage
    assert usage.input_tokens == 10
    assert usage.cache_read_input_tokens == 1000
    assert usage.cache_creation_input_tokens == 100
    assert usage.cache_creation.ephemeral_1h_input_tokens == 40
    assert usage.cache_creation.ephemeral_5m_input_tokens == 60
    assert usage.output_tokens == 7
    assert usage.output_tokens_details.thinking_tokens == 5
    assert usage.server_tool_use.web_search_requests == 2
    assert usage.service_tier == "standard"


def test_a_tier_without_a_word_is_not_told():
    assert strict(answering("x", service_tier="flex")).usage.service_tier is None


def test_what_has_no_word_here_stays_behind():
    blocks = (Image(url="https://a.example"), Opaque("openai_responses", "x", {}), Audio(base64="AA=="))
    result = answering(
        *blocks, Audio(transcript="said"), Text("x", extra={"annotations": []}), extra={"system_fingerprint": "f"}
    )
    document = responded(result)
    assert document["content"] == [{"type": "text", "text": "said"}, {"type": "text", "text": "x"}]
    assert "system_fingerprint" not in document


def test_arguments_that_are_cut_off_are_carried_as_text():
    result = answering(ToolCall("a", "f", '{"city": "Par'), finish=FinishReason("length"))
    assert strict(result).content[0].input == {"unparsed_arguments": '{"city": "Par'}


def test_reasoning_of_another_origin_travels_sealed_and_comes_back_whole():
    blocks = (
        Reasoning("hm", "signed", origin="openrouter/o", extra={"id": "r1"}),
        Reasoning(encrypted="dark", origin="openrouter/o"),
        Reasoning("plain"),
        Reasoning(),
    )
    reply = strict(answering(*blocks))
    assert [block.type for block in reply.content] == ["thinking", "redacted_thinking", "thinking"]
    assert reply.content[0].thinking == "hm"
    echoed = [block.model_dump(mode="json") for block in reply.content]
    turns = accepted(
        messages=[{"role": "user", "content": "x"}, {"role": "assistant", "content": echoed}]
    ).request.messages
    assert turns[1].content == (*blocks[:2], Reasoning("plain", origin="openrouter"))


def test_state_of_this_dialect_is_written_as_it_came():
    document = message(
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "dark"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
        {"type": "text", "text": "so", "citations": [{"type": "novel"}]},
        stop_reason="stop_sequence",
        stop_sequence="X",
        container={"id": "c"},
        novel=1,
    )
    assert responded(decoded(document)) == document


def test_a_thinking_block_without_a_signature_has_an_empty_one():
    result = decoded(message({"type": "thinking", "thinking": "hm"}))
    assert strict(result).content[0].signature == ""


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_error_is_one_that_the_official_client_raises_and_repeats_only_if_it_is_safe(
    kind, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)

    def transport(retry: Retry) -> tuple[httpx2.MockTransport, list[int]]:
        answer = SERVER.refuse(ProviderError("oh no", kind=kind, retry=retry, request_id="req_1", retry_after=0))
        asked: list[int] = []

        def answered(_request: httpx2.Request) -> httpx2.Response:
            asked.append(1)
            return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)

        return httpx2.MockTransport(answered), asked

    for retry, times in ((Retry.SAFE, 2), (Retry.UNSURE, 1), (Retry.NEVER, 1)):
        mock, asked = transport(retry)
        client = anthropic.Anthropic(
            api_key="k", base_url="http://127.0.0.1:9", http_client=httpx2.Client(transport=mock), max_retries=1
        )
        with pytest.raises(anthropic.APIStatusError, match="oh no") as caught:
            client.messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": "x"}])
        assert len(asked) == times
        assert caught.value.request_id == "req_1"


def test_a_rate_limit_says_how_long_to_wait():
    answer = SERVER.refuse(RateLimitError("slow down", retry=Retry.SAFE, retry_after=1.2))
    assert answer.status == 429
    assert dict(answer.headers)["retry-after"] == "2"
    assert msgspec.json.decode(answer.body) == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "slow down"},
        "request_id": None,
    }


@pytest.mark.parametrize("seconds", [float("inf"), float("-inf"), float("nan")])
def test_a_wait_without_an_end_is_not_told(seconds):
    answer = SERVER.refuse(RateLimitError("slow down", retry=Retry.SAFE, retry_after=seconds))
    assert (answer.status, "retry-after" in dict(answer.headers)) == (429, False)


def test_a_count_is_told():
    answer = MessagesServer().respond_count(TokenCount(7, exact=False, method="characters"))
    assert anthropic.types.MessageTokensCount.model_validate_json(answer.body, strict=True).input_tokens == 7


def test_an_empty_message_has_empty_content():
    result = ChatResult(message=Message(role="assistant"), finish=STOP)
    assert responded(result)["content"] == []
