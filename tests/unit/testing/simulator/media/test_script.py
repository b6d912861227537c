"""Directives: what they change, and what is said of those that there are not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.testing.simulator.media import DIRECTIVES, Refusal, Script


def test_directives_in_a_prompt_and_beside_it_mean_the_same():
    assert Script().told_in("a cat [[queue 3]] at [[ filtered too bare ]] dusk") == Script().told(
        "queue 3; filtered too bare"
    )


def test_what_is_said_later_wins():
    assert Script(work=9).told("work 2").told_in("x [[work 3]]").work == 3


def test_a_prompt_without_directives_changes_nothing():
    script = Script(queue=1)
    assert script.told_in("brackets [like] these [ [and] ] those") is script


@pytest.mark.parametrize("name", DIRECTIVES)
def test_every_directive_changes_something_and_says_what(name: str):
    value = {"bill": "0.25", "redirect": "http://10.0.0.1/", "slow": "0 0.4"}.get(name, "2")
    told = Script().told("refused" if name == "refused" else f"{name} {value}")
    assert told != Script()
    assert DIRECTIVES[name].meaning


def test_a_directive_that_there_is_not_is_refused_with_those_that_are_near():
    with pytest.raises(Refusal, match="did you mean filtered"):
        Script().told("filter")


@pytest.mark.parametrize("wrong", ["queue soon", "bill much", "outputs 1.5", "slow fast", "refused nonsense"])
def test_a_value_that_makes_no_sense_is_refused(wrong: str):
    with pytest.raises(Refusal, match=wrong.partition(" ")[0]):
        Script().told(wrong)


def test_a_range_a_price_and_hooks_are_read():
    script = Script().told("slow 0 0.4; bill 0.25; hook-forged; hook-duplicate")
    assert script.slow == (0.0, 0.4)
    assert script.amount == Decimal("0.25")
    assert script.hooks == ("forged", "duplicate")


@given(st.text() | st.text("[] ;abqu0.").map("[[queue {}]]".format))
def test_no_prompt_breaks_the_reading(prompt: str):
    try:
        told = Script().told_in(prompt)
    except Refusal:
        told = Script()
    assert isinstance(told, Script)
