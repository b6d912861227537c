"""The short way through a commonplace reply: whatever it reads, it reads as the long way does."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.contract.http import HttpReply
from genmux.dialects.openai_chat.decode import decode_any
from genmux.dialects.openai_chat.plain_reply import read_plain
from genmux.types.chat import ChatResult
from tests.recordings import exchanges, needs_recordings
from tests.unit.dialects.openai_chat.test_laws import replies

ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1760000000,
    "model": "m-2026",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hello", "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    "service_tier": "default",
    "system_fingerprint": "fp_0",
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}


def long_way(body: bytes) -> ChatResult:
    return decode_any(HttpReply(status=200, headers={}, body=body))


def answering(choice: dict[str, Any] | None = None, **fields: Any) -> bytes:
    """The usual answer with other fields in its message, its first choice and around them."""
    first = ANSWER["choices"][0]
    message = {**first["message"], **fields.pop("message", {})}
    return msgspec.json.encode({**ANSWER, "choices": [{**first, **(choice or {}), "message": message}], **fields})


@pytest.mark.parametrize(
    "body",
    [
        answering(),
        answering(
            message={"content": None, "tool_calls": [CALL, {**CALL, "id": ""}]}, choice={"finish_reason": "tool_calls"}
        ),
        answering(message={"content": "", "tool_calls": []}, choice={"finish_reason": None}),
        answering(choice={"finish_reason": "", "native_finish_reason": "STOP", "logprobs": {"content": []}}),
        answering(choice={"finish_reason": "never heard of"}, id="", model="", usage=None),
        answering(provider="Acme", x_groq={"id": "req_1"}, timings={"n": 1}, error=None, object=None),
        answering(usage={"prompt_tokens": 1, "cost": 0.25, "prompt_tokens_details": {"cached_tokens": 1}}),
        b'{"choices":[{"message":{}}]}',
    ],
)
def test_a_commonplace_reply_is_read_as_the_long_way_reads_it(body: bytes) -> None:
    assert read_plain(body) == long_way(body)


@pytest.mark.parametrize(
    "body",
    [
        answering(cost={"usd": 0.5}),
        answering(message={"refusal": "no"}),
        answering(message={"reasoning": "hm"}),
        answering(message={"tool_calls": [{**CALL, "index": 0}]}),
        answering(choices=[ANSWER["choices"][0], ANSWER["choices"][0]]),
        answering(choices=[]),
        answering(error={"message": "no"}),
        b'{"choices":[{"message":{"content":"\xff"}}]}',
        b"[" * 100_000,
        b"",
    ],
)
def test_a_reply_with_anything_special_is_left_to_the_long_way(body: bytes) -> None:
    assert read_plain(body) is None


@given(replies)
@settings(max_examples=200, deadline=None)
def test_both_ways_agree_on_whatever_both_read(document: dict[str, Any]) -> None:
    body = msgspec.json.encode(document)
    assert read_plain(body) in (None, long_way(body))


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
odd = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)


@given(
    st.dictionaries(st.sampled_from([*ANSWER, "provider", "x_groq", "timings"]), odd, max_size=3),
    st.dictionaries(st.sampled_from(["index", "finish_reason", "logprobs", "stop_reason"]), odd, max_size=2),
    st.dictionaries(
        st.sampled_from(["role", "content", "refusal", "annotations", "tool_calls", "audio"]), odd, max_size=2
    ),
)
@settings(max_examples=200, deadline=None)
def test_both_ways_agree_on_odd_values(fields: dict[str, Any], choice: dict[str, Any], message: dict[str, Any]) -> None:
    body = answering(choice, message=message, **fields)
    plain = read_plain(body)
    assert plain is None or plain == long_way(body)


@needs_recordings
def test_both_ways_agree_on_all_recorded_replies_and_most_are_commonplace() -> None:
    bodies = [one.response_body for one in exchanges(api="openai-chat") if one.status == 200]
    read = [(plain, body) for body in bodies if (plain := read_plain(body)) is not None]
    assert len(read) > 200
    assert [body for plain, body in read if plain != long_way(body)] == []
