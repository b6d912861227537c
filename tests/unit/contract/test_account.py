"""Accounts out of captures: what the hook gets, what it gives, and that nothing of it shows a secret."""

import pickle
from decimal import Decimal

import msgspec
import pytest

from genmux.contract.account import Captured, CapturedAccount
from genmux.providers.mock import provider
from genmux.services.accounts.capture import Posted
from genmux.services.accounts.drafts import AccountChange, AccountDraft
from genmux.services.registry.building import complete
from genmux.types.accounts import Account, Balance, Credential
from genmux.types.accounts_stored import Sealed
from genmux.types.errors import InvalidRequestError

SECRET = "planted-secret-0123456789abcdef"
PAGE = "https://mock.genmux.test/"


@pytest.mark.parametrize(
    "found",
    [
        {"cookies": {"mock_session": SECRET}},
        {"storage": {"mock_token": SECRET}},
        {"headers": {"authorization": f"Bearer {SECRET}"}},
        {"headers": {"authorization": f"bearer  {SECRET} "}},
    ],
)
def test_the_simulator_finds_its_token_where_pages_keep_one(found):
    assert provider.account is not None
    read = provider.account(Captured(url=PAGE, email="a@b.example", **found))
    assert read == CapturedAccount(credential={"token": SECRET}, identity="a@b.example")


def test_whose_it_is_may_be_in_the_storage():
    assert provider.account is not None
    storage = {"mock_token": SECRET, "mock_user": "user-7", "mock_plan": "pro"}
    read = provider.account(Captured(url=PAGE, storage=storage))
    assert (read.identity, read.plan) == ("user-7", "pro")


@pytest.mark.parametrize(
    ("captured", "param"),
    [
        (Captured(url=PAGE, email="a@b.example"), "cookies"),
        (Captured(url=PAGE, email="a@b.example", headers={"authorization": f"Basic {SECRET}"}), "cookies"),
        (Captured(url=PAGE, email="a@b.example", headers={"authorization": "Bearer "}), "cookies"),
        (Captured(url=PAGE, cookies={"mock_session": SECRET}), "email"),
    ],
)
def test_what_is_missing_is_named(captured, param):
    assert provider.account is not None
    with pytest.raises(InvalidRequestError) as caught:
        provider.account(captured)
    assert caught.value.param == param
    assert SECRET not in str(caught.value)


def test_the_hook_of_a_provider_stays_when_it_is_completed():
    assert complete(provider).account is provider.account


@pytest.mark.parametrize(
    "shown",
    [
        Captured(url=f"{PAGE}?token={SECRET}", cookies={"a": SECRET}, headers={"b": SECRET}, storage={"c": SECRET}),
        CapturedAccount(credential={"token": SECRET}, identity="a@b.example"),
        Posted(url=f"{PAGE}?token={SECRET}", cookies={"a": SECRET}, headers=[{"name": "b", "value": SECRET}]),
        AccountDraft(provider="mock", name="work", credential={"token": SECRET}),
        AccountChange(credential={"token": SECRET}),
        Credential({"token": SECRET}),
        Sealed(key_id="k", fields={"token": SECRET.encode()}),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_nothing_on_the_way_of_a_credential_shows_it(shown):
    assert SECRET not in f"{shown} {shown!r} {[shown]}"


def test_a_credential_neither_becomes_json_nor_travels():
    credential = Credential({"api_key": SECRET})
    with pytest.raises(TypeError):
        msgspec.json.encode(credential)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(credential)
    assert dict(credential) == {"api_key": SECRET}
    assert credential.get("other") is None


def test_an_account_knows_its_name_and_how_it_did():
    account = Account(id="1", tenant="t", provider="acme", name="work", successes=3, failures=1)
    assert (account.reference, account.success_rate) == ("acme/work", 0.75)
    assert Account(id="1", tenant="t", provider="acme", name="new").success_rate is None
    assert Balance(amount=Decimal("1.5")).unit == "credits"
