import msgspec
import pytest

SECRET = "planted-secret-0123456789abcdef"


def shown(ended):
    assert ended.code == 0, ended.err
    assert SECRET not in ended.out + ended.err
    return msgspec.json.decode(ended.out)


def test_an_account_is_added_listed_changed_and_removed(run):
    made = shown(
        run("accounts", "add", "openai", "work", "--priority", "2", "--credits", "credits=10", "--json", typed=SECRET)
    )
    assert (made["provider"], made["name"], made["priority"]) == ("openai", "work", 2)
    listed = shown(run("accounts", "list", "--json"))
    assert [one["name"] for one in listed if one["provider"] == "openai"] == ["work"]
    assert shown(run("accounts", "show", "openai/work", "--json"))["id"] == made["id"]
    changed = shown(run("accounts", "update", "openai/work", "--plan", "pro", "--share-team", "t1", "--json"))
    assert (changed["plan"], changed["grants"]["teams"], changed["sharing"]) == ("pro", ["t1"], "shared")
    assert shown(run("accounts", "update", made["id"], "--private", "--json")).get("sharing", "private") == "private"
    assert shown(run("accounts", "disable", "openai/work", "--json"))["status"] == "disabled"
    assert shown(run("accounts", "enable", "openai/work", "--json")).get("status", "active") == "active"
    assert shown(run("accounts", "reseal", "--json")) == {"accounts": 1}
    assert shown(run("accounts", "remove", "openai/work", "--json")) == {"removed": made["id"]}
    ended = run("accounts", "show", "openai/work")
    assert ended.code == 2
    assert "there is no account openai/work" in ended.err


def test_people_see_a_table_and_facts(run):
    run("accounts", "add", "openai", "work", "--credits", "credits=10", "--rate", "credits=0.01", typed=SECRET)
    listed = run("accounts", "list", "openai")
    assert "openai/work" in listed.out
    assert "10 credits" in listed.out
    told = run("accounts", "show", "openai/work")
    assert "$0.01 each" in told.out
    assert SECRET not in listed.out + told.out
    assert "0 accounts were told" in run("accounts", "sync").out
    assert "1 credentials are sealed anew" in run("accounts", "reseal").out
    assert "openai/work is removed" in run("accounts", "remove", "openai/work").out
    assert "There are no accounts" in run("accounts", "list", "openai").err


def test_a_credential_comes_from_a_file_with_its_fields(run, tmp_path):
    file = tmp_path / "key"
    file.write_text(f"api_key = {SECRET}==\n")
    assert shown(run("accounts", "add", "openai", "work", "--credential-file", str(file), "--json"))["name"] == "work"
    file.write_text(f"token={SECRET}\nlatency=0\n")
    assert shown(run("accounts", "add", "mock", "one", "--credential-file", str(file), "--json"))["name"] == "one"
    file.write_text(f"api_key={SECRET}\nsomething else\n")
    ended = run("accounts", "add", "openai", "two", "--credential-file", str(file))
    assert (ended.code, SECRET in ended.err) == (2, False)
    assert "line 2 of the credential is not FIELD=VALUE" in ended.err
    assert "cannot be read" in run("accounts", "add", "openai", "two", "--credential-file", str(tmp_path / "no")).err


def test_a_person_at_the_terminal_is_asked_for_the_credential(run, monkeypatch):
    asked = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or SECRET)
    ended = run("accounts", "add", "openai", "work", terminal=True)
    assert ended.code == 0, ended.err
    assert asked == ["Key of openai/work: "]
    assert run("accounts", "update", "openai/work", "--new-key", terminal=True).code == 0
    assert asked[1:] == ["New key of openai/work: "]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "openai", "work"), "the credential of openai lacks api_key"),
        (("add", "opnai", "work"), "there is no provider 'opnai'; did you mean openai"),
        (("add", "openai", "work", "--credits", "ten"), "--credits takes TYPE=AMOUNT, such as credits=100"),
        (("add", "openai", "work", "--share", "--private"), "--private and --share are opposites"),
        (("update", "deepseek/none", "--plan", "x"), "there is no account deepseek/none"),
        (("show", "0123"), "there is no account '0123'"),
        (("list", "--status", "gone"), "there is no status 'gone'"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(run, arguments, told):
    ended = run("accounts", *arguments)
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_nothing_to_change_is_told(run):
    run("accounts", "add", "openai", "work", typed=SECRET)
    assert "there is nothing to change" in run("accounts", "update", "openai/work").err
