"""Keys, organisations, teams and budgets from the command line, over a store of the test's own."""

import datetime
import json
from pathlib import Path

import pytest

from genmux.cli.api import local_gateway
from genmux.cli.limits import read_limits, read_moment, read_span, read_tags, show_limits, shown_moment
from genmux.cli.options import Common
from genmux.store.lock import Holder, StoreLock
from genmux.types.errors import InvalidRequestError
from tests.unit.cli.conftest import Run


def test_limits_are_said_as_people_say_them():
    told = read_limits(["60 requests/minute", "1_000,000 tokens / day", "4 concurrent", "1 request/hour"])
    assert told == [
        {"kind": "requests", "amount": 60, "per": "minute"},
        {"kind": "tokens", "amount": 1_000_000, "per": "day"},
        {"kind": "concurrent", "amount": 4},
        {"kind": "requests", "amount": 1, "per": "hour"},
    ]
    assert show_limits(told[:3]) == "60 requests/minute, 1,000,000 tokens/day, 4 concurrent"
    assert (read_limits([]), read_limits(["none"])) == (None, [])
    for wrong in ("fast", "60", "-1 requests/minute", "1.5 requests/minute"):
        with pytest.raises(InvalidRequestError, match="60 requests/minute"):
            read_limits([wrong])


def test_spans_moments_and_tags_are_read():
    assert read_span("1.5h", param="x") == datetime.timedelta(minutes=90)
    assert read_moment("2026-12-31", param="x") == "2026-12-31T00:00:00+00:00"
    assert read_moment("2026-12-31T18:00+01:00", param="x") == "2026-12-31T18:00:00+01:00"
    soon = datetime.datetime.fromisoformat(read_moment("30d", param="x")) - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=29) < soon <= datetime.timedelta(days=30)
    assert read_tags(["a=b", "c=d=e"]) == {"a": "b", "c": "d=e"}
    assert shown_moment("2026-11-01T12:34:56.789Z") == "2026-11-01 12:34"
    for read in (read_span, read_moment):
        with pytest.raises(InvalidRequestError):
            read("soon", param="x")
    with pytest.raises(InvalidRequestError):
        read_span("99999999w", param="x")
    with pytest.raises(InvalidRequestError):
        read_tags(["alone"])


def test_a_key_from_its_issue_to_its_end(run: Run):
    issued = run("keys", "create", "ci", "--limit", "60 requests/minute", "--model", "mock/*", "--tag", "app=ci")
    assert issued.code == 0, issued.err
    text = issued.out.strip()
    assert text.startswith("gmx_")
    assert "only now" in issued.err
    [key] = json.loads(run("keys", "list", "--json").out)
    assert (key["prefix"], key["allow"]) == (text[:12], {"models": ["mock/*"]})
    assert "60 requests/minute" in run("keys", "list").out
    changed = run("keys", "update", "ci", "--limit", "none", "--name", "builds")
    assert "builds" in changed.out
    assert "60 requests" not in changed.out
    replaced = run("keys", "rotate", text, "--overlap", "1h", "--json")
    fresh = json.loads(replaced.out)
    assert fresh["key"]["tags"] == {"app": "ci"}
    ambiguous = run("keys", "show", "builds")
    assert ambiguous.code == 2
    assert fresh["key"]["id"] in ambiguous.err
    assert fresh["key"]["id"] in run("keys", "show", key["id"]).out
    assert "is revoked" in run("keys", "revoke", fresh["key"]["id"]).out
    assert "revoked" in run("keys", "list").out
    log = run("audit", "--kind", "key").out
    assert all(word in log for word in ("create key", "update key", "rotate key", "revoke key", '"ci" → "builds"'))


def test_what_is_wrong_is_told_and_ends_with_2(run: Run):
    for arguments, told in (
        (("keys", "create", "x", "--provider", "opena"), "no provider 'opena'"),
        (("keys", "create", "x", "--limit", "fast"), "60 requests/minute"),
        (("keys", "create", "x", "--team", "blue"), "no team 'blue'"),
        (("keys", "create", "x", "--tenant", "nobody"), "no organisation 'nobody'"),
        (("keys", "revoke", "nothing"), "no such key"),
        (("budgets", "create", "1", "--scope", "team"), "KIND:ID"),
        (("budgets", "create", "1", "--period", "often"), "no span"),
        (("budgets", "show", "7"), "7"),
    ):
        ended = run(*arguments)
        assert ended.code == 2, ended
        assert told in ended.err


def test_organisations_teams_and_their_budgets(run: Run):
    assert run("organisations", "create", "acme", "--limit", "600 requests/minute").code == 0
    assert "600 requests/minute" in run("organisations", "list").out
    assert run("teams", "create", "red", "--tenant", "acme").code == 0
    assert run("teams", "update", "red", "--limit", "4 concurrent").code == 0
    assert "4 concurrent" in run("teams", "list").out
    made = run("budgets", "create", "2.5000001", "--scope", "team:red", "--tenant", "acme", "--period", "24h", "--json")
    budget = json.loads(made.out)
    assert (budget["limit"], budget["period"], budget["seconds"]) == ("2.500001", "sliding", 86_400)
    assert "any 86,400 s" in run("budgets", "list", "--tenant", "acme").out
    number = str(budget["id"])
    assert "3 USD" in run("budgets", "update", number, "--limit", "3", "--tenant", "acme").out
    assert "spent" in run("budgets", "reset", number, "--tenant", "acme").out
    assert run("budgets", "entries", number, "--tenant", "acme").code == 0
    assert "sums of their lines" in run("budgets", "verify").out
    assert run("budgets", "remove", number, "--tenant", "acme").code == 0
    assert run("teams", "remove", "red").code == 0
    assert run("organisations", "remove", "acme").code == 0
    assert run("organisations", "list").out.count("\n") == 2


def test_the_gateway_that_holds_the_store_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENMUX_STORE", str(tmp_path / "genmux.db"))
    assert local_gateway(Common()) is None
    lock = StoreLock(tmp_path / "genmux.db", Holder(pid=1, started="now"))
    try:
        assert local_gateway(Common()) is None
        lock.announce("http://0.0.0.0:8484", "gmxlocal_token")
        found = local_gateway(Common())
        assert found is not None
        assert (found.url, found.token) == ("http://127.0.0.1:8484", "gmxlocal_token")
        assert "token" not in repr(found).replace("LocalGateway", "")
    finally:
        lock.release()
    monkeypatch.setenv("GENMUX_STORE", "none")
    assert local_gateway(Common()) is None


def test_a_gateway_that_does_not_answer_is_named(run: Run):
    ended = run("keys", "list", "--gateway", "http://127.0.0.1:1")
    assert ended.code == 7
    assert "http://127.0.0.1:1 does not answer" in ended.err
    assert run("keys", "list", "--gateway", "nowhere").code == 3
