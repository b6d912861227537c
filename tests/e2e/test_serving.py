"""What the gateway does beside chatting: access, options in headers, methods, pages, the native API."""

import json
import socket
import time
from collections.abc import Callable

import msgspec
import pytest
from openapi_spec_validator import validate

from genmux.testing.simulator import Simulator
from tests.e2e.conftest import RunningGateway
from tests.e2e.raw import CHAT, MESSAGES, ask, question

KEY = "a-key-that-nobody-guesses"


def fault_of(document: dict) -> str:
    """The kind of a native error, which has nothing but the fields of its form."""
    assert document.keys() == {"kind", "message", "param", "provider", "model", "retry"}
    return document["kind"]


class TestOptions:
    def test_a_budget_that_the_call_may_exceed_refuses_it_unsent(
        self, gateway: RunningGateway, genmux_simulator: Simulator
    ):
        for path in (CHAT, MESSAGES):
            body = question("openai/gpt-4o", "hello " * 100, max_tokens=1000)
            reply = ask(gateway, "POST", path, body, x_genmux_budget_limit="0.0000001")
            assert reply.status == 402
            assert "budget_limit" in reply.json["error"]["message"]
        assert genmux_simulator.requests == ()

    def test_what_a_call_cost_is_said(self, gateway: RunningGateway):
        reply = ask(gateway, "POST", CHAT, question("mock/priced"), x_genmux_budget_limit="1")
        assert reply.status == 200
        assert float(reply.headers["x-genmux-cost"]) > 0

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("x_genmux_timeout", "nan"),
            ("x_genmux_timeout", "0"),
            ("x_genmux_retries", "-1"),
            ("x_genmux_retries", "1000000"),
            ("x_genmux_budget_limit", "much"),
            ("x_genmux_budget_limit", "-1"),
            ("x_genmux_clamp", "perhaps"),
            ("x_genmux_tags", "a"),
            ("x_genmux_credential", "sk-mine"),
        ],
    )
    def test_a_wrong_header_is_named(self, gateway: RunningGateway, name: str, value: str):
        reply = ask(gateway, "POST", CHAT, question("mock/echo"), **{name: value})
        assert reply.status == 400
        assert name.replace("_", "-") in reply.json["error"]["message"]

    def test_a_timeout_ends_the_call(self, gateway: RunningGateway):
        body = question("openai/mock/echo", "[mock latency=5] hello")
        reply = ask(gateway, "POST", CHAT, body, x_genmux_timeout="0.2", x_genmux_retries="0")
        assert reply.status == 504

    def test_tags_are_in_the_events(self, gateway: RunningGateway):
        heard: list = []
        gateway.app.events.subscribe(heard.append)
        assert ask(gateway, "POST", CHAT, question("mock/echo"), x_genmux_tags="team=red, job=7").status == 200
        assert {event.type for event in heard} >= {"generation.started", "generation.completed"}
        assert heard[-1].data["tags"] == {"team": "red", "job": "7"}


class TestPassing:
    def test_the_hosts_name_of_a_field_replaces_the_callers(self, gateway: RunningGateway, genmux_simulator: Simulator):
        body = question("openai/gpt-4o", "hello", max_tokens=7, custom_field={"kept": [1.50, "ü"]})
        assert ask(gateway, "POST", CHAT, body).status == 200
        (seen,) = genmux_simulator.requests
        sent = json.loads(seen.body)
        assert sent["max_completion_tokens"] == 7
        assert "max_tokens" not in sent
        assert sent["custom_field"] == {"kept": [1.50, "ü"]}

    def test_betas_go_to_a_provider_of_the_same_dialect(self, gateway: RunningGateway, genmux_simulator: Simulator):
        reply = ask(gateway, "POST", MESSAGES, question("anthropic/mock/echo"), anthropic_beta="one-2025, two-2025")
        assert reply.status == 200
        (seen,) = genmux_simulator.requests
        assert seen.headers["anthropic-beta"] == "one-2025,two-2025"
        assert "betas" not in json.loads(seen.body)

    def test_the_providers_cookies_stay_here(self, gateway: RunningGateway):
        reply = ask(gateway, "POST", CHAT, question("openai/mock/echo"))
        names = {name.lower() for name in reply.headers}
        assert not names & {"set-cookie", "openai-organization"}


def test_an_error_before_the_first_part_of_a_stream_has_its_status(gateway: RunningGateway):
    for model in ("mock/echo", "openai/mock/echo", "anthropic/mock/echo"):
        for path in (CHAT, MESSAGES):
            body = question(model, "[mock fault=rate_limit] hello", stream=True)
            reply = ask(gateway, "POST", path, body, x_genmux_retries="0")
            assert reply.status == 429, (model, path)
            assert reply.headers["content-type"] == "application/json"


