"""The price list is genai-prices, word for word and to the last digit, without importing it."""

import datetime
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.services.prices import PriceList, bill, export, listing
from genmux.services.prices.export import exported
from genmux.services.prices.listed import Clause, Dated, ListedModel, ListedProvider
from genmux.services.prices.units import METERS, WEEKDAYS_ONLY
from tests.unit.services.shop import price

NOW = datetime.datetime(2026, 11, 21, 12, 30, tzinfo=datetime.UTC)
TIMES = (NOW, NOW.replace(hour=2), NOW.replace(hour=19), NOW.replace(year=2024), NOW.replace(year=2025, month=6))
CONTEXTS: tuple[dict[str, str], ...] = (
    {},
    *({"service_tier": tier} for tier in ("default", "flex", "priority", "fast", "batch")),
)


@pytest.fixture(scope="module")
def theirs() -> list[Any]:
    """The installed genai-prices."""
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot().providers


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> PriceList:
    """The list as it is kept."""
    return PriceList(tmp_path_factory.mktemp("cache"))


def test_every_provider_and_model_is_there(theirs: list[Any], ours: PriceList) -> None:
    for provider in theirs:
        kept = ours.provider(provider.id)
        assert kept is not None
        assert [model.id for model in kept.models] == [model.id for model in provider.models]
    assert ours.provider("nobody") is None
    assert ours.find("nobody", "gpt-4o") is None


def test_names_mean_what_they_mean_there(theirs: list[Any], ours: PriceList) -> None:
    chance = random.Random(1)  # noqa: S311 — the same draw every time
    every = [model.id for provider in theirs for model in provider.models]
    variants = ("{}", "{}", "{}", "{}-latest", "{}-20251211", "models/{}", "{}:free")
    compared = 0
    for provider in theirs:
        own = [model.id for model in provider.models]
        for name in [*chance.sample(own, min(60, len(own))), *chance.sample(every, 20)]:
            asked = chance.choice(variants).format(name)
            expected = provider.find_model(asked, all_providers=theirs)
            found = ours.find(provider.id, asked.upper() if chance.random() < 0.1 else asked)
            assert (found and found.id) == (expected and expected.id), (provider.id, asked)
            compared += expected is not None
    assert compared > 500


def usage_of(rows: Any, chance: random.Random) -> tuple[dict[str, Any], dict[str, int]]:
    """A consistent usage of all meters that are priced, in their words and in ours."""
    from genai_prices.units import _get_registry

    priced = {row.meter for row in rows} | {"tokens.input"}  # by which the steps go
    meters = {meter: frozenset(meter.split(".")) for meter in sorted(priced - {"calls"})}
    own = {meter: chance.choice((0, chance.randint(10, 5_000), chance.randint(10, 400_000))) for meter in meters}
    used = {
        meter: sum(own[other] for other, more in meters.items() if words <= more) for meter, words in meters.items()
    }
    units = _get_registry()
    names = {meter: units.unit_for_price_key(field).usage_key for field, (meter, _) in METERS.items()}
    return {names[meter]: quantity for meter, quantity in used.items()}, used


def test_every_model_costs_what_it_costs_there(theirs: list[Any], ours: PriceList) -> None:
    from genai_prices import Usage

    chance = random.Random(2)  # noqa: S311 — as above
    compared = 0
    for provider in theirs:
        kept = ours.provider(provider.id)
        assert kept is not None
        for model, own in zip(provider.models, kept.models, strict=True):
            for _ in range(2):
                time, context = chance.choice(TIMES), chance.choice(CONTEXTS)
                rows = own.rows(time, context)
                if not rows or ((provider.id, model.id) in WEEKDAYS_ONLY and time.weekday() > 4):
                    continue
                told = {name: context["service_tier"] for name in ("service_tier", "processing", "speed") if context}
                reported, used = usage_of(rows, chance)
                expected = model.calc_price(
                    Usage(**reported), provider, genai_request_timestamp=time, price_context=told
                )
                amount = sum((line.amount for line in bill(rows, used)), Decimal(0))
                assert round(amount, 20) == round(expected.total_price, 20), (provider.id, model.id, used)
                compared += 1
    assert compared > 2_000


