import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.providers.local.slides import MOST_SLIDES, camera_for, caption_at, sentences, timeline

SLIDES, SECONDS = st.integers(1, 24), st.floats(1, 120)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \n ", []),
        ("A fox wakes. It walks!  And then? …", ["A fox wakes.", "It walks!", "And then?", "…"]),
        ("Version 3.5 of it is out", ["Version 3.5 of it is out"]),
        ("one\ntwo\n\nthree", ["one", "two", "three"]),
        ("狐狸醒了。它走了！", ["狐狸醒了。", "它走了！"]),  # noqa: RUF001 — sentences of Chinese end so
    ],
)
def test_a_text_falls_into_its_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found


@given(st.lists(st.text(alphabet="abc", min_size=1), max_size=60))
def test_no_word_of_a_long_text_is_lost(words: list[str]) -> None:
    found = sentences(". ".join(words))
    assert len(found) <= MOST_SLIDES
    assert " ".join(found).replace(".", "").split() == words


@given(slides=SLIDES, seconds=SECONDS, at=st.floats(0, 1), fading=st.booleans())
def test_at_each_moment_one_slide_or_two_neighbors_are_to_be_seen(
    slides: int, seconds: float, at: float, fading: bool
) -> None:
    shots = timeline(slides, seconds, fading=fading).shots(at * seconds)
    assert sum(shot.part for shot in shots) == pytest.approx(1)
    assert all(0 <= shot.part <= 1 and 0 <= shot.passed <= 1 and 0 <= shot.slide < slides for shot in shots)
    assert len(shots) == 1 or (fading and len(shots) == 2 and shots[1].slide == shots[0].slide + 1)


@given(slides=SLIDES, seconds=SECONDS)
def test_every_slide_is_the_only_one_for_a_while(slides: int, seconds: float) -> None:
    line = timeline(slides, seconds, fading=True)
    alone = [line.shots((number + 0.5) * seconds / slides) for number in range(slides)]
    assert [[shot.slide for shot in shots] for shots in alone] == [[number] for number in range(slides)]


@given(key=st.integers(), zoom=st.floats(0.01, 0.5), still=st.booleans(), passed=st.floats(0, 1))
def test_the_camera_looks_at_the_picture_and_nowhere_else(key: int, zoom: float, still: bool, passed: float) -> None:
    left, top, right, bottom = camera_for(key, zoom=zoom, still=still).box(passed, 1600, 900)
    assert -1e-6 <= left < right <= 1600 + 1e-6
    assert -1e-6 <= top < bottom <= 900 + 1e-6
    assert (right - left) / (bottom - top) == pytest.approx(1600 / 900)
    assert right - left >= 1600 / (1 + zoom) - 1e-6
    if still:
        assert (left + right, top + bottom) == (pytest.approx(1600), pytest.approx(900))


def test_longer_captions_stay_longer() -> None:
    captions = ["abc", "abcdefghi"]
    assert [caption_at(captions, second, 12.0) for second in (0, 2.9, 3.1, 11.9, 12.0)] == [0, 0, 1, 1, 1]
