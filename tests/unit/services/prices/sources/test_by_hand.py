"""What people read themselves stands in where no package has a price."""

from pathlib import Path

import pytest

from genmux.services.prices.media import MediaCatalogue, MediaModel, MediaProvider
from genmux.services.prices.sources.by_hand import NAME, NOTES, completed, needless, read_notes, source_of
from genmux.types.errors import ConfigurationError
from tests.unit.services.shop import price

TEXT = """
[models."acme/drawer"]
url = "https://acme.example/prices"
as_of = "2026-11-20"
confidence = "medium"
plan = "trial"
prices = [{ meter = "images.output", amount = "0.02" }]

[retired."acme/old"]
shutdown = "2025-01-27"
replacement = "acme/drawer"
"""


def provider(**models: MediaModel) -> dict[str, MediaProvider]:
    return {"acme": MediaProvider(provider="acme", models=models)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "notes.toml"
    path.write_text(TEXT)
    return path


def test_a_model_without_a_price_gets_the_noted_one_with_where_it_was_read(place: Path) -> None:
    drawer = MediaModel(kind="image", source="litellm", operations=("text_to_image",))
    found = completed(provider(drawer=drawer), read_notes(place))["acme"].models["drawer"]

    assert found.prices == (price("images.output", "0.02", per=1),)
    assert (found.source, found.confidence, found.plan, found.as_of) == (NAME, "medium", "trial", "2026-11-20")
    assert (found.url, found.operations) == ("https://acme.example/prices", ("text_to_image",))


def test_a_price_of_a_package_stays_and_the_note_is_told_to_be_needless(place: Path) -> None:
    priced = MediaModel(kind="image", source="litellm", prices=(price("images.output", "0.03", per=1),))
    notes = read_notes(place)

    assert completed(provider(drawer=priced), notes)["acme"].models == {"drawer": priced}
    assert list(needless(provider(drawer=priced), notes)) == [
        f"acme/drawer: litellm has a price now; remove the one in {NOTES.name}"
    ]
    assert list(needless({}, notes)) == []


def test_what_has_ended_is_retired(place: Path) -> None:
    made = completed(provider(old=MediaModel(kind="image", source="litellm")), read_notes(place))["acme"]

    assert made.models == {}
    assert (made.retired["old"].shutdown, made.retired["old"].replacement) == ("2025-01-27", "acme/drawer")


def test_the_file_is_a_source_with_its_newest_day_as_version(place: Path) -> None:
    source = source_of(read_notes(place), place)

    assert (source.name, source.version, len(source.sha256)) == (NAME, "2026-11-20", 64)


def test_the_catalogue_that_comes_with_genmux_was_made_with_the_notes_as_they_are() -> None:
    assert MediaCatalogue().sources.source(NAME) == source_of(read_notes())


@pytest.mark.parametrize("text", ["[models", "[models.x]\nurl = 1", '[retired."a/b"]\nended = "2025-01-01"'])
def test_notes_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"notes\.toml cannot be read"):
        read_notes(path)