def test_another_provider_s_models_are_found_without_its_special_terms() -> None:
    models = (
        ListedModel(
            id="one",
            match=Clause(equals="one"),
            prices=(Dated(rows=(price("tokens.input", "2"),)),),
            variants=(Dated(rows=(price("tokens.input", "1"),), when={"service_tier": "flex"}),),
        ),
    )
    other, own = (
        ListedProvider(id="other", models=models),
        ListedProvider(id="own", models=(), fallback=("gone", "other")),
    )
    found = PriceList(None)
    found._read = {"own": own, "other": other, "gone": None}  # noqa: SLF001

    mine, theirs_ = found.find("own", "one"), found.find("other", "one")

    assert mine is not None
    assert theirs_ is not None
    assert mine.rows(NOW, {"service_tier": "flex"})[0].amount == 2
    assert theirs_.rows(NOW, {"service_tier": "flex"})[0].amount == 1
    assert found.find("own", "two") is None


def test_a_model_without_prices_has_no_rows() -> None:
    assert ListedModel(id="m", match=Clause(equals="m"), prices=()).rows(NOW, {}) == ()


def test_hours_of_weekdays_do_not_hold_at_the_weekend(ours: PriceList) -> None:
    saturday, friday = NOW.replace(hour=2), NOW.replace(day=20, hour=2)
    found = ours.find("deepseek", "deepseek-v4-pro")

    assert found is not None
    dear, cheap = ({row.meter: row.amount for row in found.rows(day, {})} for day in (friday, saturday))
    assert all(dear[meter] == 2 * cheap[meter] for meter in ("tokens.input", "tokens.output", "tokens.input.cached"))


def test_a_variant_that_is_not_told_is_there_with_its_condition_and_a_tier_that_is_not_told_is_not() -> None:
    rows = (price("tokens.input", "2"), price("tokens.output", "3"))
    variants = (
        Dated(rows=(price("tokens.input", "1"),), when={"service_tier": "batch"}),
        Dated(rows=(price("tokens.input", "4"),), when={"variant": "eu"}),
    )
    model = ListedModel(id="m", match=Clause(equals="m"), prices=(Dated(rows=rows),), variants=variants)

    assert model.rows(NOW, {}) == (*rows, price("tokens.input", "4", when={"variant": "eu"}))
    assert [row.amount for row in model.rows(NOW, {"service_tier": "batch"})] == [3, 1, 4]
    assert [row.amount for row in model.rows(NOW, {"variant": "eu"})] == [3, 4]


def test_prices_change_on_a_day_and_at_an_hour() -> None:
    old, new = (price("tokens.input", amount) for amount in ("2", "1"))
    night = price("tokens.input", "0.5")
    model = ListedModel(
        id="m",
        match=Clause(equals="m"),
        prices=(
            Dated(rows=(old,), start=datetime.date(2025, 1, 1)),
            Dated(rows=(new,), start=datetime.date(2026, 1, 1)),
            Dated(rows=(night,), hours=(datetime.time(22), datetime.time(4))),
        ),
    )

    assert model.rows(NOW.replace(year=2025), {}) == (old,)
    assert model.rows(NOW.replace(year=2024), {}) == (old,)  # nothing holds yet: the first one
    assert model.rows(NOW, {}) == (new,)
    assert model.rows(NOW.replace(hour=23), {}) == (night,)
    assert model.rows(NOW.replace(hour=3), {}) == (night,)
    assert model.rows(NOW.replace(hour=4, minute=0), {}) == (new,)


@pytest.mark.parametrize(
    ("clause", "fitting", "other"),
    [
        (Clause(equals="a"), "a", "ab"),
        (Clause(starts_with="a"), "ab", "ba"),
        (Clause(ends_with="a"), "ba", "ab"),
        (Clause(contains="a"), "bab", "b"),
        (Clause(regex="^a.$"), "ab", "abc"),
        (Clause(any_of=(Clause(equals="a"), Clause(equals="b"))), "b", "c"),
        (Clause(all_of=(Clause(starts_with="a"), Clause(ends_with="z"))), "a-z", "a"),
    ],
)
def test_each_kind_of_clause_fits_what_it_says(clause: Clause, fitting: str, other: str) -> None:
    assert clause.fits(fitting)
    assert not clause.fits(other)


def test_times_of_other_places_are_kept_in_utc() -> None:
    place = datetime.timezone(datetime.timedelta(hours=8))

    assert export._naive(datetime.time(1, 30, tzinfo=place)) == datetime.time(17, 30)  # noqa: SLF001
    assert export._naive(datetime.time(1, 30)) == datetime.time(1, 30)  # noqa: SLF001


def test_what_a_price_does_not_say_has_no_row() -> None:
    fields = {"input_mtok": Decimal(1), "output_mtok": None, "_note": "x"}

    assert [*export._rows(fields.items())] == [price("tokens.input", "1", source="genai-prices")]  # noqa: SLF001


