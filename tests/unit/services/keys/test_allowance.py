"""Whether a key may be used for something; and for which end user."""

import pytest

from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.services.keys import check_address, check_allowed, end_user_of, is_within, may_name
from genmux.services.keys.text import PREFIX, digest_of, is_whole, key_text
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.errors import InvalidRequestError, PermissionDeniedError
from genmux.types.keys import Allowance, EndUsers, RateLimit, ScopeRates
from genmux.types.principal import NOBODY, Principal

GPT = Model(
    provider="openai", id="gpt-5.4", wire_id="gpt-5.4", spec=ModelSpec(operations={"chat": "chat", "embed": "embed"})
)
LIMIT = (RateLimit("tokens", 5, "day"),)


def may(**allow: tuple[str, ...]) -> Principal:
    return Principal(allow=Allowance(**allow))


@pytest.mark.parametrize(
    ("who", "name"),
    [
        (NOBODY, None),
        (may(), None),
        (may(operations=("embed", "chat")), None),
        (may(providers=("openai",), models=("openai/gpt-*",)), None),
        (may(models=("openai/gpt-5.?",)), "openai/gpt-5.4"),
        (may(models=("quick",)), "quick"),
        (may(models=("route/*",)), "route/fast"),
    ],
)
def test_what_is_allowed_passes(who: Principal, name: str | None):
    check_allowed(who, GPT, "chat", name=name)
    assert may_name(who, name or GPT.reference, GPT)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (may(operations=("embed",)), "may not chat; it may: embed"),
        (may(providers=("anthropic", "mock")), "it may use: anthropic, mock"),
        (may(models=("mock/*", "openai/gpt-4*")), "openai/gpt-5.4; it may use: mock/*, openai/gpt-4*"),
        (may(models=("openai/GPT-*",)), "may not use"),
        (may(models=("quick",)), "may not use"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(who: Principal, told: str):
    with pytest.raises(PermissionDeniedError) as caught:
        check_allowed(who, GPT, "chat")
    assert told in caught.value.message
    assert caught.value.status == 403


def test_only_names_that_may_be_used_are_listed():
    assert may_name(may(operations=("embed",)), GPT.reference, GPT)
    assert not may_name(may(operations=("rerank",)), GPT.reference, GPT)
    assert may_name(may(models=("route/*",)), "route/fast", None)
    assert not may_name(may(models=("mock/*",)), "route/fast", None)


def test_addresses_are_compared_by_network():
    allow = Allowance(networks=("10.0.0.0/8", "2001:db8::/32"))
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "[2001:db8::7]"):
        check_address(allow, address)
    for address in ("11.0.0.1", "::1", "nonsense", "", None):
        with pytest.raises(PermissionDeniedError, match=r"10\.0\.0\.0/8"):
            check_address(allow, address)
    check_address(Allowance(), None)
    assert not is_within("10.0.0.1", ())


def test_the_end_user_is_read_where_each_dialect_has_it():
    assert end_user_of(ChatRequest(model="m", messages=(), user="u")) == "u"
    assert end_user_of(ChatRequest(model="m", messages=(), extra={"safety_identifier": "s"})) == "s"
    assert end_user_of(ChatRequest(model="m", messages=(), extra={"safety_identifier": 7})) is None
    assert end_user_of(EmbedRequest(model="m", inputs=(), user="e")) == "e"
    assert end_user_of(EmbedRequest(model="m", inputs=())) is None


def test_a_request_adds_its_end_user_and_tags_but_the_keys_own_tags_win():
    key = Principal(key="k", tags={"app": "ci"})
    asking = key.asking("u", {"app": "other", "job": "7"})
    assert asking.end_user == "u"
    assert asking.tags == {"app": "ci", "job": "7"}
    assert key.asking(None, {}) is key
    assert asking.asking("someone else", {}).end_user == "u"
    with pytest.raises(InvalidRequestError, match="256"):
        key.asking("u" * 257, {})


def test_a_key_says_what_holds_for_its_end_users():
    limited = Principal(key="k", end_users=EndUsers(limits=LIMIT), rates=(ScopeRates("key:k", LIMIT),))
    assert limited.asking("u", {}).rates == (ScopeRates("key:k", LIMIT), ScopeRates("end_user:k/u", LIMIT))
    assert limited.asking("u", {}).asking("u", {}).rates == limited.asking("u", {}).rates
    assert limited.asking(None, {}).rates == limited.rates
    ignoring = Principal(key="k", end_users=EndUsers(rule="ignored"))
    assert ignoring.asking("u", {}).end_user is None
    demanding = Principal(key="k", end_users=EndUsers(rule="required"))
    assert demanding.asking("u", {}).end_user == "u"
    with pytest.raises(InvalidRequestError, match="x-genmux-end-user"):
        demanding.asking(None, {})


def test_a_key_carries_its_check():
    text = key_text("a" * 43)
    assert text.startswith(PREFIX)
    assert is_whole(text)
    assert len(digest_of(text)) == 32
    for other in (text[:-1], text + "a", text.replace("a", "b", 1), "a-key-of-the-settings", PREFIX, ""):
        assert not is_whole(other)
