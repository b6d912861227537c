"""What callers and providers do wrong, through the real gateway: one typed error in the caller's dialect, nothing left behind."""

import http.client
import json
import threading
from collections.abc import Callable

import anthropic
import openai
import pytest

from genmux.testing.simulator import Simulator
from tests.e2e.conftest import RunningGateway

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


def post(gateway: RunningGateway, path: str, body: bytes, **headers: str) -> tuple[int, dict, http.client.HTTPMessage]:
    """One raw request."""
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=20)
    try:
        connection.request("POST", path, body, {"content-type": "application/json", **headers})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read()), reply.headers
    finally:
        connection.close()


def chat(model: str, text: str = "hi", **more: object) -> bytes:
    return json.dumps(
        {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": text}], **more}
    ).encode()


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not json", "JSON"),
        (b"", "JSON"),
        (b"[1, 2]", ""),
        (b'{"model": "mock/echo"}', "messages"),
        (b'{"model": "mock/echo", "max_tokens": 5, "messages": "hello"}', "messages"),
        (b'{"model": 5, "max_tokens": 5, "messages": []}', "model"),
        (
            b'{"model": "mock/echo", "max_tokens": "many", "messages": [{"role": "user", "content": "hi"}]}',
            "max_tokens",
        ),
        (b'{"model": "mock/echo", "max_tokens": 5, "messages": [{"role": "nobody", "content": "hi"}]}', "role"),
        (b'{"model": "mock/echo", "messages": [{"role": "user", "content": "\xff\xfe"}]}', ""),
    ],
)
def test_a_body_of_the_wrong_form_is_refused_in_the_callers_dialect(
    gateway: RunningGateway, path: str, body: bytes, words: str
):
    status, answer, _ = post(gateway, path, body)
    assert status == 400
    assert words in answer["error"]["message"]
    assert answer["error"]["type"] == "invalid_request_error"
    assert (answer.get("type") == "error") is (path == MESSAGES)


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("mock/nothing", "echo"),
        ("moc/echo", "mock"),
        ("nobody-offers-this", "provider/model"),
        ("mock/embed", "cannot chat"),
    ],
)
def test_an_unknown_model_is_refused_with_what_there_is(gateway: RunningGateway, path: str, model: str, words: str):
    status, answer, _ = post(gateway, path, chat(model))
    assert status in (400, 404)
    assert words in answer["error"]["message"]


def test_a_provider_without_a_key_is_named_with_the_variable_to_set(gateway: RunningGateway):
    status, answer, _ = post(gateway, CHAT, chat("groq/llama-3.3-70b-versatile"))
    assert status == 401
    assert "GROQ_API_KEY" in answer["error"]["message"]


def test_a_body_that_is_too_large_is_refused(start_gateway: Callable[..., RunningGateway]):
    gateway = start_gateway(body_limit=1_000)
    status, answer, _ = post(gateway, CHAT, chat("mock/echo", "x" * 2_000))
    assert status == 413
    assert "1000 bytes" in answer["error"]["message"]


def test_a_parameter_that_the_model_lacks_is_dropped_with_a_warning_in_a_header(gateway: RunningGateway):
    body = chat("anthropic/mock/echo", seed=5, frequency_penalty=0.5)
    status, answer, headers = post(gateway, CHAT, body)
    assert status == 200, answer
    told = headers.get_all("x-genmux-warning")
    assert {line.split("`")[1] for line in told} >= {"seed", "frequency_penalty"}