def test_warnings_of_a_stream_are_in_its_headers(gateway: RunningGateway):
    reply = ask(gateway, "POST", CHAT, question("anthropic/mock/echo", seed=3, stream=True))
    assert reply.status == 200
    assert "seed" in reply.headers["x-genmux-warning"]


class TestMethods:
    def test_another_method_is_told_which_one_is_right(self, gateway: RunningGateway):
        reply = ask(gateway, "GET", CHAT)
        assert (reply.status, reply.headers["allow"]) == (405, "POST, OPTIONS")
        assert "POST" in reply.json["error"]["message"]
        reply = ask(gateway, "DELETE", MESSAGES)
        assert (reply.status, reply.json["type"]) == (405, "error")
        assert ask(gateway, "POST", "/healthz", {}).status == 405

    def test_head_has_the_headers_of_get_and_no_body(self, gateway: RunningGateway):
        for path in ("/", "/healthz", "/v1/models"):
            whole, head = ask(gateway, "GET", path), ask(gateway, "HEAD", path)
            assert (head.status, head.body) == (200, b"")
            assert head.headers["content-length"] == str(len(whole.body))

    def test_what_is_not_there_is_told_with_what_is(self, gateway: RunningGateway):
        reply = ask(gateway, "POST", "/v1/completions", {})
        assert reply.status == 404
        assert CHAT in reply.json["error"]["message"]


class TestPages:
    def test_a_page_of_this_machine_may_call(self, gateway: RunningGateway):
        origin = "http://localhost:5173"
        asked = ask(gateway, "OPTIONS", CHAT, origin=origin, access_control_request_headers="x-stainless-os")
        assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, origin)
        assert asked.headers["access-control-allow-headers"] == "x-stainless-os"
        for path in (CHAT, "/api/v1/providers"):
            method, body = ("POST", question("mock/echo")) if path == CHAT else ("GET", None)
            reply = ask(gateway, method, path, body, origin=origin)
            assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, origin)

    def test_a_page_from_elsewhere_may_not(self, gateway: RunningGateway):
        asked = ask(gateway, "OPTIONS", CHAT, origin="https://evil.example")
        assert "access-control-allow-origin" not in asked.headers
        assert ask(gateway, "POST", CHAT, question("mock/echo"), origin="https://evil.example").status == 403

    def test_with_keys_only_listed_pages_may_read_answers(self, start_gateway: Callable[..., RunningGateway]):
        gateway = start_gateway(keys=[KEY], origins=["https://app.example"])
        for origin, may in (("https://app.example", True), ("http://localhost:5173", False)):
            reply = ask(gateway, "POST", CHAT, question("mock/echo"), origin=origin, authorization=f"Bearer {KEY}")
            assert reply.status == 200
            assert ("access-control-allow-origin" in reply.headers) is may


class TestModelFiles:
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            (CHAT, question("local//etc/passwd.gguf")),
            (MESSAGES, question("local/../secret.gguf")),
            ("/v1/messages/count_tokens", question("local//tmp/x.gguf")),
            ("/v1/embeddings", {"model": "local//tmp/x.gguf", "input": "x"}),
        ],
    )
    def test_with_keys_no_file_can_be_named(self, start_gateway: Callable[..., RunningGateway], path: str, body: dict):
        gateway = start_gateway(keys=[KEY])
        reply = ask(gateway, "POST", path, body, x_api_key=KEY)
        assert reply.status in (400, 404)
        message = reply.json["error"]["message"]
        assert "model files" in message or "cannot embed" in message

    def test_the_owner_can_allow_it(self, start_gateway: Callable[..., RunningGateway]):
        gateway = start_gateway(keys=[KEY], model_files=True)
        reply = ask(gateway, "POST", CHAT, question("local//nowhere/x.gguf"), x_api_key=KEY)
        assert "/nowhere/x.gguf" in reply.json["error"]["message"]


