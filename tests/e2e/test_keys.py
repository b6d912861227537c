"""Keys, rate limits and tenancy through a real gateway, with the official SDKs and the native API."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from genmux import Client
from genmux.contract.http import HttpReply
from genmux.engine.gateway_line import GatewayLine
from genmux.services.settings import GatewaySettings, Settings, StoreSettings
from genmux.types.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequestError,
    PermissionDeniedError,
    RateLimitError,
)
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.native import Api

ROOT = "the-root-key-of-this-test"
HELLO: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    file: Path = tmp_path_factory.mktemp("keys") / "genmux.db"
    settings = Settings(
        gateway=GatewaySettings(keys=(ROOT,), trusted_proxies=("127.0.0.1",)),
        store=StoreSettings(url=str(file)),
        aliases={"quick": "mock/echo"},
    )
    with running(settings) as serving:
        yield serving


@pytest.fixture
def root(gateway: RunningGateway) -> Api:
    return Api(gateway.url, ROOT)


@pytest.fixture
def issue(root: Api) -> Callable[..., str]:
    return lambda **wish: root.good("POST", "/keys", {"name": "of a test", **wish})["text"]


@pytest.fixture
def as_openai(gateway: RunningGateway) -> Iterator[Callable[[str], openai.OpenAI]]:
    clients: list[openai.OpenAI] = []

    def client(key: str) -> openai.OpenAI:
        clients.append(openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0))
        return clients[-1]

    yield client
    for one in clients:
        one.close()


@pytest.fixture
def as_anthropic(gateway: RunningGateway) -> Iterator[Callable[[str], anthropic.Anthropic]]:
    clients: list[anthropic.Anthropic] = []

    def client(key: str) -> anthropic.Anthropic:
        clients.append(anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0))
        return clients[-1]

    yield client
    for one in clients:
        one.close()


def test_a_revoked_key_is_refused_in_both_dialects(
    root: Api,
    as_openai: Callable[[str], openai.OpenAI],
    as_anthropic: Callable[[str], anthropic.Anthropic],
):
    issued = root.good("POST", "/keys", {"name": "short-lived"})
    key = issued["text"]
    answer = as_openai(key).chat.completions.create(model="mock/echo", messages=HELLO)
    assert answer.choices[0].message.content == "hello"
    root.good("POST", f"/keys/{issued['key']['id']}/revoke")
    with pytest.raises(openai.AuthenticationError, match=r"short-lived.*revoked"):
        as_openai(key).chat.completions.create(model="mock/echo", messages=HELLO)
    with pytest.raises(anthropic.AuthenticationError, match=r"short-lived.*revoked"):
        as_anthropic(key).messages.create(model="mock/echo", max_tokens=9, messages=HELLO)


def test_what_a_key_may_not_use_is_refused_in_both_dialects_and_not_listed(
    issue: Callable[..., str],
    as_openai: Callable[[str], openai.OpenAI],
    as_anthropic: Callable[[str], anthropic.Anthropic],
):
    key = issue(allow={"models": ["quick", "mock/lorem*"], "operations": ["chat"]})
    as_openai(key).chat.completions.create(model="quick", messages=HELLO)
    for model in ("mock/echo", "openai/gpt-5.4"):
        with pytest.raises(openai.PermissionDeniedError, match="quick, mock/lorem"):
            as_openai(key).chat.completions.create(model=model, messages=HELLO)
        with pytest.raises(anthropic.PermissionDeniedError, match="quick, mock/lorem"):
            as_anthropic(key).messages.create(model=model, max_tokens=9, messages=HELLO)
    with pytest.raises(openai.PermissionDeniedError, match="may not embed"):
        as_openai(key).embeddings.create(model="mock/embed", input="x")
    listed = {one.id for one in as_openai(key).models.list()}
    assert "quick" in listed
    assert all(name == "quick" or name.startswith("mock/lorem") for name in listed)


def test_a_rate_limit_is_a_429_with_the_time_to_wait_and_headers(
    issue: Callable[..., str],
    as_openai: Callable[[str], openai.OpenAI],
    as_anthropic: Callable[[str], anthropic.Anthropic],
):
    limits = [{"kind": "requests", "amount": 3, "per": "minute"}, {"kind": "tokens", "amount": 10_000, "per": "day"}]
    key = issue(limits=limits)
    told = as_openai(key).chat.completions.with_raw_response.create(model="mock/echo", messages=HELLO, max_tokens=1_000)
    assert told.headers["x-ratelimit-limit-requests"] == "3"
    assert told.headers["x-ratelimit-remaining-requests"] == "2"
    assert 9_900 <= int(told.headers["x-ratelimit-remaining-tokens"]) < 10_000
    with as_openai(key).chat.completions.with_streaming_response.create(
        model="mock/echo", messages=HELLO, stream=True
    ) as streamed:
        assert streamed.headers["x-ratelimit-remaining-requests"] == "1"
    as_anthropic(key).messages.create(model="mock/echo", max_tokens=9, messages=HELLO)
    with pytest.raises(openai.RateLimitError, match="3 requests per minute") as refused:
        as_openai(key).chat.completions.create(model="mock/echo", messages=HELLO)
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 20
    assert refused.value.response.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.value.code == "rate_limit_exceeded"
    with pytest.raises(anthropic.RateLimitError, match="3 requests per minute") as told_off:
        as_anthropic(key).messages.create(model="mock/echo", max_tokens=9, messages=HELLO)
    assert int(told_off.value.response.headers["retry-after"]) >= 1


def test_limits_of_an_organisation_and_of_end_users_hold(root: Api, as_openai: Callable[[str], openai.OpenAI]):
    root.good("POST", "/organisations", {"id": "small", "limits": [{"kind": "requests", "amount": 3, "per": "day"}]})
    each = {"rule": "required", "limits": [{"kind": "requests", "amount": 1, "per": "day"}]}
    first, second = (
        root.good("POST", "/keys", {"name": name, "tenant": "small", "end_users": each})["text"] for name in "ab"
    )
    ask = as_openai(first).chat.completions.create
    with pytest.raises(openai.BadRequestError, match="end user"):
        ask(model="mock/echo", messages=HELLO)
    ask(model="mock/echo", messages=HELLO, user="u1")
    with pytest.raises(openai.RateLimitError, match=r"end_user:.*u1"):
        ask(model="mock/echo", messages=HELLO, safety_identifier="u1")
    ask(model="mock/echo", messages=HELLO, extra_headers={"x-genmux-end-user": "u2"})
    as_openai(second).chat.completions.create(model="mock/echo", messages=HELLO, user="u1")
    with pytest.raises(openai.RateLimitError, match="organisation:small"):
        as_openai(second).chat.completions.create(model="mock/echo", messages=HELLO, user="u9")


def test_a_key_works_only_from_its_networks(gateway: RunningGateway, issue: Callable[..., str]):
    key = issue(allow={"networks": ["10.0.0.0/8"]})

    def asked(seen: str | None) -> int:
        async def ask() -> HttpReply:
            line = GatewayLine(gateway.url, key)
            try:
                headers = () if seen is None else (("x-forwarded-for", seen),)
                return await line.ask("GET", "/v1/models", headers=headers)
            finally:
                await line.aclose()

        return asyncio.run(ask()).status

    assert [asked(None), asked("10.1.1.1"), asked("192.168.1.1"), asked("10.1.1.1, 192.168.1.1")] == [
        403,
        200,
        403,
        403,
    ]
    assert asked("8.8.8.8, 10.1.1.1, 127.0.0.1") == 200


def test_an_admin_manages_its_organisation_and_sees_no_other(gateway: RunningGateway, root: Api):
    for name in ("north", "south"):
        root.good("POST", "/organisations", {"id": name})
    keys = {
        name: root.good("POST", "/keys", {"name": f"of {name}", "tenant": name, "role": "admin"})
        for name in ("north", "south")
    }
    north = Api(gateway.url, keys["north"]["text"])
    foreign = keys["south"]["key"]["id"]
    assert [one["id"] for one in north.good("GET", "/organisations")["data"]] == ["north"]
    assert {one["tenant"] for one in north.good("GET", "/keys")["data"]} == {"north"}
    assert {one["tenant"] for one in north.good("GET", "/audit")["data"]} == {"north"}
    for method, path, body in (
        ("GET", f"/keys/{foreign}", None),
        ("PATCH", f"/keys/{foreign}", {"name": "mine"}),
        ("POST", f"/keys/{foreign}/rotate", {}),
        ("POST", f"/keys/{foreign}/revoke", None),
        ("GET", "/keys?tenant=south", None),
        ("POST", "/keys", {"name": "x", "tenant": "south"}),
        ("GET", "/teams?tenant=south", None),
        ("POST", "/teams", {"name": "x", "tenant": "south"}),
        ("GET", "/budgets?tenant=south", None),
        ("POST", "/budgets?tenant=south", {"scope": {"kind": "organisation", "id": "south"}, "limit": 1}),
        ("GET", "/organisations/south", None),
        ("GET", "/audit?tenant=south", None),
    ):
        status, _ = north.bad(method, path, body)
        assert status == 404, path
    for method, path, body in (
        ("POST", "/organisations", {"id": "west"}),
        ("PATCH", "/organisations/north", {"limits": []}),
        ("DELETE", "/organisations/north", None),
        ("POST", "/keys", {"name": "x", "role": "root"}),
    ):
        status, _ = north.bad(method, path, body)
        assert status == 403, path
    team = north.good("POST", "/teams", {"name": "red"})
    member = north.good("POST", "/keys", {"name": "m", "team": team["id"]})
    budget = north.good("POST", "/budgets", {"scope": {"kind": "team", "id": team["id"]}, "limit": "0.5"})
    assert (budget["tenant"], budget["limit"], budget["left"]) == ("north", "0.5", "0.5")
    mine = Api(gateway.url, member["text"])
    told = mine.good("GET", "/me")
    assert (told["organisation"], told["role"], told["team"]) == ("north", "member", team["id"])
    assert [one["id"] for one in mine.good("GET", "/me/budgets")["data"]] == [budget["id"]]
    for path in ("/keys", "/teams", "/organisations", "/budgets", "/audit", f"/budgets/{budget['id']}"):
        status, message = mine.bad("GET", path)
        assert status == 403, path
        assert "admin" in message


def test_what_is_wrong_with_a_request_is_told(root: Api):
    for method, path, body, told in (
        ("POST", "/keys", {"name": "x", "rolle": "admin"}, "unknown field `rolle`"),
        ("POST", "/keys", {"name": "x", "role": "boss"}, "Invalid enum value 'boss'"),
        ("POST", "/keys", {}, "missing required field `name`"),
        ("POST", "/keys", None, "there is no body"),
        ("POST", "/keys", {"name": "x", "limits": [{"kind": "requests", "amount": 1, "pre": "day"}]}, "`pre`"),
        ("GET", "/keys?cursor=nonsense", None, "cursor"),
        ("GET", "/audit?cursor=-1", None, "cursor"),
        ("GET", "/keys?limit=0", None, "1 to 500"),
        ("GET", "/budgets?scope=keys:*", None, "kind:id"),
        ("POST", "/budgets", {"scope": {"kind": "organisation", "id": "default"}, "limit": "NaN"}, "no amount"),
        ("POST", "/budgets", {"scope": {"kind": "organisation", "id": "default"}, "limit": -1}, "no amount"),
        ("POST", "/budgets", {"scope": {"kind": "organisation", "id": "default"}, "limit": "1e10"}, "no amount"),
        ("POST", "/budgets/correct", {"subject": "nothing", "amount": 1}, "nothing was booked"),
    ):
        _, message = root.bad(method, path, body)
        assert told in message, (path, message)


def test_a_budget_is_managed_and_what_is_too_exact_is_told(root: Api):
    scope = {"kind": "tag", "id": "app=ci"}
    made = root.good("POST", "/budgets", {"scope": scope, "limit": "1.00000055", "period": "day"})
    assert made["limit"] == "1.000001"
    assert "rounded up" in made["note"]
    assert root.good("PATCH", f"/budgets/{made['id']}", {"limit": 2})["limit"] == "2"
    assert [one["id"] for one in root.good("GET", "/budgets?scope=tag:*")["data"]] == [made["id"]]
    assert root.good("GET", f"/budgets/{made['id']}/entries") == {"data": [], "next": None}
    assert root.good("POST", "/budgets/verify") == {"data": []}
    root.good("DELETE", f"/budgets/{made['id']}")
    assert root.good("GET", "/budgets?scope=tag:*")["data"] == []
    log = root.good("GET", f"/audit?kind=budget&subject={made['id']}")["data"]
    assert [one["action"] for one in log] == ["delete", "update", "create"]
    assert (log[1]["before"]["limit"], log[1]["after"]["limit"]) == (1_000_001, 2_000_000)
    assert log[0]["key"].startswith("configured/")


def test_lists_come_in_pages(root: Api):
    root.good("POST", "/organisations", {"id": "many"})
    for number in range(5):
        root.good("POST", "/keys", {"name": f"key {number}", "tenant": "many"})
    names: list[str] = []
    cursor = ""
    while True:
        page = root.good("GET", f"/keys?tenant=many&limit=2{cursor}")
        names += [one["name"] for one in page["data"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert names == [f"key {number}" for number in reversed(range(5))]


def test_a_client_calls_through_a_gateway(gateway: RunningGateway, issue: Callable[..., str]):
    key = issue(allow={"models": ["mock/*", "quick"]}, limits=[{"kind": "requests", "amount": 5, "per": "day"}])
    with Client(gateway=gateway.url, key=key) as client:
        answer = client.chat("hello", model="quick", retries=0)
        assert (answer.text, answer.provider) == ("hello", "gateway")
        assert answer.cost is not None
        assert answer.cost.source == "reported"
        with client.stream("hello there", model="mock/echo", retries=0) as parts:
            assert [*parts]
            assert parts.result().text == "hello there"
        assert len(client.embed(["a", "b"], model="mock/embed", retries=0).vectors) == 2
        with pytest.raises(PermissionDeniedError):
            client.chat("hello", model="openai/gpt-5.4", retries=0)
        with pytest.raises(InvalidRequestError, match="model"):
            client.chat("hello")
        for _ in range(2):
            client.chat("hello", model="mock/echo", retries=0)
        with pytest.raises(RateLimitError) as caught:
            client.chat("hello", model="mock/echo", retries=0)
        assert caught.value.retry_after is not None
    with Client(gateway=gateway.url, key="gmx_nonsense") as client, pytest.raises(AuthenticationError):
        client.chat("hello", model="mock/echo", retries=0)
    for wrong in ({"gateway": "nowhere"}, {"key": "alone"}, {"gateway": gateway.url, "keys": {"openai": "x"}}):
        with pytest.raises(ConfigurationError):
            Client(**wrong)


def test_no_key_is_in_the_database(gateway: RunningGateway, issue: Callable[..., str], root: Api):
    key = issue()
    Api(gateway.url, key).good("GET", "/me")
    assert gateway.app.keeping is not None
    file = Path(gateway.app.keeping.store.place)
    told = b"".join(one.read_bytes() for one in file.parent.rglob("*") if one.is_file())
    assert key[13:].encode() not in told
    assert ROOT.encode() not in told
    assert key[:12].encode() in told
    assert key[13:] not in repr(root.good("GET", "/audit"))