class TestKeys:
    KEY = "a-key-that-nobody-guesses"

    @pytest.fixture
    def guarded(self, start_gateway: Callable[..., RunningGateway]) -> RunningGateway:
        return start_gateway(keys=[self.KEY])

    @pytest.mark.parametrize("path", [CHAT, MESSAGES, "/v1/embeddings", "/v1/messages/count_tokens"])
    def test_without_or_with_a_wrong_key_nothing_is_served(self, guarded: RunningGateway, path: str):
        for headers in ({}, {"authorization": "Bearer wrong-wrong-wrong-wrong"}, {"x-api-key": "wrong"}):
            status, answer, _ = post(guarded, path, chat("mock/echo"), **headers)
            assert status == 401
            assert answer["error"]["type"] in ("authentication_error", "invalid_request_error")
            assert self.KEY not in json.dumps(answer)

    def test_both_sdks_send_the_key_where_it_is_looked_for(self, guarded: RunningGateway):
        reply = openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=self.KEY).chat.completions.create(
            model="mock/echo", messages=[{"role": "user", "content": "hi"}]
        )
        assert reply.choices[0].message.content == "hi"
        message = anthropic.Anthropic(base_url=guarded.url, api_key=self.KEY).messages.create(
            model="mock/echo", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        )
        assert message.content[0].text == "hi"


def test_without_keys_foreign_names_and_foreign_pages_are_not_served(gateway: RunningGateway):
    status, answer, _ = post(gateway, CHAT, chat("mock/echo"), host="evil.example")
    assert (status, "evil.example" in answer["error"]["message"]) == (403, True)
    status, answer, _ = post(gateway, CHAT, chat("mock/echo"), origin="https://evil.example")
    assert status == 403


WHOLE_FAULTS: dict[str, set[type[openai.APIError]]] = {
    "reset_after_request": {openai.APIStatusError},
    "fin_after_request": {openai.APIStatusError},
    "short_body": {openai.APIStatusError},
    "html_200": {openai.APIStatusError},
    "html_502": {openai.InternalServerError},
    "cut_json": {openai.APIStatusError},
    "rate_limit": {openai.RateLimitError},
    "authentication": {openai.AuthenticationError},
    "overloaded": {openai.InternalServerError},
    "context_overflow": {openai.BadRequestError},
}


@pytest.mark.parametrize("model", ["openai/mock/echo", "anthropic/mock/echo"])
@pytest.mark.parametrize("fault", WHOLE_FAULTS)
def test_a_fault_of_the_provider_is_one_error_of_the_callers_sdk(gateway: RunningGateway, model: str, fault: str):
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(
            model=model,
            max_tokens=50,
            messages=[{"role": "user", "content": f"[mock fault={fault}] hello"}],
            extra_headers={"x-genmux-retries": "0"},
        )
    assert isinstance(caught.value, tuple(WHOLE_FAULTS[fault]))
    assert caught.value.status_code >= 400
    assert "sk-simulated" not in str(caught.value)


@pytest.mark.parametrize("model", ["mock/story", "openai/mock/story", "anthropic/mock/story"])
@pytest.mark.parametrize("fault", ["overloaded", "cut_stream", "reset_body", "error_event"])
def test_a_stream_that_fails_midway_ends_with_one_error_event(gateway: RunningGateway, model: str, fault: str):
    if model == "mock/story" and fault != "overloaded":
        fault = "network"
    asked = [{"role": "user", "content": f"[mock fault={fault} after=3] tell me a story"}]
    with pytest.raises(openai.APIError):
        list(
            openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0).chat.completions.create(
                model=model, max_tokens=60, messages=asked, stream=True
            )
        )
    with (
        pytest.raises(anthropic.APIError),
        anthropic.Anthropic(base_url=gateway.url, api_key="none", max_retries=0).messages.stream(
            model=model, max_tokens=60, messages=asked
        ) as stream,
    ):
        list(stream)


def test_a_caller_that_leaves_stops_the_provider(gateway: RunningGateway, genmux_simulator: Simulator):
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none")
    for model in ("openai/mock/story", "anthropic/mock/story"):
        before = genmux_simulator.disconnects
        stream = client.chat.completions.create(
            model=model,
            max_tokens=5_000,
            messages=[{"role": "user", "content": "[mock tokens=5000 pace=0.005] go on"}],
            stream=True,
        )
        next(iter(stream))
        stream.close()
        assert _soon(lambda before=before: genmux_simulator.disconnects > before), "the provider was not told"
    client.close()


def _soon(condition: Callable[[], bool]) -> bool:
    """The simulator lives in a loop of its own thread: look at it from here until it says so."""
    ticker = threading.Event()
    return any(condition() or ticker.wait(0.01) for _ in range(1_000))