def test_a_model_that_is_billed_by_something_unknown_is_left_out(
    monkeypatch: pytest.MonkeyPatch, theirs: list[Any]
) -> None:
    monkeypatch.delitem(METERS, "cache_read_mtok")
    openai = next(provider for provider in theirs if provider.id == "openai")
    kept = export._provider(openai)  # noqa: SLF001

    assert 0 < len(kept.models) < len(openai.models)


# ---- where it is kept


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A price list that is quickly made; counts how often it is."""
    made: list[int] = []
    acme = ListedProvider(
        id="acme",
        models=(
            ListedModel(id="one", match=Clause(equals="one"), prices=(Dated(rows=(price("tokens.input", "1"),)),)),
        ),
    )

    def make() -> bytes:
        made.append(1)
        return msgspec.json.encode({"acme": acme})

    monkeypatch.setattr(listing, "_exported", make)
    listing._made.cache_clear()  # noqa: SLF001
    yield made
    listing._made.cache_clear()  # noqa: SLF001


def test_the_list_is_made_once_and_then_read_from_files(small: list[int], tmp_path: Path) -> None:
    for _ in range(3):
        found = PriceList(tmp_path / "cache")
        assert found.find("acme", "one") is not None
        assert found.find("acme", "ONE") is not None
        assert found.ready

    assert small == [1]
    (folder,) = (tmp_path / "cache").iterdir()
    assert [file.name for file in folder.iterdir()] == ["acme.json"]


def test_without_a_folder_or_where_none_can_be_the_list_is_kept_in_memory(small: list[int], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (None, tmp_path / "file", None):
        found = PriceList(folder)
        assert found.find("acme", "one") is not None
        assert found.find("nobody", "one") is None
        assert found.find("acme", "two") is None

    assert small == [1]


def test_it_can_be_made_before_it_is_needed(small: list[int], tmp_path: Path) -> None:
    found = PriceList(tmp_path)

    found.prepare()
    found.prepare()

    assert (small, found.ready) == ([1], True)
    assert found.find("acme", "one") is not None


def test_threads_make_it_once(small: list[int], tmp_path: Path) -> None:
    found, start, names = PriceList(tmp_path), threading.Barrier(8), list[str]()

    def search() -> None:
        start.wait()
        model = found.find("acme", "one")
        names.append(model.id if model else "")

    threads = [threading.Thread(target=search) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert names == ["one"] * 8
    assert small == [1]


def test_old_lists_are_cleared_away(small: list[int], tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"prices-0-{number}").mkdir()

    PriceList(tmp_path).find("acme", "one")

    assert small == [1]
    assert len([*tmp_path.iterdir()]) == listing.KEPT


def test_two_processes_may_make_it_at_once(small: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = PriceList(tmp_path)
    assert first.find("acme", "one") is not None
    second = PriceList(tmp_path)
    place = second._place()  # noqa: SLF001
    monkeypatch.setattr(Path, "is_dir", lambda path: path != place)  # as if it came into being a moment later

    assert not listing._keep({"acme": b"{}"}, place)  # noqa: SLF001
    monkeypatch.undo()
    assert [file.name for file in place.iterdir()] == ["acme.json"]
    assert small


def test_a_list_that_cannot_be_made_makes_prices_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> bytes:
        raise subprocess.CalledProcessError(1, "python")

    monkeypatch.setattr(listing, "_exported", fails)
    listing._made.cache_clear()  # noqa: SLF001

    assert PriceList(tmp_path).find("openai", "gpt-4o") is None
    listing._made.cache_clear()  # noqa: SLF001
    assert "the price list cannot be read, so its prices are unknown" in caplog.text


def test_a_spoiled_file_makes_prices_unknown(
    small: list[int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    PriceList(tmp_path).find("acme", "one")
    (file,) = tmp_path.glob("*/acme.json")
    file.write_text("{}")

    assert PriceList(tmp_path).find("acme", "one") is None
    assert "the prices of acme cannot be read" in caplog.text
    assert small == [1]


def test_a_program_that_is_no_python_makes_it_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert listing._exported() == exported()  # noqa: SLF001


def test_without_genai_prices_there_is_a_place_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing.importlib.util, "find_spec", lambda _name: None)
    assert listing._installed() == "none"  # noqa: SLF001
    monkeypatch.undo()
    monkeypatch.setattr(Path, "stat", lambda _path: (_ for _ in ()).throw(OSError("in an archive")))
    assert listing._installed() == "none"  # noqa: SLF001
