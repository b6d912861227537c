"""The media catalogue is made of its sources, compared with the last one, and checked as it stands."""

import datetime
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.services.prices.media import CATALOGUE, LOCK, MediaCatalogue
from genmux.services.prices.sources.by_hand import completed, read_notes
from genmux.services.prices.sources.catalogue import Made, faults, make, read, write
from genmux.services.prices.sources.litellm import media_of
from genmux.services.prices.sources.wheels import PACKAGES, found_in
from genmux.types.errors import InvalidRequestError, NotFoundError
from tests.price_fields import price_fields, source
from tests.unit.services.prices.sources.packages import wheels
from tests.unit.services.shop import price

TODAY = datetime.date(2026, 11, 27)


def made_of(tmp_path: Path, *, today: datetime.date = TODAY, accept: bool = False, **contents: Any) -> Made:
    """The catalogue of some wheels, beside the one that is there."""
    packages = found_in(wheels(tmp_path / "wheels", **contents))
    return make(packages, today=today, folder=tmp_path / "catalogue", accept=accept)


def test_the_catalogue_that_comes_with_genmux_is_in_order() -> None:
    assert faults(CATALOGUE) == []


def test_the_catalogue_that_comes_with_genmux_is_what_its_source_says() -> None:
    catalogue = MediaCatalogue()
    lock = catalogue.sources
    told = lock.source("litellm")
    assert told is not None
    assert told.version == source()["version"], "make tests/data anew, see tests/price_fields.py"
    made = datetime.date.fromisoformat(lock.made)
    expected = completed(media_of(price_fields(), today=made), read_notes())

    assert sum(len(one.models) for one in expected.values()) > 500
    for provider, one in expected.items():
        for name, model in one.models.items():
            found = catalogue.model(provider, name)
            assert found is not None
            if found.source == "litellm":
                assert msgspec.structs.replace(found, aliases=(), confidence=model.confidence) == model
        assert all(catalogue.retired(provider, name) == end for name, end in one.retired.items())


def test_the_catalogue_that_comes_with_genmux_is_broad() -> None:
    listed = [*MediaCatalogue().models()]
    operations = {operation for one in listed for operation in one.operations}
    media = [one for one in listed if one.kind != "text"]

    assert len(media) > 700
    assert len({one.provider for one in listed}) > 75
    assert operations >= {
        "text_to_image", "image_to_image", "upscale", "text_to_video", "image_to_video", "video_to_video", "text_to_speech",
        "text_to_music", "transcribe", "realtime", "rerank",
    }  # fmt: skip


def test_it_is_made_of_all_sources_and_what_has_ended_is_retired(tmp_path: Path) -> None:
    made = made_of(tmp_path)

    assert made.doubts == ()
    assert {name: [*one.models] for name, one in made.providers.items()} == {
        "deepgram": ["nova-9"], "fal": ["flux"], "nebius": ["known"], "openai": ["unlisted"],
    }  # fmt: skip
    retired = made.providers["openai"].retired["old-video"]
    assert (retired.shutdown, retired.replacement) == ("2026-01-01", "fal/flux")
    assert [one.name for one in made.lock.sources] == ["by-hand", *sorted(PACKAGES)]
    assert made.providers["deepgram"].models["nova-9"].aliases == ("nova-9-general",)


def test_sources_that_agree_make_confident_and_what_is_read_back_is_what_was_made(tmp_path: Path) -> None:
    made = made_of(tmp_path)
    write(made, tmp_path / "catalogue")
    catalogue = MediaCatalogue(tmp_path / "catalogue")

    assert read(tmp_path / "catalogue") == (made.providers, made.lock)
    assert faults(tmp_path / "catalogue") == []
    assert catalogue.rows("deepgram", "NOVA-9-general") == (
        price("seconds.input.audio", "0.0001", per=1, source="litellm 1.2.0", as_of="2026-11-27", confidence="high"),
    )
    assert catalogue.rows("fal", "flux") == (
        price("images.output", "0.04", per=1, source="litellm 1.2.0 (https://fal.example/flux)", as_of="2026-11-27", confidence="medium"),
    )  # fmt: skip


def test_sources_that_disagree_are_a_doubt_until_it_is_accepted(tmp_path: Path) -> None:
    (doubt,) = made_of(tmp_path, voice="0.2").doubts

    assert doubt == "deepgram/nova-9 seconds.input.audio: litellm 0.0001, voice-prices 0.2 for 1000"
    accepted = made_of(tmp_path, voice="0.2", accept=True)
    assert (accepted.doubts, accepted.lock.accepted) == ((), (doubt,))
    assert accepted.providers["deepgram"].models["nova-9"].confidence == "low"
    write(accepted, tmp_path / "catalogue")
    assert made_of(tmp_path, voice="0.2").doubts == ()
    assert made_of(tmp_path, voice="0.1").lock.accepted == ()


