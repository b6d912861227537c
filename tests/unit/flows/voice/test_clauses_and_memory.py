"""How an answer is cut to be spoken, and what of it counts as said."""

import pytest

from genmux.flows.voice.cascade.clauses import Clauses, speakable
from genmux.flows.voice.cascade.memory import Memory


@pytest.mark.parametrize(
    ("texts", "pieces"),
    [
        (["One. Two"], ["One.", " Two"]),
        (["It costs 3", ".5 euros. Yes."], ["It costs 3.5 euros.", " Yes."]),
        (["1. First\n2. Second"], ["1. First\n", "2. Second"]),
        (
            ["Well, that is a rather long one, is it not? No"],
            ["Well, that is a rather long one,", " is it not?", " No"],
        ),
        (["One day, I had the idea of going there"], ["One day,", " I had the idea of going there"]),
        (
            ["The trip from here to the railway station and back"],
            ["The trip from here to the railway station ", "and back"],
        ),
        (["I looked at the time and went home"], ["I looked at the time ", "and went home"]),
        (["x" * 500], ["x" * 220, "x" * 220, "x" * 60]),
        (["   "], []),
    ],
)
def test_an_answer_is_cut_where_it_can_be_spoken(texts: list[str], pieces: list[str]) -> None:
    clauses = Clauses()
    found = [piece for text in texts for piece in clauses.feed(text)]
    found += clauses.close()
    assert found == pieces


def test_marks_are_not_spoken() -> None:
    assert speakable("**Bold** and [a link](https://a.example) `code`") == "Bold and a link code"


@pytest.mark.parametrize(
    ("ms", "left"),
    [
        (0, ""),
        (100, "One two"),
        (150, "One two three"),
        (200, "One two three four."),
        (999, "One two three four. Five six."),
    ],
)
def test_what_was_not_heard_was_not_said(ms: int, left: str) -> None:
    memory = Memory()
    memory.write("i", "assistant", "One two three four. Five six.")
    memory.speak("i", "One two three four.", 0, 200)
    memory.speak("i", " Five six.", 200, 300)
    assert memory.truncate("i", ms) == left
