"""Webhooks from the command line, over a store of the test's own."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENMUX_STORE", str(tmp_path / "genmux.db"))


def test_a_webhook_is_added_listed_changed_and_removed(run: Run) -> None:
    assert "There are no webhooks" in run("webhooks", "list").err
    added = run("webhooks", "add", "https://example.com/hook", "--type", "generation.*", "--name", "mine")
    assert added.code == 0
    assert added.out.startswith("whsec_")
    assert "it is shown only now" in added.err
    listed = run("webhooks", "list")
    assert "https://example.com/hook" in listed.out
    assert "generation.*" in listed.out
    assert "not used yet" in listed.out
    changed = run("webhooks", "update", "mine", "--all-types", "--url", "https://example.com/other")
    assert "events        all" in changed.out
    assert "disabled" in run("webhooks", "disable", "mine").out
    assert "not used yet" in run("webhooks", "enable", "https://example.com/other").out
    rotated = run("webhooks", "rotate", "mine", "--overlap", "2h")
    assert rotated.out.startswith("whsec_")
    assert rotated.out != added.out
    assert "whsec_" not in run("webhooks", "show", "mine").out
    assert "nothing more is sent to https://example.com/other" in run("webhooks", "remove", "mine").out

    assert "there is no webhook 'mine'" in run("webhooks", "show", "mine").err


def test_a_test_that_fails_says_why_and_ends_with_1(run: Run) -> None:
    run("webhooks", "add", "http://10.1.2.3/hook")
    tried = run("webhooks", "test", "http://10.1.2.3/hook")
    assert tried.code == 1
    assert "did not take it" in tried.out
    assert "private_hosts" in tried.out
    listed = run("webhooks", "deliveries", "http://10.1.2.3/hook")
    assert "webhook.test" in listed.out
    assert "failed" in listed.out
    event = json.loads(run("webhooks", "deliveries", "http://10.1.2.3/hook", "--json").out)[0]["event"]
    assert f"({event}) is sent again" in run("webhooks", "redeliver", "http://10.1.2.3/hook", event).out
    assert "0 deliveries are sent again" in run("webhooks", "redeliver", "http://10.1.2.3/hook").out

    assert (
        "There are no such deliveries" in run("webhooks", "deliveries", "http://10.1.2.3/hook", "--state", "failed").err
    )


def test_what_cannot_be_is_refused_in_a_line(run: Run) -> None:
    wrong = run("webhooks", "add", "example.com")
    assert (wrong.code, "must be an address such as https://" in wrong.err) == (2, True)
    assert "there is no event 'nope'" in run("webhooks", "add", "https://example.com", "--type", "nope").err
    for _ in range(2):
        run("webhooks", "add", "https://example.com/hook")
    assert "there are 2 webhooks" in run("webhooks", "show", "https://example.com/hook").err

    assert "are opposites" in run("webhooks", "update", "x", "--type", "budget.*", "--all-types").err
