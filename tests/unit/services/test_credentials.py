"""Keys come from arguments, then the environment, then the settings."""

import pytest

from genmux.contract.manifest import Credential
from genmux.services.credentials import Credentials
from genmux.services.settings import ProviderSettings
from genmux.types.errors import AuthenticationError
from tests.unit.services.shop import manifest

ACME = manifest(
    "acme",
    base_url="https://acme.example/v1/",
    base_url_env=("ACME_URL", "ACME_HOST"),
    credentials={
        "api_key": Credential(env=("ACME_KEY", "ACME_TOKEN")),
        "account": Credential(env=("ACME_ACCOUNT",), required=False),
    },
)


def configured(**credentials: str) -> dict[str, ProviderSettings]:
    return {"acme": ProviderSettings(credentials=credentials)}


def test_an_argument_comes_before_the_environment_and_that_before_the_settings() -> None:
    environ = {"ACME_KEY": "environment"}

    assert Credentials({}, configured(api_key="settings")).find(ACME) == {"api_key": "settings"}
    assert Credentials(environ, configured(api_key="settings")).find(ACME) == {"api_key": "environment"}
    client = Credentials(environ, configured(api_key="settings"), {"acme": {"api_key": "client"}})
    assert client.find(ACME) == {"api_key": "client"}
    assert client.find(ACME, {"api_key": "call"}) == {"api_key": "call"}


def test_fields_come_from_different_places_together() -> None:
    keys = Credentials({"ACME_ACCOUNT": "a1"}, configured(api_key="k"))

    assert keys.require(ACME) == {"api_key": "k", "account": "a1"}


def test_the_second_variable_counts_where_the_first_is_not_set_or_empty() -> None:
    assert Credentials({"ACME_KEY": "", "ACME_TOKEN": "t"}, {}).find(ACME) == {"api_key": "t"}


def test_an_empty_key_is_none_and_a_newline_is_no_part_of_one() -> None:
    keys = Credentials({"ACME_KEY": "from-a-file\n"}, {}, {"acme": {"api_key": "  "}})

    assert keys.find(ACME, {"api_key": ""}) == {"api_key": "from-a-file"}


def test_what_is_missing_says_where_it_is_looked_for() -> None:
    keys = Credentials({}, {})

    assert keys.missing(ACME) == (
        "no api_key for acme: set $ACME_KEY or $ACME_TOKEN, or `api_key` in [providers.acme] of genmux.toml"
    )
    with pytest.raises(AuthenticationError, match="no api_key for acme") as caught:
        keys.require(ACME)
    assert caught.value.provider == "acme"


def test_all_that_is_missing_is_told() -> None:
    both = manifest("both", credentials={"id": Credential(env=("BOTH_ID",)), "secret": Credential()})

    assert Credentials({}, {}).missing(both) == (
        "no id, secret for both: set $BOTH_ID and `secret`, or `id` in [providers.both] of genmux.toml"
    )


def test_a_provider_that_requires_none_misses_none() -> None:
    local = manifest("local", requires_credentials=False, credentials={"api_key": Credential(env=("LOCAL_KEY",))})

    assert Credentials({}, {}).missing(local) is None
    assert Credentials({}, {}).require(local) == {}
    assert Credentials({"LOCAL_KEY": "k"}, {}).require(local) == {"api_key": "k"}


def test_the_address_comes_from_the_argument_the_environment_the_settings_or_the_manifest() -> None:
    own = {"acme": ProviderSettings(base_url="https://mine.example")}

    assert Credentials({}, {}).base_url(ACME) == "https://acme.example/v1"
    assert Credentials({}, own).base_url(ACME) == "https://mine.example"
    assert Credentials({"ACME_HOST": "https://host.example/"}, own).base_url(ACME) == "https://host.example"
    assert Credentials({"ACME_HOST": "x"}, own).base_url(ACME, "https://call.example") == "https://call.example"


def test_an_address_without_a_scheme_gets_that_of_the_manifest() -> None:
    local = manifest("local", base_url="http://127.0.0.1:11434", base_url_env=("LOCAL_HOST",))

    assert Credentials({"LOCAL_HOST": "box:1234"}, {}).base_url(local) == "http://box:1234"
    assert Credentials({"LOCAL_HOST": "box"}, {}).base_url(local) == "http://box:11434"
    assert Credentials({"LOCAL_HOST": "box/ollama"}, {}).base_url(local) == "http://box:11434/ollama"
    assert Credentials({"ACME_HOST": "box"}, {}).base_url(ACME) == "https://box"
    assert Credentials({}, {}).base_url(manifest("bare")) == ""
    assert Credentials({}, {}).base_url(manifest("bare"), "box:1") == "http://box:1"
