"""Events and webhooks through a real gateway: who may see what, and that it comes."""

import asyncio
import http.server
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest
from standardwebhooks import Webhook

from genmux.services.settings import GatewaySettings, Settings, StoreSettings, WebhookSettings
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.native import Api
from tests.e2e.sse import follow

ROOT = "the-root-key-of-this-test"
HELLO: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("events")
    settings = Settings(
        gateway=GatewaySettings(keys=(ROOT,)),
        store=StoreSettings(url=str(folder / "genmux.db")),
        webhooks=WebhookSettings(private_hosts=("127.0.0.1",)),
    )
    with running(settings, {"XDG_DATA_HOME": str(folder)}) as serving:
        yield serving


@pytest.fixture
def root(gateway: RunningGateway) -> Api:
    return Api(gateway.url, ROOT)


@pytest.fixture(scope="module")
def keys(gateway: RunningGateway) -> dict[str, str]:
    """A key for each kind of caller."""
    root = Api(gateway.url, ROOT)
    for tenant in ("acme", "other"):
        root.good("POST", "/organisations", {"id": tenant, "name": tenant})
    wishes = {
        "admin": ("acme", "admin"),
        "member": ("acme", "member"),
        "second": ("acme", "member"),
        "other": ("other", "admin"),
    }
    issued = {
        name: root.good("POST", "/keys", {"name": name, "tenant": tenant, "role": role})
        for name, (tenant, role) in wishes.items()
    }
    return {name: one["text"] for name, one in issued.items()}


@pytest.fixture
def chat(gateway: RunningGateway) -> Callable[[str], None]:
    def ask(key: str) -> None:
        with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as client:
            client.chat.completions.create(model="mock/echo", messages=HELLO)

    return ask


