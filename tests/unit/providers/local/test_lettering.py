import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from genmux.providers.local import lettering
from genmux.providers.local.lettering import Lettering, Piece, pieces


def drawn(text: str, size: int = 40) -> bytes:
    image = Image.new("L", (400, 80))
    Lettering(size).draw(ImageDraw.Draw(image), (5, 15), text, 255)
    return image.tobytes()


@pytest.fixture
def withoutsystem_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "SYSTEM_FONTS", ())
    lettering.system_font.cache_clear()
    yield
    lettering.system_font.cache_clear()


def test_what_the_font_has_is_one_piece() -> None:
    assert [*pieces("Hello, fox!")] == [Piece("Hello, fox!")]


def test_a_dash_is_a_line_and_an_accent_is_drawn_over_its_letter() -> None:
    assert [*pieces("a — é")] == [Piece("a "), Piece("—", "dash"), Piece(" "), Piece("e", marks="\u0301")]


def test_signs_that_the_font_lacks_are_written_with_others() -> None:
    assert [*pieces("3×4 Straße")] == [Piece("3x4 Strasse")]


@pytest.mark.parametrize("letter", "àáâãäåçèéêëìíîïñòóôõöùúûüýčďěňřšťůžąęőűÄÖÜÑÇŽāăġ")  # codespell:ignore
def test_every_accented_letter_looks_different_from_its_plain_one(letter: str) -> None:
    (piece,) = pieces(letter)
    assert piece.marks
    assert drawn(letter) != drawn(piece.text)


@pytest.mark.usefixtures("withoutsystem_fonts")
def test_what_no_font_has_is_a_box() -> None:
    assert [*pieces("人")] == [Piece("人", "box")]
    assert Lettering(20).width("人") == 12
    assert drawn("人") == drawn("犬") != drawn("")


@given(text=st.text(max_size=30), size=st.integers(6, 120))
@settings(max_examples=60, deadline=None)
def test_any_text_has_a_width_and_can_be_drawn(text: str, size: int) -> None:
    letters = Lettering(size)
    assert letters.width(text) >= 0
    letters.draw(ImageDraw.Draw(Image.new("RGB", (50, 50))), (0, 0), text, (1, 2, 3))
