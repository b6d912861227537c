"""The router, without a server."""

import logging
import socket
from contextlib import closing
from typing import Any

import msgspec
import pytest

from genmux.app import App
from genmux.server import offer as offers
from genmux.server.gateway import Gateway
from genmux.server.offer import Offer
from genmux.server.run import serve
from genmux.services.settings import GatewaySettings, Settings
from genmux.types.errors import ConfigurationError, NotFoundError
from tests.unit.server.asgi import Line, piece

ECHO = b'{"model":"mock/echo","messages":[{"role":"user","content":"hi"}]}'


def app(**gateway: Any) -> App:
    settings = Settings(gateway=msgspec.convert(gateway, GatewaySettings), aliases={"mine": "local//models/mine.gguf"})
    return App(settings, environ={})


async def exchange(gateway: Gateway, path: str, *messages: dict[str, Any], method: str = "POST") -> Line:
    line = Line(messages or [piece(ECHO)])
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [(b"host", b"localhost")]}
    await gateway(scope, line.receive, line.send)
    return line


async def test_a_request_is_answered():
    line = await exchange(Gateway(app()), "/v1/chat/completions")
    assert line.sent[0]["status"] == 200
    assert msgspec.json.decode(line.body)["choices"][0]["message"]["content"] == "hi"


async def test_nothing_is_said_to_a_caller_who_left_while_sending():
    line = await exchange(Gateway(app()), "/v1/messages", {"type": "http.disconnect"})
    assert line.sent == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/api/v1/estimates"])
async def test_a_fault_of_our_own_is_logged_and_not_shown(
    path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    gateway = Gateway(app())

    def broken(*_: object) -> None:
        message = "an inner secret"
        raise RuntimeError(message)

    monkeypatch.setattr("genmux.server.access.Access.check", broken)
    with caplog.at_level(logging.ERROR, "genmux.server"):
        line = await exchange(gateway, path)
    assert line.sent[0]["status"] == 500
    assert b"secret" not in line.body
    assert "an inner secret" in caplog.text


async def test_websockets_are_closed():
    line = Line()
    await Gateway(app())({"type": "websocket", "path": "/"}, line.receive, line.send)
    assert line.sent == [{"type": "websocket.close", "code": 1008}]


async def test_the_app_is_closed_with_the_server():
    line, own = Line([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]), app()
    await Gateway(own)({"type": "lifespan"}, line.receive, line.send)
    assert [message["type"] for message in line.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(ConfigurationError, match="closed"):
        own.hosts.here()


class TestOffer:
    KEYS = ("a-key-that-nobody-guesses",)

    def test_with_keys_listed_models_and_aliases_can_be_named(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(offers, "_REMEMBERED", 1)
        offer = Offer(app(keys=self.KEYS))
        for _ in range(2):
            for name in ("local/smollm2", "mock/echo", "openai/some-new-model", "mine", "", None):
                offer.check(name, "chat")

    @pytest.mark.parametrize("path", ["/etc/x.gguf", "x.gguf", "~/x.gguf", "../x.gguf"])
    def test_with_keys_files_cannot_whether_they_are_there_or_not(self, path: str):
        with pytest.raises(NotFoundError, match="no model files"):
            Offer(app(keys=self.KEYS)).check(f"local/{path}", "chat")

    def test_without_keys_or_where_it_is_allowed_they_can(self):
        Offer(app()).check("local//x.gguf", "chat")
        Offer(app(keys=self.KEYS, model_files=True)).check("local//x.gguf", "chat")
        with pytest.raises(NotFoundError):
            Offer(app(model_files=False)).check("local//x.gguf", "chat")


def test_a_port_that_is_taken_is_named():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(app(), host="127.0.0.1", port=port, started=print)


def test_an_open_gateway_does_not_start():
    with pytest.raises(ConfigurationError, match="without keys"):
        serve(app(), host="0.0.0.0", port=0, started=print)  # noqa: S104 — the point of it