class Receiver:
    """Takes webhooks in a thread of its own."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.came = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()
                with outer.came:
                    outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                    outer.came.notify_all()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def until(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.got) >= count, 15)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    thread = threading.Thread(target=one.server.serve_forever, daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join(10)


def test_a_stream_tells_calls_as_they_happen_and_goes_on_where_it_was_left(
    gateway: RunningGateway, keys: dict[str, str], chat: Callable[[str], None]
) -> None:
    with follow(gateway.url, "?type=generation.*", key=keys["admin"]) as stream:
        chat(keys["member"])
        started, completed = stream.take(2)
        assert (started.event, completed.event) == ("generation.started", "generation.completed")
        chat(keys["second"])
        missed = stream.take(2)
    assert completed.data["specversion"] == "1.0"
    assert completed.data["tenant"] == "acme"
    assert completed.data["data"]["usage"]
    with follow(gateway.url, key=keys["admin"], last=completed.id) as again:
        assert again.take(2) == missed
    with follow(gateway.url, "?cursor=0&type=generation.completed", key=keys["admin"]) as everything:
        assert everything.take(2) == [completed, missed[1]]


def test_callers_see_what_is_theirs(
    gateway: RunningGateway, keys: dict[str, str], root: Api, chat: Callable[[str], None]
) -> None:
    with follow(gateway.url, key=ROOT) as stream:
        for key in ("member", "second", "other"):
            chat(keys[key])
        stream.take(6)

    def seen(key: str, query: str = "") -> set[tuple[str, str]]:
        data = Api(gateway.url, key).good("GET", f"/events?limit=500{query}")["data"]
        return {(one["tenant"], one.get("key", "")) for one in data if one["type"] == "generation.completed"}

    ids = {one["name"]: one["id"] for one in root.good("GET", "/keys")["data"]}
    member, second, other = (("acme", ids["member"]), ("acme", ids["second"]), ("other", ids["other"]))
    assert seen(keys["member"]) == {member}
    assert seen(keys["admin"]) == {member, second}
    assert seen(keys["other"]) == {other}
    assert seen(ROOT) >= {member, second, other}
    assert seen(ROOT, "&tenant=other") == {other}
    assert Api(gateway.url, keys["admin"]).bad("GET", "/events?tenant=other")[0] == 404
    assert Api(gateway.url, None).bad("GET", "/events")[0] == 401


def test_pages_go_on_where_the_last_one_ended(
    gateway: RunningGateway, keys: dict[str, str], chat: Callable[[str], None]
) -> None:
    admin = Api(gateway.url, keys["admin"])
    with follow(gateway.url, key=keys["admin"]) as stream:
        chat(keys["member"])
        stream.take(2)
    whole = admin.good("GET", "/events?limit=500")
    cursor, pieces = "0", list[Any]()
    while (page := admin.good("GET", f"/events?limit=3&cursor={cursor}"))["data"]:
        pieces += page["data"]
        cursor = page["next"]

    assert pieces == whole["data"]
    assert cursor == whole["next"]
    subject = pieces[-1]["subject"]
    assert {one["subject"] for one in admin.good("GET", f"/events?subject={subject}")["data"]} == {subject}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("cursor=x", "give the `id` of the last event"),
        ("limit=0", "it must be 1 to 500"),
        ("type=generation.dreamt", "there is no event 'generation.dreamt'"),
        ("type=dreams.*", "there is no event 'dreams.*'"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_words(
    gateway: RunningGateway, keys: dict[str, str], query: str, said: str
) -> None:
    status, message = Api(gateway.url, keys["admin"]).bad("GET", f"/events?{query}")

    assert status == 400
    assert said in message


def test_a_stream_of_many_readers_ends_with_each_of_them(gateway: RunningGateway, keys: dict[str, str]) -> None:
    from contextlib import ExitStack

    assert gateway.app.keeping is not None
    stories = gateway.app.keeping.events.stories
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(follow(gateway.url, key=keys["admin"]))
        assert len(stories._followers) == 20  # noqa: SLF001 — to see that none is left

    async def none() -> None:
        async with asyncio.timeout(10):
            while stories._followers:  # noqa: ASYNC110, SLF001 — nobody tells us
                await asyncio.sleep(0.01)

    asyncio.run(none())


def test_a_webhook_is_made_used_changed_and_removed(
    gateway: RunningGateway, keys: dict[str, str], chat: Callable[[str], None], receiver: Receiver
) -> None:
    admin = Api(gateway.url, keys["admin"])
    made = admin.good("POST", "/webhooks", {"url": receiver.url, "types": ["generation.completed"], "name": "mine"})
    hook, secret = made["webhook"], made["secret"]
    assert "secret" not in str(admin.good("GET", f"/webhooks/{hook['id']}"))
    chat(keys["member"])
    receiver.until(1)
    headers, body = receiver.got[0]
    assert Webhook(secret).verify(body, headers)["type"] == "generation.completed"

    rotated = admin.good("POST", f"/webhooks/{hook['id']}/rotate", {"overlap": 60})
    done = admin.good("POST", f"/webhooks/{hook['id']}/test")
    assert (done["state"], done["status"], done["type"]) == ("delivered", 200, "webhook.test")
    headers, body = receiver.got[1]
    for right in (secret, rotated["secret"]):
        assert Webhook(right).verify(body, headers)["data"] == {"webhook": hook["id"]}

    (failing,) = (receiver.statuses.append(503) or admin.good("POST", f"/webhooks/{hook['id']}/test"),)
    assert (failing["state"], failing["error"]) == ("failed", "HTTP 503")
    assert [one["event"] for one in admin.good("GET", f"/webhooks/{hook['id']}/deliveries?state=failed")["data"]] == [
        failing["event"]
    ]
    again = admin.good("POST", f"/webhooks/{hook['id']}/deliveries/{failing['event']}/redeliver")
    assert again["state"] == "waiting"
    receiver.until(4)
    assert receiver.got[3][0]["webhook-id"] == failing["event"]
    assert admin.good("POST", f"/webhooks/{hook['id']}/deliveries/redeliver") == {"deliveries": 0}
    page = admin.good("GET", f"/webhooks/{hook['id']}/deliveries?limit=2")
    rest = admin.good("GET", f"/webhooks/{hook['id']}/deliveries?limit=2&cursor={page['next']}")
    assert len({one["event"] for one in (*page["data"], *rest["data"])}) == 3

    changed = admin.good("PATCH", f"/webhooks/{hook['id']}", {"enabled": False, "types": []})
    assert changed["enabled"] is False
    assert "types" not in changed
    admin.good("DELETE", f"/webhooks/{hook['id']}")
    assert admin.bad("GET", f"/webhooks/{hook['id']}")[0] == 404
    lines = Api(gateway.url, ROOT).good("GET", "/audit?kind=webhook")["data"]
    assert [one["action"] for one in lines][:4] == ["delete", "update", "rotate", "create"]
    assert secret not in msgspec.json.encode(lines).decode()


def test_webhooks_are_for_admins_of_their_organisation(
    gateway: RunningGateway, keys: dict[str, str], root: Api
) -> None:
    wish = {"url": "https://example.com/hook"}
    mine = Api(gateway.url, keys["admin"]).good("POST", "/webhooks", wish)["webhook"]
    assert mine["tenant"] == "acme"
    other, member = Api(gateway.url, keys["other"]), Api(gateway.url, keys["member"])
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        assert other.bad(method, f"/webhooks/{mine['id']}{path}", {} if method == "PATCH" else None)[0] == 404
        assert member.bad(method, f"/webhooks/{mine['id']}{path}", {} if method == "PATCH" else None)[0] == 403
    assert other.good("GET", "/webhooks") == {"data": []}
    assert other.bad("POST", "/webhooks", {**wish, "tenant": "acme"})[0] == 404
    assert other.bad("POST", "/webhooks", {**wish, "tenant": "*"})[0] == 403
    assert root.good("POST", "/webhooks", {**wish, "tenant": "*"})["webhook"]["tenant"] == "*"


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"url": "ftp://example.com"}, "must be an address such as https://"),
        ({"url": "example.com"}, "must be an address such as https://"),
        ({"url": "https://"}, "must be an address such as https://"),
        ({"url": "https://a.example/ b"}, "must be an address such as https://"),
        ({"url": "https://user:secret@example.com/"}, "deliveries are signed instead"),
        ({"url": "https://example.com/#x"}, "has a fragment"),
        ({"url": "https://example.com/" + "x" * 2_048}, "must be an address such as https://"),
        ({"url": "https://example.com", "types": ["nope"]}, "there is no event 'nope'"),
        ({"url": "https://example.com", "name": "x" * 201}, "at most 200 characters"),
        ({"url": "https://example.com", "secret": "mine"}, "secret"),
    ],
)
def test_a_wrong_wish_is_refused_in_words(
    gateway: RunningGateway, keys: dict[str, str], wish: dict[str, Any], said: str
) -> None:
    status, message = Api(gateway.url, keys["admin"]).bad("POST", "/webhooks", wish)

    assert status == 400
    assert said in message


def test_a_webhook_to_a_private_network_fails_and_says_why(gateway: RunningGateway, keys: dict[str, str]) -> None:
    admin = Api(gateway.url, keys["admin"])
    made = admin.good("POST", "/webhooks", {"url": "http://10.1.2.3/hook"})["webhook"]
    done = admin.good("POST", f"/webhooks/{made['id']}/test")
    admin.good("DELETE", f"/webhooks/{made['id']}")

    assert done["state"] == "failed"
    assert "`private_hosts` of [webhooks]" in done["error"]


SCRIPT = """
import genmux
client = genmux.Client(model="mock/echo", store={store})
leave = client.on_event(lambda event: print(event.type, event.subject is not None))
client.chat("hi")
leave()
client.chat("nobody listens")
client.close()
"""


@pytest.mark.parametrize("store", [None, "events.db"])
def test_a_plain_script_hears_what_happens_in_it(store: str | None, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(store=repr(store and str(tmp_path / store))))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path
    )

    assert done.stdout.splitlines() == ["generation.started True", "generation.completed True"], done.stderr
    assert done.stderr == ""
