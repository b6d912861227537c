from pathlib import Path

import pytest

from tools.check_words import forbidden_text, text_faults, word_faults

PLACE = Path("a.py")
CHECKOUT = Path("/buildhouse/yard/genmux")


def faults(text: str) -> list[str]:
    return text_faults(text, PLACE, forbidden_text(CHECKOUT))


@pytest.mark.parametrize(
    ("word", "ours"),
    [("Provider" + "Status", "Health"), ("Base" + "Provider", "Provider"), ("tokens_" + "used", "Usage")],
)
def test_a_replaced_word_is_refused_and_ours_is_named(word: str, ours: str):
    [fault] = word_faults(f"x = 1\n{word} = x\n", PLACE)
    assert fault.startswith(f"a.py:2: `{word}`")
    assert ours in fault


def test_comments_and_strings_may_name_a_replaced_word():
    assert word_faults('"""Was ProviderStatus."""\n# and BaseProvider\nx = "tokens_used"\n', PLACE) == []


def test_a_longer_word_is_another_word():
    assert word_faults("my_tokens_used_up = 1\n", PLACE) == []


@pytest.mark.parametrize(
    "text",
    [
        "see /buildhouse/yard/genmux/src",
        "see /buildhouse/yard/elsewhere",
        "in /ho" + "me/ada/genmux",
        "in /Us" + "ers/ada/genmux",
    ],
)
def test_paths_of_a_machine_are_refused(text: str):
    [fault] = faults(f"\n{text}\n")
    assert fault.startswith("a.py:2: a machine's path")


@pytest.mark.parametrize(
    "text",
    [
        "/usr/share/licenses",
        "~/genmux",
        "${HOME}/x",
        "https://x.example/home/ada/",
        "/v1/users/me",
        "/buildhouse",
    ],
)
def test_other_paths_are_fine(text: str):
    assert faults(text) == []


def test_a_checkout_in_a_temporary_folder_does_not_make_that_folder_forbidden():
    assert text_faults("/tmp/x", PLACE, forbidden_text(Path("/tmp/genmux"))) == []  # noqa: S108


@pytest.mark.parametrize(
    "text", ["https://mirror.example/sim" + "ple", "https://regis" + "try.example/x", "py" + "pi.org"]
)
def test_registries_are_refused(text: str):
    [fault] = faults(text)
    assert "registry" in fault


def test_what_looks_like_a_key_is_refused():
    [fault] = faults("key = 'sk-" + "a1B2" * 10 + "'")
    assert "real key" in fault
    assert "a1B2" * 10 not in fault


@pytest.mark.parametrize("text", ["sk-test", "sk-...", "task-force", "sk-genmux-example"])
def test_example_keys_are_fine(text: str):
    assert faults(text) == []
