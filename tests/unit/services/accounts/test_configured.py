from decimal import Decimal

import pytest

from genmux.app import App
from genmux.services.settings import AccountOptions, ProviderSettings, Settings, read_settings
from genmux.types.errors import AuthenticationError, ConfigurationError, RateLimitError

SECRET = "planted-secret-0123456789abcdef"

TOML = f"""
[accounts]
sealing = "env"
sync_seconds = 60

[providers.openai]
api_key = "{SECRET}-usual"

[providers.openai.accounts.work]
api_key = "{SECRET}-work"
priority = 2
max_concurrency = 1
plan = "team"
rates = {{ credits = "0.01" }}
credits = {{ credits = 100 }}

[providers.openai.accounts."old one"]
enabled = false
credentials = {{ api_key = "{SECRET}-old" }}
"""


def settings_of(tmp_path, text):
    file = tmp_path / "genmux.toml"
    file.write_text(text)
    return read_settings({}, path=file)


def test_accounts_in_the_settings_are_read_with_their_keys(tmp_path):
    settings = settings_of(tmp_path, TOML)
    assert (settings.accounts.sealing, settings.accounts.sync_seconds) == ("env", 60)
    own = settings.providers["openai"]
    assert own.credentials == {"api_key": f"{SECRET}-usual"}
    work, old = own.accounts["work"], own.accounts["old one"]
    assert work == AccountOptions(
        priority=2,
        max_concurrency=1,
        plan="team",
        rates={"credits": Decimal("0.01")},
        credits={"credits": Decimal(100)},
        credentials={"api_key": f"{SECRET}-work"},
    )
    assert (old.enabled, old.credentials) == (False, {"api_key": f"{SECRET}-old"})
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[accounts]\nsealing = "usb"', "sealing"),
        ("[accounts]\nsync_seconds = -1", "sync_seconds"),
        ("[providers.openai.accounts]\nwork = 3", "accounts.work: Expected a table"),
        ('[providers.openai.accounts.work]\nweight = 0\napi_key = "k"', "weight"),
        ("[providers.openai.accounts.work]\napi_key = 5", "api_key"),
        ('[providers.openai.accounts.work.rates]\ncredits = "-1"', "-1 is no amount; give 0 or more"),
        ('[providers.openai.accounts.work.credits]\ncredits = "NaN"', "NaN is no amount; give 0 or more"),
    ],
)
def test_what_is_wrong_with_an_account_is_told_with_its_place(tmp_path, text, told):
    with pytest.raises(ConfigurationError) as caught:
        settings_of(tmp_path, text)
    assert told in caught.value.message
    assert "genmux.toml" in caught.value.message


def test_configured_accounts_are_chosen_beside_the_usual_one(tmp_path):
    app = App(settings_of(tmp_path, TOML), environ={})
    pool = app.accounts
    assert pool.several("openai")
    lease = pool.choose("openai")
    assert (lease.account.name, lease.account.plan, lease.credential["api_key"]) == ("work", "team", f"{SECRET}-work")
    other = pool.choose("openai")
    assert (other.account.name, other.credential["api_key"]) == ("configured", f"{SECRET}-usual")
    assert [one.name for one in pool.accounts("openai")] == ["configured", "work", "old one"]
    other.done(RateLimitError("slow", retry_after=9.0))
    with pytest.raises(
        RateLimitError, match="configured pauses for 9 s; work has all 1 slots in use; old one is disabled"
    ):
        pool.choose("openai")


def test_without_accounts_there_is_nothing_to_choose():
    settings = Settings(providers={"openai": ProviderSettings(credentials={"api_key": f" {SECRET}\n"})})
    pool = App(settings, environ={}).accounts
    assert not pool.several("openai")
    assert pool.choose("openai").credential["api_key"] == SECRET


def test_a_key_in_the_environment_is_an_account(tmp_path):
    pool = App(settings_of(tmp_path, ""), environ={"OPENAI_API_KEY": SECRET}).accounts
    assert pool.choose("openai").account.id == "openai:configured"
    assert pool.accounts("mock") == ()
    assert dict(pool.choose("mock").credential) == {}


def test_a_provider_without_any_account_says_what_to_set(tmp_path):
    app = App(settings_of(tmp_path, ""), environ={})
    with pytest.raises(AuthenticationError, match="no api_key for openai: set \\$OPENAI_API_KEY"):
        app.accounts.choose("openai")
    assert app.accounts.lacks("openai") == app.registry.unavailable("openai")


def test_a_provider_with_only_a_further_account_can_be_used(tmp_path):
    text = f'[providers.openai.accounts.work]\napi_key = "{SECRET}"'
    app = App(settings_of(tmp_path, text), environ={})
    assert app.registry.unavailable("openai") is None
    assert app.accounts.lacks("openai") is None
    assert app.accounts.choose("openai").account.name == "work"


def test_what_is_wrong_with_accounts_is_told_before_they_are_used(tmp_path):
    text = f'[providers.openai.accounts.work]\napi_kye = "{SECRET}"\n[providers.mock.accounts.one]\ntoken = "{SECRET}"'
    faults = [*App(settings_of(tmp_path, text), environ={}).config_faults()]
    assert len(faults) == 2
    assert faults[0].startswith("openai: the account 'work' has no setting `api_kye`; there are api_key, ")
    assert faults[1] == "openai: the account 'work' lacks `api_key`"


def test_an_unknown_provider_has_no_accounts():
    app = App(Settings(), environ={})
    with pytest.raises(AuthenticationError, match="there is no provider 'opnai'; did you mean openai"):
        app.accounts.choose("opnai")
