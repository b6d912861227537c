"""The accounts of the native API: who may do what, what is told, and what never is."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

import msgspec
import pytest

from genmux.app import App
from genmux.server.in_process import InProcess
from genmux.services.settings import AccountOptions, ProviderSettings, Settings, StoreSettings
from genmux.store.accounts.store import AccountTables
from genmux.store.opening import open_store
from genmux.types.errors import AuthenticationError
from genmux.types.principal import NOBODY, Principal

SECRET = "planted-secret-0123456789abcdef"
ADMIN = Principal(organisation="acme", key="admin-key", role="admin")
MEMBER = Principal(organisation="acme", key="member-key", role="member")
OTHER = Principal(organisation="other", key="other-key", role="admin")
DRAFT = {"provider": "openai", "name": "work", "credential": {"api_key": SECRET}}


class Api:
    """Asks as different callers."""

    def __init__(self, app, stack):
        self.app = app
        self._stack = stack
        self._lines = {}

    async def __call__(self, method, path, body=None, *, caller: Principal = ADMIN, status=None, raw=None):
        if (line := self._lines.get(caller.key)) is None:
            line = self._lines[caller.key] = await self._stack.enter_async_context(InProcess(self.app, caller))
        reply = await line.ask(
            method,
            f"/api/v1/accounts{path.partition('?')[0]}",
            query=path.partition("?")[2],
            headers=(("content-type", "application/json"),),
            body=raw if raw is not None else b"" if body is None else msgspec.json.encode(body),
        )
        assert SECRET.encode() not in reply.body
        if status is not None:
            assert reply.status == status, reply.body
        return msgspec.json.decode(reply.body) if reply.body else None


@pytest.fixture
async def api(tmp_path):
    settings = Settings(
        providers={
            "deepseek": ProviderSettings(
                credentials={"api_key": SECRET}, accounts={"spare": AccountOptions(credentials={"api_key": SECRET})}
            )
        }
    )
    environ: Mapping[str, str] = {"XDG_DATA_HOME": str(tmp_path / "data")}
    app = App(settings, environ=environ)
    store = await open_store(tmp_path / "store.db", role="library", about="a test")
    await app.account_desk.attach(AccountTables(store.database), environ=environ)
    async with AsyncExitStack() as stack:
        yield Api(app, stack)
    await store.aclose()


async def test_an_account_is_added_shown_changed_and_removed_without_its_credential(api):
    made = await api(
        "POST", "", DRAFT | {"priority": 3, "rates": {"credits": "0.01"}, "credits": {"credits": "10"}}, status=201
    )
    assert (made["tenant"], made["provider"], made["name"], made["priority"]) == ("acme", "openai", "work", 3)
    assert made["balances"]["credits"]["amount"] == "10"
    assert "credential" not in made
    path = f"/{made['id']}"
    assert (await api("GET", path, status=200))["name"] == "work"
    changed = await api("PATCH", path, {"priority": 5, "plan": "pro", "max_concurrency": 2}, status=200)
    assert (changed["priority"], changed["plan"], changed["max_concurrency"], changed["name"]) == (5, "pro", 2, "work")
    assert [one["id"] for one in (await api("GET", "?provider=openai", status=200))["data"]] == [made["id"]]
    await api("DELETE", path, status=204)
    await api("GET", path, status=404)
    assert (await api("GET", "", status=200))["data"] == []


async def test_what_was_added_is_what_calls_use(api):
    await api("POST", "", DRAFT, status=201)
    lease = api.app.accounts.choose("openai", principal=ADMIN)
    assert lease.credential["api_key"] == SECRET
    assert api.app.accounts.several("openai")


async def test_disabling_and_enabling_take_effect_at_once(api):
    made = await api("POST", "", DRAFT, status=201)
    off = await api("POST", f"/{made['id']}/disable", status=200)
    assert off["status"] == "disabled"
    assert [one["name"] for one in (await api("GET", "?status=disabled"))["data"]] == ["work"]
    on = await api("POST", f"/{made['id']}/enable", status=200)
    assert "status" not in on or on["status"] == "active"


async def test_a_new_credential_makes_a_revoked_account_active(api):
    made = await api("POST", "", DRAFT, status=201)
    for _ in range(2):
        lease = api.app.accounts.choose("openai", principal=ADMIN)
        lease.standing.cool_until = None
        lease.done(AuthenticationError("no"))
        lease.standing.cool_until = None
    assert (await api("GET", f"/{made['id']}"))["status"] == "revoked"
    changed = await api("PATCH", f"/{made['id']}", {"credential": {"api_key": SECRET + "2"}}, status=200)
    assert changed.get("status", "active") == "active"
    assert api.app.accounts.choose("openai", principal=ADMIN).credential["api_key"] == SECRET + "2"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_account_of_another_organisation_is_not_found(api, method):
    made = await api("POST", "", DRAFT, status=201)
    fault = await api(method, f"/{made['id']}", {} if method == "PATCH" else None, caller=OTHER, status=404)
    assert "there is no account" in fault["message"]
    assert (await api("GET", "", caller=OTHER))["data"] == []
    await api("POST", f"/{made['id']}/disable", caller=OTHER, status=404)
    await api("GET", "?tenant=acme", caller=OTHER, status=404)
    assert [one["name"] for one in (await api("GET", "?tenant=acme", caller=NOBODY))["data"]] == ["work"]


async def test_members_manage_nothing(api):
    for method, path in (("GET", ""), ("POST", "/x/enable"), ("POST", "/reseal"), ("POST", "/sync")):
        await api(method, path, caller=MEMBER, status=403)
    await api("POST", "", DRAFT, caller=MEMBER, status=403)
    fault = await api("POST", "/reseal", caller=ADMIN, status=403)
    assert "only root may do this" in fault["message"]


async def test_only_root_shares_with_other_organisations(api):
    shared = DRAFT | {"sharing": "shared", "grants": {"organisations": ["*"]}}
    fault = await api("POST", "", shared, status=403)
    assert "only root may share" in fault["message"]
    await api("POST", "", shared | {"grants": {"organisations": ["acme"], "teams": ["t"]}}, status=201)
    await api("POST", "", shared | {"name": "all"}, caller=NOBODY, status=201)
    assert api.app.accounts.choose("openai", principal=OTHER).account.name == "all"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"provider": "opnai"}, "there is no provider 'opnai'; did you mean openai"),
        ({"name": "a b"}, "the name 'a b' must be letters"),
        ({"name": ""}, "the name '' must be letters"),
        ({"credential": {}}, "the credential of openai lacks api_key"),
        ({"credential": {"api_key": "  "}}, "the credential of openai lacks api_key"),
        ({"credential": {"api_key": SECRET, "pin": SECRET}}, "openai has no credential field pin; it has api_key"),
        ({"credential": {"api_key": SECRET + "\n\x00"}}, "is no key"),
        ({"weight": 0}, "give a weight of 1 or more"),
        ({"max_concurrency": 0}, "`max_concurrency` is 0"),
        ({"rates": {"c": "-1"}}, "`rates.c` is -1; give US dollars for one credit from 0 on"),
        ({"rates": {"c": "NaN"}}, "`rates.c` is NaN"),
        ({"credits": {"c": "-0.5"}}, "`credits.c` is -0.5; give credits from 0 on"),
        ({"credits": {"c": "NaN"}}, "`credits.c` is NaN"),
        ({"credits": {"c": "Infinity"}}, "`credits.c` is Infinity"),
        ({"credits": {"c": "1e40"}}, "`credits.c` is 1E+40"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(api, change, told):
    fault = await api("POST", "", DRAFT | change)
    assert told in fault["message"]
    assert (await api("GET", ""))["data"] == []


@pytest.mark.parametrize(
    "change", [{"credential": SECRET}, {"credential": {"api_key": [SECRET]}}, {SECRET[:5]: SECRET}]
)
async def test_a_body_of_another_form_is_refused_without_its_secrets(api, change):
    fault = await api("POST", "", DRAFT | change, status=400)
    assert fault["kind"] == "invalid_request"


async def test_a_name_is_taken_once(api):
    await api("POST", "", DRAFT, status=201)
    assert "there is an account openai/work already" in (await api("POST", "", DRAFT, status=400))["message"]
    taken = {"provider": "deepseek", "name": "spare", "credential": {"api_key": SECRET}}
    assert "in the configuration already" in (await api("POST", "", taken, caller=NOBODY, status=400))["message"]


async def test_configured_accounts_are_shown_and_changed_where_they_are_configured(api):
    found = (await api("GET", "?provider=deepseek", caller=NOBODY))["data"]
    assert [(one["id"], one["origin"]) for one in found] == [
        ("deepseek:configured", "implicit"),
        ("deepseek:spare", "configured"),
    ]
    fault = await api("PATCH", "/deepseek:spare", {"priority": 1}, caller=NOBODY)
    assert "deepseek/spare is configured in genmux.toml; change it there" in fault["message"]
    assert (await api("GET", "?provider=deepseek"))["data"] == []


async def test_an_unknown_status_is_told(api):
    assert "there is no status 'gone'" in (await api("GET", "?status=gone", status=400))["message"]


async def test_without_a_store_it_is_told_how_to_have_one(tmp_path):
    app = App(Settings(store=StoreSettings(url="none")), environ={"XDG_DATA_HOME": str(tmp_path)})
    async with AsyncExitStack() as stack:
        fault = await Api(app, stack)("POST", "", DRAFT, caller=NOBODY)
    assert "GENMUX_STORE" in fault["message"]


PAGE = {
    "url": "https://mock.genmux.test/home",
    "cookies": {"mock_session": SECRET, "theme": "dark"},
    "email": "a@b.example",
}


async def test_a_capture_makes_an_account_and_the_same_identity_renews_it(api):
    made = await api("POST", "/capture", PAGE, status=200)
    assert made["created"] is True
    account = made["account"]
    assert (account["provider"], account["name"], account["identity"]) == ("mock", "a@b.example", "a@b.example")
    await api("POST", f"/{account['id']}/disable")
    again = PAGE | {
        "cookies": [{"name": "mock_session", "value": SECRET + "-new"}],
        "email": "A@B.example",
        "provider": "mock",
    }
    renewed = await api("POST", "/capture", again, status=200)
    assert (renewed["created"], renewed["account"]["id"]) == (False, account["id"])
    assert renewed["account"].get("status", "active") == "active"
    lease = api.app.accounts.choose("mock", principal=ADMIN, only=frozenset({"a@b.example"}))
    assert dict(lease.credential) == {"token": SECRET + "-new"}


@pytest.mark.parametrize(
    "extra",
    [
        {"password": "hunter2hunter2"},
        {"storage": {"Password": "hunter2hunter2"}},
        {"storage": {"deep": {"user_passwd": "hunter2hunter2"}}},
        {"cookies": [{"name": "mock_session", "value": SECRET}, {"name": "pwd", "value": "hunter2hunter2"}]},
        {"headers": {"x-passphrase": "hunter2hunter2"}},
    ],
)
async def test_a_capture_with_a_password_is_refused_and_nothing_is_kept(api, extra):
    fault = await api("POST", "/capture", PAGE | extra, status=400)
    assert "looks like a password; genmux takes tokens only" in fault["message"]
    assert "hunter2" not in fault["message"]
    assert (await api("GET", ""))["data"] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cookies": {}}, "there is no cookie `mock_session`, no `mock_token` in the storage and no bearer header"),
        ({"email": None}, "whose account this is was not captured: there is no e-mail address"),
        ({"url": "https://unknown.example/"}, "no provider claims the page 'unknown.example'; name one as `provider`"),
        ({"provider": "openai"}, "openai cannot read an account from a page"),
        ({"provider": "opnai"}, "did you mean openai"),
        ({"cookies": 7}, "`cookies` must be a table"),
        ({"cookies": {f"c{n}": "v" for n in range(501)}}, "`cookies` has 501 entries"),
        ({"storage": {"big": "x" * 20_000}}, "`storage.big` has more than 16,384 characters"),
        ({"storage": {f"s{n}": "x" * 10_000 for n in range(40)}}, "a capture has at most 262,144 bytes"),
        ({"unknown": 1}, "a capture is a JSON object with url"),
    ],
)
async def test_a_capture_that_cannot_be_used_is_refused_by_what_is_missing(api, change, told):
    fault = await api("POST", "/capture", PAGE | change)
    assert told in fault["message"]
    assert (await api("GET", ""))["data"] == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"url":' + b"[" * 5000, b"null"])
async def test_a_capture_that_is_no_json_object_is_refused(api, raw):
    fault = await api("POST", "/capture", raw=raw, status=400)
    assert "a capture is a JSON object with url" in fault["message"]


async def test_what_a_member_captures_is_its_own_and_renews_no_others(api):
    first = await api("POST", "/capture", PAGE, caller=MEMBER, status=200)
    assert first["account"]["owner"] == "member-key"
    stranger = Principal(organisation="acme", key="another-key", role="member")
    fault = await api("POST", "/capture", PAGE, caller=stranger, status=400)
    assert "already" in fault["message"]
    named = await api("POST", "/capture", PAGE | {"name": "mine"}, caller=stranger, status=200)
    assert (named["created"], named["account"]["owner"]) == (True, "another-key")
    assert (
        api.app.accounts.choose("mock", principal=MEMBER, only=frozenset({"a@b.example"})).account.owner == "member-key"
    )


async def test_resealing_is_told_and_changes_no_credential(api):
    await api("POST", "", DRAFT, status=201)
    assert await api("POST", "/reseal", caller=NOBODY, status=200) == {"accounts": 1}
    assert api.app.accounts.choose("openai", principal=ADMIN).credential["api_key"] == SECRET


async def test_asking_where_there_is_nothing_to_ask_is_told(api):
    made = await api("POST", "", DRAFT, status=201)
    fault = await api("POST", f"/{made['id']}/sync")
    assert "openai has nowhere to ask what is left" in fault["message"]