class TestNative:
    def test_providers_models_and_detection(self, gateway: RunningGateway):
        providers = ask(gateway, "GET", "/api/v1/providers").json["data"]
        assert {"openai", "mock", "local"} <= {one["id"] for one in providers}
        cheap = ask(gateway, "GET", "/api/v1/models?provider=openai&operation=chat&feature=tools&max_price=1").json[
            "data"
        ]
        assert cheap
        assert {one["provider"] for one in cheap} == {"openai"}
        found = ask(gateway, "GET", "/api/v1/providers/detect?url=https://api.groq.com/openai/v1").json
        assert found["provider"] == "groq"

    def test_an_estimate_has_bounds_and_lines(self, gateway: RunningGateway):
        estimate = ask(gateway, "POST", "/api/v1/estimates", question("openai/gpt-4o")).json
        assert float(estimate["low"]) <= float(estimate["high"])
        vectors = {"model": "openai/text-embedding-3-small", "input": ["one", "two"]}
        assert float(ask(gateway, "POST", "/api/v1/estimates", vectors).json["high"]) > 0

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "words"),
        [
            ("GET", "/api/v1/providers/detect", None, 400, "url"),
            ("GET", "/api/v1/models?feature=flying", None, 400, "flying"),
            ("GET", "/api/v1/models?provider=nobody", None, 400, "nobody"),
            ("GET", "/api/v1/models?max_price=cheap", None, 400, "max_price"),
            ("GET", "/api/v1/nothing", None, 404, "/api/v1/nothing"),
            ("DELETE", "/api/v1/models", None, 405, "DELETE"),
            ("POST", "/api/v1/estimates", b"no json", 400, "JSON"),
            ("POST", "/api/v1/estimates", b"[1]", 400, "JSON"),
            ("POST", "/api/v1/estimates", {"model": "openai/gpt-4o"}, 400, "messages"),
            ("POST", "/api/v1/estimates", {"model": "openai/gpt-4o", "input": 5}, 400, "input"),
            ("POST", "/api/v1/estimates", question("nobody-offers-this"), 404, "nobody-offers-this"),
            ("POST", "/api/v1/estimates", question("openai/gpt-4o", colour="red"), 400, "colour"),
        ],
    )
    def test_every_fault_has_one_form(
        self, gateway: RunningGateway, method: str, path: str, body: object, status: int, words: str
    ):
        reply = ask(gateway, method, path, body)
        assert reply.status == status, reply.body
        assert fault_of(reply.json)
        assert words in reply.json["message"]

    def test_a_missing_key_has_it_too(self, start_gateway: Callable[..., RunningGateway]):
        gateway = start_gateway(keys=[KEY], body_limit=500)
        reply = ask(gateway, "GET", "/api/v1/providers")
        assert (reply.status, fault_of(reply.json)) == (401, "authentication")
        large = question("openai/gpt-4o", "x" * 600)
        reply = ask(gateway, "POST", "/api/v1/estimates", large, x_api_key=KEY)
        assert (reply.status, fault_of(reply.json)) == (413, "invalid_request")

    def test_the_openapi_document_is_valid_and_describes_the_estimate(self, gateway: RunningGateway):
        document = ask(gateway, "GET", "/api/openapi.json").json
        validate(document)
        areas = {path.split("/")[3] for path in document["paths"]}
        assert areas == {
            *("accounts", "assets", "audit", "budgets", "estimates", "events", "expressions", "jobs", "keys", "me"),
            *("models", "organisations", "providers", "teams", "usage", "usage.csv", "webhooks"),
        }
        body = document["paths"]["/api/v1/estimates"]["post"]["requestBody"]["content"]["application/json"]
        assert {"model", "messages", "input"} <= body["schema"]["properties"].keys()


def connected(gateway: RunningGateway) -> socket.socket:
    host, port = gateway.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def test_a_caller_that_never_finishes_its_upload_is_let_go(start_gateway: Callable[..., RunningGateway]):
    gateway = start_gateway(body_idle=0.3)
    with connected(gateway) as upload:
        head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n"
        upload.sendall(head.encode() + b'{"model": ')
        started = time.monotonic()
        answer = b""
        while piece := upload.recv(65_536):
            answer += piece
        assert time.monotonic() - started < 5
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"nothing for 0.3 s" in answer


def test_a_body_in_pieces_is_put_together(gateway: RunningGateway):
    body = json.dumps(question("mock/echo", "put together")).encode()
    with connected(gateway) as upload:
        head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
        upload.sendall(head.encode())
        for start in range(0, len(body), 7):
            piece = body[start : start + 7]
            upload.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        upload.sendall(b"0\r\n\r\n")
        answer = b""
        while piece := upload.recv(65_536):
            answer += piece
    assert b"put together" in answer


def test_a_body_too_deep_or_too_odd_is_one_refusal(gateway: RunningGateway):
    for body in (b"[" * 100_000, b'{"messages":' * 50_000, b"\x00" * 100, b'{"model": "\\ud800"}'):
        for path in (CHAT, MESSAGES, "/v1/embeddings"):
            reply = ask(gateway, "POST", path, body)
            assert reply.status == 400, (path, body[:20], reply.body[:200])
            assert msgspec.json.decode(reply.body)["error"]["message"]
