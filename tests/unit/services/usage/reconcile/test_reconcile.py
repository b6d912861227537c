"""What providers' files say, beside what our rows say."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.services.usage.reconcile import Ours, Theirs, compare, known_as, read_file, read_tolerance
from genmux.services.usage.reconcile.formats import LAYOUTS
from genmux.types.errors import InvalidRequestError
from tests.unit.services.usage.reconcile import files

DAY = datetime.date(2026, 11, 19)
MINI = "gpt-5.4-mini-2026-03-05"
HAIKU = "claude-haiku-4-5-20251001"


def read(provider: str, text: str) -> list[Theirs]:
    return read_file("file", text.encode(), provider=provider)


def told(entries: list[Theirs]) -> list[Any]:
    return [(one.day, one.model, one.cost, one.input, one.output) for one in entries]


class TestFormats:
    def test_openai_costs_name_a_model_and_what_of_it(self):
        assert told(read("openai", files.OPENAI_COSTS)) == [
            (DAY, MINI, Decimal("0.30"), None, None),
            (DAY, MINI, Decimal("0.20"), None, None),
        ]

    def test_openai_usage_tells_text_and_audio_apart_and_comes_in_pages(self):
        entries = read("openai", files.OPENAI_USAGE)
        assert told(entries)[0] == (DAY, MINI, None, 1_050, 400)
        assert (entries[0].requests, entries[1].requests, entries[1].model) == (4, 2, "gpt-image-1")

    def test_openai_sheets_are_read_and_days_without_costs_left_out(self):
        assert told(read("openai", files.OPENAI_COSTS_CSV)) == [(DAY, MINI, Decimal("0.5"), None, None)]
        for text in (files.OPENAI_USAGE_CSV, files.OPENAI_OLD_CSV):
            assert told(read("openai", text)) == [(DAY, MINI, None, 1_050, 400)]

    def test_anthropic_input_has_what_was_written_to_and_read_from_the_cache(self):
        for text in (files.ANTHROPIC_USAGE, files.ANTHROPIC_USAGE_CSV):
            assert told(read("anthropic", text)) == [(DAY, HAIKU, None, 523, 60)]
        assert told(read("anthropic", files.ANTHROPIC_TABBED)) == [(DAY, "claude-haiku-4-5", None, 523, 60)]

    def test_anthropic_costs_are_in_cents_in_reports_and_in_dollars_in_sheets(self):
        assert told(read("anthropic", files.ANTHROPIC_COST)) == [
            (DAY, HAIKU, Decimal("1.2345"), None, None),
            (DAY, "Web Search Usage", Decimal("0.1"), None, None),
        ]
        assert [one.cost for one in read("anthropic", files.ANTHROPIC_COST_CSV)] == [Decimal("1.20"), Decimal("0.0345")]

    def test_openrouter_tells_days_or_single_requests(self):
        name = "openai/gpt-5.4-mini-2026-03-05"
        assert told(read("openrouter", files.OPENROUTER_ACTIVITY)) == [(DAY, name, Decimal("0.015"), 50, 125)]
        entries = read("openrouter", files.OPENROUTER_CSV)
        assert told(entries) == [(DAY, name, Decimal("0.010"), 30, 100), (DAY, name, Decimal("0.005"), 20, 25)]
        assert [one.request_id for one in entries] == ["gen-1", "gen-2"]

    @pytest.mark.parametrize(
        ("provider", "text", "words"),
        [
            ("openai", "", "file is empty; expected are pages of GET /v1/organization/costs"),
            ("openai", files.ANTHROPIC_USAGE, "missing required field `start_time`"),
            (
                "anthropic",
                files.OPENAI_COSTS,
                "at `$.data[0].results[0].amount`; expected are pages of GET /v1/organizations",
            ),
            ("openrouter", files.OPENAI_COSTS, "missing required field `date`"),
            ("openai", '{"data": [', "truncated"),
            ("openai", "[" * 100_000, "file: "),
            (
                "openai",
                files.OPENROUTER_CSV,
                "file, line 1: no column has a day: for openai it may be called start_time_iso",
            ),
            (
                "openai",
                "date,colour\n2026-11-19,red\n",
                "no column has a cost or tokens: for openai it may be called amount_value",
            ),
            ("openai", "date,cost\n2026-11-19,12 EUR\n", "file, line 2, column cost: '12 EUR' is no number"),
            ("openai", "date,cost\n2026-11-19,NaN\n", "'NaN' is no number"),
            ("openai", "date,cost\n2026-11-19,1\n19.11.2026,1\n", "file, line 3: '19.11.2026' is no day"),
            ("openai", "date,cost\n2026-11-19,1,2\n", "file, line 2: there are 3 cells where the heading has 2"),
            ("openai", 'date,cost\n"2026-11-19,1\n', "file, line 2"),
            ("mistral", "x", "files of 'mistral' cannot be read; those of openai, anthropic, openrouter can"),
        ],
    )
    def test_what_cannot_be_read_is_told_with_place_and_what_is_expected(self, provider: str, text: str, words: str):
        with pytest.raises(InvalidRequestError) as caught:
            read(provider, text)
        assert words in caught.value.message

    def test_what_is_no_text_is_told_with_its_line(self):
        with pytest.raises(InvalidRequestError, match="line 2: this is no text in UTF-8"):
            read_file("file", b"date,cost\n\xff\xfe", provider="openai")

    @given(st.sampled_from(sorted(LAYOUTS)), st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, provider: str, text: str):
        for content in (text, f"date,cost,model\n{text}"):
            try:
                assert isinstance(read_file("file", content.encode("utf-8", "replace"), provider=provider), list)
            except InvalidRequestError as error:
                assert error.message.startswith("file")  # noqa: PT017 — both ends are right

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Claude Haiku 4.5", "claude-haiku-4-5-20251001"),
            ("gpt-5.4-mini-2026-03-05", "gpt-5.4-mini"),
            ("openai/gpt-5.4-mini-2026-03-05", "openai/gpt-5.4-mini"),
            ("chatgpt-4o-latest", "chatgpt-4o"),
        ],
    )
    def test_names_of_one_model_are_known_as_the_same(self, one: str, other: str):
        assert known_as(one) == known_as(other)

    def test_names_of_different_models_stay_different(self):
        names = ["gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.3", "claude-haiku-4-5", "claude-haiku-4"]
        assert len({*map(known_as, names)}) == len(names)


def ours(**fields: Any) -> Ours:
    return Ours(**{"day": DAY, "model": "m", "cost": Decimal(1), "input": 100, "output": 10, "requests": 2, **fields})


def theirs(**fields: Any) -> Theirs:
    return Theirs(**{"day": DAY, "model": "m", "cost": Decimal(1), "input": 100, "output": 10, **fields})


class TestComparing:
    @pytest.mark.parametrize(
        ("here", "there", "verdict"),
        [
            (ours(), theirs(), "equal"),
            (ours(cost=Decimal("1.000002")), theirs(), "equal"),
            (ours(cost=Decimal("1.005")), theirs(), "within_tolerance"),
            (ours(input=101), theirs(), "within_tolerance"),
            (ours(cost=Decimal("1.02")), theirs(), "price_differs"),
            (ours(input=110, cost=Decimal("1.1")), theirs(), "usage_differs"),
            (ours(output=0), theirs(), "usage_differs"),
            (ours(input=150), theirs(input=None, output=None), "equal"),
            (ours(cost=Decimal(9)), theirs(cost=None), "equal"),
            (ours(cost=Decimal(0), input=0, output=0, requests=0), theirs(), "only_there"),
            (ours(), None, "only_here"),
            (None, theirs(), "only_there"),
            (None, theirs(cost=Decimal("-0.5"), input=None, output=None), "only_there"),
        ],
    )
    def test_verdicts(self, here: Ours | None, there: Theirs | None, verdict: str):
        done = compare(
            [here] if here else [],
            [there, theirs(model="z", day=datetime.date(2000, 1, 1))] if there else [theirs(model="q")],
            tolerance=Decimal("0.01"),
        )
        line = next(line for line in done.lines if line.model == "m")
        assert line.verdict == verdict

    def test_costs_and_usage_of_two_files_come_together(self):
        entries = [*read("openai", files.OPENAI_COSTS), *read("openai", files.OPENAI_USAGE_CSV)]
        row = ours(model="gpt-5.4-mini", cost=Decimal("0.5"), input=1_050, output=400, requests=4)
        done = compare([row], entries, tolerance=Decimal(0))
        (line,) = done.lines
        assert (line.verdict, line.difference, done.differs) == ("equal", Decimal(0), False)
        assert line.theirs is not None
        assert (line.theirs.cost, line.theirs.input) == (Decimal("0.50"), 1_050)

    def test_a_file_without_models_is_compared_by_day(self):
        rows = [ours(model="a", cost=Decimal("0.4")), ours(model="b", cost=Decimal("0.6"), unknown=1)]
        done = compare(rows, [theirs(model=None, input=None, output=None)], tolerance=Decimal(0))
        (line,) = done.lines
        assert (line.model, line.verdict, line.unknown) == (None, "equal", 1)

    def test_currencies_are_not_mixed(self):
        done = compare([ours(currency="EUR")], [theirs()], tolerance=Decimal("0.5"))
        assert sorted(line.verdict for line in done.lines) == ["only_here", "only_there"]
        assert [total.currency for total in done.totals] == ["EUR", "USD"]

    def test_days_without_anything_are_left_out(self):
        nothing = ours(day=datetime.date(2026, 11, 20), cost=Decimal(0), input=0, output=0, requests=3)
        done = compare([ours(), nothing], [theirs()], tolerance=Decimal(0))
        assert len(done.lines) == 1
        assert not done.differs

    def test_totals_are_the_sums_of_lines(self):
        rows = [ours(day=datetime.date(2026, 11, number), cost=Decimal(number)) for number in (1, 2, 3)]
        entries = [theirs(day=datetime.date(2026, 11, number), cost=Decimal(number)) for number in (2, 3, 4)]
        done = compare(rows, entries, tolerance=Decimal(0))
        (total,) = done.totals
        assert total.ours is not None
        assert total.theirs is not None
        assert (total.ours.cost, total.theirs.cost, total.difference) == (6, 9, 3)
        assert done.differs
        assert sum((line.difference or Decimal(0) for line in done.lines), Decimal(0)) == total.difference

    @given(
        st.lists(
            st.tuples(
                st.integers(1, 28),
                st.sampled_from("ab"),
                st.integers(0, 10**9),
                st.integers(0, 10**6),
                st.integers(0, 10**6),
            ),
            max_size=20,
        )
    )
    def test_whoever_agrees_never_differs(self, rows: list[tuple[int, str, int, int, int]]):
        mine = [
            ours(day=datetime.date(2026, 11, day), model=model, cost=Decimal(cost) / 10**6, input=given, output=got)
            for day, model, cost, given, got in rows
        ]
        there = [
            theirs(day=one.day, model=one.model, cost=one.cost, input=one.input, output=one.output) for one in mine
        ]
        done = compare(mine, there, tolerance=Decimal(0))
        assert all(line.verdict == "equal" for line in done.lines)
        assert not done.differs


@pytest.mark.parametrize(
    ("text", "share"), [("1%", "0.01"), ("0.5%", "0.005"), ("0.02", "0.02"), ("0", "0"), ("100%", "1")]
)
def test_a_tolerance_is_a_share(text: str, share: str):
    assert read_tolerance(text) == Decimal(share)


@pytest.mark.parametrize("text", ["", "%", "-1%", "101%", "NaN", "a lot", "Infinity"])
def test_what_is_no_share_is_refused(text: str):
    with pytest.raises(InvalidRequestError, match="give a share such as 1%"):
        read_tolerance(text)
