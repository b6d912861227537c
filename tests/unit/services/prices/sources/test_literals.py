"""Data that is written as Python is read without running it."""

import datetime
from decimal import Decimal

import pytest

from genmux.services.prices.sources import voice
from genmux.services.prices.sources.listed_names import lacking_in
from genmux.services.prices.sources.literals import read_literal
from genmux.types.errors import InvalidRequestError
from tests.unit.services.prices.sources.packages import GENAI
from tests.unit.services.shop import price


def test_literals_and_calls_become_plain_values() -> None:
    text = "import os\nother = 1\nfound: list = [A(b=Decimal('1.5'), c={'d': (1, 'e')}, f=datetime.date(2026, 1, 2), g=None, h=x.y)]"

    assert read_literal(text, "found") == [
        {"is": "A", "b": Decimal("1.5"), "c": {"d": [1, "e"]}, "f": datetime.date(2026, 1, 2), "g": None, "h": "x.y"}
    ]
    assert read_literal(text, "other") == 1


@pytest.mark.parametrize("text", ["found = [x for x in y]", "found = lambda: 1", "other = 1", "found = 1 + 1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="its form has changed"):
        read_literal(text, "found")


def told(prices: str, **model: str) -> str:
    """The text of a data module with one model."""
    fields = "".join(f", {name}={value}" for name, value in model.items())
    return f"providers = [Provider(id='x-ai', models=[ModelInfo(id='grok-tts', prices={prices}{fields})])]"


@pytest.mark.parametrize(
    ("prices", "kind", "rows"),
    [
        ("ModelPrice(input_kchars=Decimal('0.015'))", "speech", [price("characters.input", "0.015", per=1_000)]),
        ("ModelPrice(telephony_kminutes=Decimal('7'))", "voice", [price("seconds.telephony", "7", per=60_000)]),
        ("ModelPrice(input_mtok=Decimal('1'), output_audio_mtok=Decimal('12'))", "speech",
         [price("tokens.input", "1"), price("tokens.output.audio", "12")]),
        ("ModelPrice(input_kchars=Decimal('0.05'), voice_multipliers={'ivc': Decimal('1'), 'pvc': Decimal('1.5')})", "speech",
         [price("characters.input", "0.05", per=1_000), price("characters.input", "0.075", per=1_000, when={"variant": "pvc"})]),
        (("[ConditionalPrice(prices=ModelPrice(input_kchars=Decimal('2'))), ConditionalPrice(constraint=StartDateConstraint("
         "start_date=datetime.date(2026, 1, 1)), prices=ModelPrice(input_kchars=Decimal('1')))]"), "speech",
         [price("characters.input", "1", per=1_000)]),
    ],
)  # fmt: skip
def test_units_of_speech_become_rows(prices: str, kind: str, rows: list[object]) -> None:
    found = voice.media_of(told(prices))["xai"].models["grok-tts"]

    assert (found.kind, list(found.prices)) == (kind, rows)


def test_text_is_left_to_the_token_price_list_and_a_new_unit_is_noticed() -> None:
    assert voice.media_of(told("ModelPrice(input_mtok=Decimal('1'), output_mtok=Decimal('2'))")) == {}
    with pytest.raises(InvalidRequestError, match="units that nobody knows: input_dreams, at grok-tts"):
        voice.media_of(told("ModelPrice(input_dreams=Decimal('1'))"))


def test_the_token_price_list_tells_what_it_lacks() -> None:
    lacking = lacking_in(GENAI)

    assert not lacking("openai", "LISTED-2026")
    assert lacking("openai", "other")
    assert lacking("nebius", "listed")
    assert not lacking_in("providers = [Provider(id='mistral', models=[ModelInfo(id='a', match=ClauseAnd(and_=["
                          "ClauseContains(contains='b'), ClauseRegex(regex='^a')]))])]")("mistral", "ab")  # fmt: skip
