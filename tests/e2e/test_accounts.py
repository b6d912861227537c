"""Accounts through a real gateway: captured, used, changed; and no secret is ever seen anywhere but at the provider."""

import base64
import http.client
import logging
import sqlite3
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from genmux.services.settings import AccountOptions, GatewaySettings, ProviderSettings, Settings, StoreSettings
from tests.e2e.conftest import running

STORED = "sk-planted-stored-0123456789abcdefghij"
CONFIGURED = "sk-planted-configured-0123456789abcdef"
CAPTURED = "planted-captured-token-0123456789abcdef"
RENEWED = "planted-renewed-token-0123456789abcdefg"
GATEWAY = "planted-gateway-key-0123456789abcdef"
PLANTED = (STORED, CONFIGURED, CAPTURED, RENEWED)


def spellings(secret: str) -> list[bytes]:
    """A secret as it may stand in bytes: plain, for URLs, in base64 at any offset, in hexadecimal, as UTF-16."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"x" * n + raw)[4:-4] for n in (0, 1, 2)]
    return [raw, quote(secret).encode(), raw.hex().encode(), secret.encode("utf-16-le"), *shifted]


def seen_in(data: bytes) -> list[str]:
    return [secret for secret in PLANTED if any(one in data for one in spellings(secret))]


class Http:
    """A caller with the gateway's key."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self.answers: list[bytes] = []

    def __call__(self, method: str, path: str, body: object = None, **headers: str):
        connection = http.client.HTTPConnection(self._address, timeout=20)
        told = {"authorization": f"Bearer {GATEWAY}", "content-type": "application/json"} | headers
        connection.request(method, path, b"" if body is None else msgspec.json.encode(body), told)
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        self.answers.append(data)
        return reply.status, msgspec.json.decode(data) if data else None, dict(reply.getheaders())


@pytest.fixture
def serving(genmux_simulator, tmp_path):
    settings = Settings(
        providers={
            "openai": ProviderSettings(
                base_url=f"{genmux_simulator.base_url}/v1",
                accounts={"spare": AccountOptions(priority=-1, credentials={"api_key": CONFIGURED})},
            )
        },
        gateway=GatewaySettings(keys=(GATEWAY,), origins=("chrome-extension://abcdefgh",)),
        store=StoreSettings(url=str(tmp_path / "kept" / "store.db")),
    )
    with running(settings, {"XDG_DATA_HOME": str(tmp_path / "data")}) as gateway:
        yield gateway


@pytest.fixture
def lines():
    """Everything that is logged, with all particulars."""
    kept: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(f"{self.format(record)} {record.__dict__}")

    handler, loggers = (
        Keep(),
        [logging.getLogger(name) for name in ("genmux", "genmux.provider.openai", "asyncio", "uvicorn")],
    )
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.DEBUG)
        one.addHandler(handler)
    yield kept
    for one, level in zip(loggers, before, strict=True):
        one.removeHandler(handler)
        one.setLevel(level)


def capture(token: str, **changes: object) -> dict[str, object]:
    return {
        "url": "https://mock.genmux.test/app",
        "cookies": [{"name": "mock_session", "value": token}, {"name": "theme", "value": "dark"}],
        "storage": {"mock_plan": "pro"},
        "email": "ada@example.org",
        **changes,
    }


def test_a_browser_extension_hands_over_an_account_and_renews_it(serving):
    ask = Http(serving.url)
    origin = {"origin": "chrome-extension://abcdefgh"}
    status, made, headers = ask("POST", "/api/v1/accounts/capture", capture(CAPTURED), **origin)
    assert (status, made["created"]) == (200, True)
    assert headers["access-control-allow-origin"] == "chrome-extension://abcdefgh"
    account = made["account"]
    assert (account["provider"], account["identity"], account["plan"]) == ("mock", "ada@example.org", "pro")
    assert ask("POST", f"/api/v1/accounts/{account['id']}/disable")[1]["status"] == "disabled"
    status, again, _ = ask("POST", "/api/v1/accounts/capture", capture(RENEWED))
    assert (status, again["created"], again["account"]["id"]) == (200, False, account["id"])
    assert again["account"].get("status", "active") == "active"
    chat = {"model": "mock/echo", "messages": [{"role": "user", "content": "hello"}]}
    ask("PATCH", f"/api/v1/accounts/{account['id']}", {"priority": 1})
    status, answer, _ = ask("POST", "/v1/chat/completions", chat)
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "hello")
    assert ask("GET", f"/api/v1/accounts/{account['id']}")[1]["successes"] == 1
    assert seen_in(b"".join(ask.answers)) == []
    _, _, foreign = ask("POST", "/api/v1/accounts/capture", capture(CAPTURED), origin="https://evil.example")
    assert "access-control-allow-origin" not in foreign


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cookies": []}, "no cookie `mock_session`"),
        ({"email": None}, "no e-mail address"),
        ({"password": "correct horse"}, "`password` looks like a password"),
        ({"url": "https://nobody.example/"}, "no provider claims the page 'nobody.example'"),
    ],
)
def test_a_capture_that_cannot_be_used_is_refused_by_name(serving, changes, told):
    status, fault, _ = Http(serving.url)("POST", "/api/v1/accounts/capture", capture(CAPTURED, **changes))
    assert status == 400
    assert told in fault["message"]
    assert "correct horse" not in fault["message"]


