"""The media catalogue is read lazily, one provider at a time, and gives rows with source, day and confidence."""

import logging
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from genmux.contract.model import Model
from genmux.services.prices import MediaCatalogue, PriceBook
from genmux.types.errors import NotFoundError
from genmux.types.money import Price
from genmux.types.usage import Usage
from tests.unit.services.prices.test_book import NOON, ROWS, OneModel
from tests.unit.services.shop import model, price

LOCK = '{"made": "2026-11-27", "sources": [{"name": "litellm", "version": "9", "sha256": "", "as_of": "2026-11-20"}]}'
ACME = """{"provider": "acme", "models": {
"one": {"kind": "video", "source": "litellm", "operations": ["text_to_video"], "prices": [
  {"meter": "seconds.output.video", "amount": "0.5"},
  {"meter": "seconds.output.video", "amount": "0.25", "when": {"service_tier": "batch"}}],
  "aliases": ["Uno"], "plan": "Pro", "shutdown": "2027-01-01", "replacement": "acme/two"},
"Free": {"kind": "search", "source": "litellm"}},
"retired": {"old": {"shutdown": "2026-01-01"}}}"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.lock").write_text(LOCK)
    (tmp_path / "acme.json").write_text(ACME)
    (tmp_path / "broken.json").write_text("{")
    return tmp_path


def book(folder: Path) -> PriceBook:
    """A book whose price list knows `acme/one` no more than its manifest does."""

    def listed_as(provider: str) -> str | None:
        if provider == "absent":
            raise NotFoundError(provider)
        return None

    return PriceBook(lambda: NOON, listed_as, OneModel(), media=MediaCatalogue(folder))


def video(provider: str = "acme", name: str = "one", prices: tuple[Price, ...] = ()) -> Model:
    return model(provider=provider, name=name, prices=prices)


def test_rows_say_where_they_come_from(folder: Path) -> None:
    rows = MediaCatalogue(folder).rows("acme", "UNO")

    assert rows is not None
    assert (rows[0].source, rows[0].as_of, rows[0].confidence) == ("litellm 9, plan Pro", "2026-11-20", "low")


def test_what_is_not_there_has_no_rows(folder: Path) -> None:
    catalogue = MediaCatalogue(folder)

    for provider, name in (("acme", "two"), ("acme", "Free"), ("nobody", "one"), ("../acme", "one"), ("", "one")):
        assert catalogue.rows(provider, name) is None
    assert catalogue.retired("acme", "one") is None
    assert catalogue.retired("nobody", "one") is None


def test_models_are_listed_with_their_operations_and_their_end(folder: Path) -> None:
    catalogue = MediaCatalogue(folder)
    one, free = catalogue.models("acme")

    assert (one.provider, one.id, one.kind, one.operations) == ("acme", "one", "video", ("text_to_video",))
    assert (one.lifecycle.shutdown, one.lifecycle.replacement) == ("2027-01-01", "acme/two")
    assert (free.id, free.operations) == ("Free", ())
    assert [*catalogue.models("nobody")] == []
    assert [*catalogue.models()] == [one, free]
    ended = catalogue.retired("acme", "old")
    assert ended is not None
    assert ended.shutdown == "2026-01-01"


def test_a_file_that_cannot_be_read_makes_its_prices_unknown(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "genmux.prices"):
        assert MediaCatalogue(folder).rows("broken", "one") is None

    assert "the media prices of broken cannot be read" in caplog.text


def test_the_catalogue_prices_what_nothing_else_prices(folder: Path) -> None:
    found = book(folder)
    used = Usage(meters={"seconds.output.video": 8})
    cost = found.cost(video(), used)
    batch = found.cost(video(), used, service_tier="batch")

    assert cost is not None
    assert (cost.amount, cost.priced_as) == (Decimal(4), "acme/one")
    assert (batch and batch.amount) == Decimal(2)
    own = found.cost(video(name="uno", prices=(price("seconds.output.video", "1", per=1),)), used)
    assert (own and own.amount) == Decimal(8)
    assert [one.id for one in found.catalogue_models("acme")] == ["one", "Free"]


def test_the_price_list_comes_before_the_catalogue(folder: Path) -> None:
    found = PriceBook(lambda: NOON, lambda _provider: "acme-list", OneModel(), media=MediaCatalogue(folder))

    assert found.rows(video()) == ROWS


def test_models_of_providers_that_are_not_installed_have_a_price_too(folder: Path) -> None:
    (folder / "absent.json").write_text(ACME.replace('"acme"', '"absent"'))

    assert book(folder).rows(video(provider="absent")) is not None
    assert book(folder).rows(video(provider="absent", name="two")) is None


def test_importing_the_client_reads_none_of_it() -> None:
    program = "import sys; from genmux import Client; print([m for m in sys.modules if 'prices.sources' in m])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
