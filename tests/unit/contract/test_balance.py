"""What providers' replies say of credits, in the forms that their documentation shows (read 2026-11-27)."""

import datetime
from decimal import Decimal
from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.balance import BalanceSpec, read_balances
from genmux.contract.http import HttpReply
from genmux.contract.manifest import Manifest, read_manifest
from genmux.types.errors import ErrorKind, ProviderError


def manifest(provider: str) -> Manifest:
    with resources.as_file(resources.files("genmux.providers").joinpath(provider, "manifest.toml")) as path:
        return read_manifest(path)


def reply(document: object) -> HttpReply:
    body = document if isinstance(document, bytes) else msgspec.json.encode(document)
    return HttpReply(status=200, headers={}, body=body)


SHOWN = [
    ("openrouter", "/credits", {"data": {"total_credits": 100.5, "total_usage": 25.75}}, {"USD": ("USD", "74.75")}),
    ("openrouter", "/key", {"data": {"limit": 100, "limit_remaining": 74.5}}, {"key_limit": ("USD", "74.5")}),
    ("openrouter", "/key", {"data": {"limit": None, "limit_remaining": None}}, {"key_limit": ("USD", None)}),
    (
        "deepseek",
        "/user/balance",
        {
            "is_available": True,
            "balance_infos": [
                {"currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00"},
                {"currency": "USD", "total_balance": "7.25", "granted_balance": "0"},
            ],
        },
        {"CNY": ("CNY", "110.00"), "USD": ("USD", "7.25")},
    ),
    (
        "moonshot",
        "/users/me/balance",
        {"code": 0, "data": {"available_balance": 49.58894, "cash_balance": -3.0}, "status": True},
        {"USD": ("USD", "49.58894")},
    ),
    ("vercel", "/credits", {"balance": "95.50", "total_used": "4.50"}, {"USD": ("USD", "95.50")}),
    (
        "novita",
        "https://api.novita.ai/openapi/v1/billing/balance/detail",
        {"availableBalance": "1000000", "cashBalance": "800000"},
        {"USD": ("USD", "100")},
    ),
    (
        "venice",
        "/billing/balance",
        {"canConsume": True, "balances": {"diem": 90.5, "usd": 25}},
        {"USD": ("USD", "25"), "DIEM": ("DIEM", "90.5")},
    ),
    ("runway", "/v1/organization", {"tier": {}, "creditBalance": 1234, "usage": {}}, {"credits": ("credits", "1234")}),
    ("bfl", "/v1/credits", {"credits": 123.5}, {"credits": ("credits", "123.5")}),
    ("luma", "/dream-machine/v1/credits", {"credit_balance": 12345.0}, {"USD": ("USD", "123.45")}),
    (
        "elevenlabs",
        "/v1/user/subscription",
        {"tier": "creator", "character_count": 17231, "character_limit": 100000},
        {"characters": ("characters", "82769")},
    ),
    (
        "fal",
        "https://api.fal.ai/v1/account/billing?expand=credits",
        {"username": "my-team", "credits": {"current_balance": 24.5, "currency": "USD"}},
        {"USD": ("USD", "24.5")},
    ),
]


@pytest.mark.parametrize(("provider", "path", "document", "expected"), SHOWN)
def test_the_reply_of_a_provider_is_read(provider, path, document, expected):
    specs = [spec for spec in manifest(provider).balances if spec.path == path]
    read = [one for spec in specs for one in read_balances(spec, reply(document))]
    told = {one.credit_type: (one.unit, one.amount) for one in read}
    assert told == {name: (unit, None if text is None else Decimal(text)) for name, (unit, text) in expected.items()}


def test_every_balance_that_a_manifest_can_ask_for_is_tried_here():
    tried = {(provider, path) for provider, path, _, _ in SHOWN}
    folders = [
        one.name for one in resources.files("genmux.providers").iterdir() if one.joinpath("manifest.toml").is_file()
    ]
    asked = {(name, spec.path) for name in folders for spec in manifest(name).balances}
    assert asked == tried


@pytest.mark.parametrize("provider", sorted({provider for provider, *_ in SHOWN}))
def test_the_credit_types_of_a_manifest_are_those_that_it_asks_for(provider):
    known = manifest(provider)
    named = {spec.credit_type or spec.unit for spec in known.balances} - {None}
    assert named <= set(known.credit_types)
    assert known.credit_rates.keys() <= set(known.credit_types)


def test_when_credits_begin_anew_is_read_with_the_plan():
    (spec,) = manifest("elevenlabs").balances
    document = {
        "tier": "creator",
        "character_count": 5,
        "character_limit": 100,
        "next_character_count_reset_unix": 1_780_000_000,
    }
    (read,) = read_balances(spec, reply(document))
    assert read.resets_at == datetime.datetime.fromtimestamp(1_780_000_000, datetime.UTC)
    assert (read.resets_to, read.plan) == (Decimal(100), "creator")
    (read,) = read_balances(spec, reply(document | {"next_character_count_reset_unix": None}))
    assert read.resets_at is None


def test_times_are_also_read_as_text():
    spec = BalanceSpec(path="/", amount="left", resets_at="until")
    for text in ("2026-05-01T12:00:00Z", "2026-05-01T14:00:00+02:00", "2026-05-01T12:00:00"):
        (read,) = read_balances(spec, reply({"left": 1, "until": text}))
        assert read.resets_at == datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


def test_a_debt_is_told_as_nothing_left():
    spec = BalanceSpec(path="/", amount="have", less="used")
    (read,) = read_balances(spec, reply({"have": 10, "used": 12.5}))
    assert read.amount == 0


WRONG = [b"", b"[]", b"null", b"\xff", b"{}", b'{"a":{}}', b'{"a":true}', b'{"a":[1]}', b'{"a":"many"}']
WRONG += [
    b'{"a":"NaN"}',
    b'{"a":"Infinity"}',
    b'{"a":"1e999999999"}',
    b'{"a":-1e300}',
    b'{"a":1,"until":"soon"}',
    b'{"a":1,"until":{}}',
    b'{"a":' + b"[" * 3000,
]


@pytest.mark.parametrize("body", WRONG)
def test_what_is_no_balance_is_a_malformed_reply(body):
    spec = BalanceSpec(path="/", amount="a", resets_at="until")
    with pytest.raises(ProviderError) as caught:
        read_balances(spec, reply(body))
    assert caught.value.kind is ErrorKind.MALFORMED_REPLY


@pytest.mark.parametrize("value", ["1e400", "1e30", "soon", "NaN"])
def test_a_moment_that_there_cannot_be_is_a_malformed_reply(value):
    spec = BalanceSpec(path="/", amount="a", resets_at="until", resets_form="unix")
    with pytest.raises(ProviderError):
        read_balances(spec, reply({"a": 1, "until": value}))


def test_a_list_that_is_none_is_a_malformed_reply():
    with pytest.raises(ProviderError, match="no list at `many`"):
        read_balances(BalanceSpec(path="/", amount="a", each="many"), reply({"many": 3}))


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner),
    )
)
def test_whatever_a_provider_answers_is_a_balance_or_a_malformed_reply(document):
    spec = BalanceSpec(path="/", amount="a.b", less="c", resets_at="b", plan_at="a.c")
    try:
        read = read_balances(spec, reply(document))
    except ProviderError as error:
        kind, read = error.kind, ()
    else:
        kind = None
    assert kind in (None, ErrorKind.MALFORMED_REPLY)
    assert all(one.amount is None or (one.amount.is_finite() and one.amount >= 0) for one in read)