def test_a_capture_needs_the_gateways_key(serving):
    status, _, _ = Http(serving.url)("POST", "/api/v1/accounts/capture", capture(CAPTURED), authorization="Bearer no")
    assert status == 401


def test_no_planted_secret_is_in_database_logs_answers_errors_or_events(serving, genmux_simulator, tmp_path, lines):
    events: list[object] = []
    serving.app.events.subscribe(events.append)
    ask = Http(serving.url)
    draft = {"provider": "openai", "name": "work", "credential": {"api_key": STORED}, "priority": 1}
    made = ask("POST", "/api/v1/accounts", draft)[1]
    ask("POST", "/api/v1/accounts/capture", capture(CAPTURED))
    ask("POST", "/api/v1/accounts/capture", capture(RENEWED))
    ask("POST", "/api/v1/accounts/capture", capture(CAPTURED, cookies={}, storage={"password": CAPTURED}))
    ask("POST", "/api/v1/accounts", draft)  # the name is taken
    ask("POST", "/api/v1/accounts", {**draft, "name": "x", "credential": {"api_key": STORED, "wrong": STORED}})
    ask("POST", "/api/v1/accounts", {**draft, "name": "y", "credential": [STORED]})
    for model in ("echo", "fault-authentication", "fault-authentication", "fault-rate_limit", "fault-server"):
        for stream in (False, True):
            chat = {"model": f"openai/{model}", "messages": [{"role": "user", "content": "hello"}], "stream": stream}
            connection = http.client.HTTPConnection(urlsplit(serving.url).netloc, timeout=20)
            told = {"authorization": f"Bearer {GATEWAY}", "content-type": "application/json"}
            connection.request("POST", "/v1/chat/completions", msgspec.json.encode(chat), told)
            ask.answers.append(connection.getresponse().read())
            connection.close()
    ask("PATCH", f"/api/v1/accounts/{made['id']}", {"credential": {"api_key": STORED}, "plan": "pro"})
    ask("POST", f"/api/v1/accounts/{made['id']}/sync")
    ask("POST", "/api/v1/accounts/reseal")
    ask("GET", "/api/v1/accounts")
    ask("GET", "/api/v1/nothing-here")
    used = (
        {header for one in genmux_simulator.requests for header in one.headers.values()}
        if hasattr(genmux_simulator, "requests")
        else {f"Bearer {STORED}"}
    )
    assert any(STORED in one for one in used), "the account's key did not reach the provider: nothing was tried"

    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert {"store.db", "store.db-wal", "sealing.key"} <= {one.name for one in files}
    assert {one.name: found for one in files if (found := seen_in(one.read_bytes()))} == {}
    assert seen_in(_dump(tmp_path / "kept" / "store.db")) == []
    assert len(lines) > 10
    assert seen_in("\n".join(lines).encode()) == []
    assert seen_in(b"".join(ask.answers)) == []
    assert events
    assert seen_in(repr(events).encode() + b"".join(msgspec.json.encode(one) for one in events)) == []
    assert seen_in(repr((serving.app.settings, serving.app.account_desk.book.list(None))).encode()) == []


def _dump(path: Path) -> bytes:
    """Everything in the database as SQL, with blobs in hexadecimal."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        text = "\n".join(database.iterdump())
        blobs = b"".join(row[0] for row in database.execute("SELECT credential FROM accounts"))
    database.close()
    assert 'INSERT INTO "accounts"' in text
    return text.encode() + blobs