@pytest.mark.parametrize(("amount", "jumps"), [(0.0419, False), (0.0421, True), (0.038, True), (0.039, False)])
def test_a_price_that_jumps_by_more_than_five_percent_is_a_doubt(tmp_path: Path, amount: float, jumps: bool) -> None:
    write(made_of(tmp_path), tmp_path / "catalogue")
    flux = {"litellm_provider": "fal_ai", "mode": "image_generation", "output_cost_per_image": amount}
    made = made_of(tmp_path, litellm={"fal_ai/flux": flux})

    assert made.doubts == ((f"fal/flux images.output: 0.04 -> {amount}",) if jumps else ())


def test_a_source_keeps_its_day_until_it_changes(tmp_path: Path) -> None:
    write(made_of(tmp_path), tmp_path / "catalogue")
    later = made_of(tmp_path, today=TODAY + datetime.timedelta(days=3), voice="0.1000001")
    days = {one.name: one.as_of for one in later.lock.sources}

    assert days["voice-prices"] == "2026-11-30"
    assert later.lock.made == "2026-11-30"


def test_the_same_data_makes_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    write(made_of(tmp_path), folder)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "gone.json").write_bytes(b'{"provider": "gone"}')
    packages = found_in(tmp_path / "wheels")
    write(make(packages, today=TODAY, folder=folder), folder)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_a_new_kind_of_price_stops_the_making(tmp_path: Path) -> None:
    dream = {"litellm_provider": "fal_ai", "mode": "image_generation", "output_cost_per_dream": 1.0}

    with pytest.raises(
        InvalidRequestError, match="fal_ai/dream has a price field that nobody knows: output_cost_per_dream"
    ):
        made_of(tmp_path, litellm={"fal_ai/dream": dream})


BROKEN: list[tuple[str, str, str, str]] = [
    ("fal.json", '"0.04"', '"-0.04"', "`amount` is -0.04"),
    ("fal.json", '"meter":"images.output"', '"meter":"images.output","when":{"moon":"full"}', "no condition `moon`"),
    ("fal.json", '"source":"litellm"', '"source":"hearsay"', "its source 'hearsay' is not in"),
    ("fal.json", '"provider": "fal"', '"provider": "lea"', "fal.json is of lea"),
    ("fal.json", '"kind"', '"kimd"', "not of the right form"),
    ("fal.json", '"flux": {', '"flux":  {', "not sorted, or not in the form"),
    ("fal.json", '"kind":"image"', '"kind":"image","shutdown":"2026-11-27"', "must be retired"),
    ("fal.json", '"kind":"image"', '"kind":"image","shutdown":"soon"', "Invalid isoformat"),
    ("deepgram.json", '"nova-9-general"', '"nova-9"', "means another model too"),
    ("openai.json", '"retired": {\n"old-video"', '"retired": {\n"unlisted"', "a model and retired too"),
    (LOCK, '"made"', '\n"made"', "is not in the form"),
    (LOCK, '"sha256": "', '"sha256": "x', "is no SHA-256"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "told"), BROKEN, ids=[told for *_, told in BROKEN])
def test_what_is_wrong_with_a_catalogue_is_told(tmp_path: Path, name: str, old: str, new: str, told: str) -> None:
    folder = tmp_path / "catalogue"
    write(made_of(tmp_path), folder)
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")

    assert any(told in fault for fault in faults(folder)), faults(folder)


def test_a_folder_without_a_catalogue_has_none(tmp_path: Path) -> None:
    assert faults(tmp_path) == [f"{tmp_path} has no {LOCK}"]


class TestWheels:
    def test_the_newest_of_several_counts(self, tmp_path: Path) -> None:
        wheels(tmp_path, versions={"litellm": "1.9.0"})
        wheels(tmp_path, versions={"litellm": "1.10.0"})

        assert found_in(tmp_path)["litellm"].version == "1.10.0"

    def test_what_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError, match="no wheel of genai-prices, litellm"):
            found_in(tmp_path)

    def test_a_wheel_without_its_data_is_told(self, tmp_path: Path) -> None:
        wheel = found_in(wheels(tmp_path))["litellm"]

        with pytest.raises(NotFoundError, match=re.escape("holds no prices.json; the form of litellm has changed")):
            wheel.text("prices.json")
