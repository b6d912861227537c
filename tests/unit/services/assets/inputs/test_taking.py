"""Inputs are looked at before anything is sent, and kept where they lie nowhere yet."""

import base64
from pathlib import Path
from typing import Any

import pytest

from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.params import InputParam
from genmux.services.assets.data_uris import data_uri
from genmux.types.assets import Output
from genmux.types.assets_stored import Taken, Whence
from genmux.types.errors import InvalidRequestError, ProviderError, ValidationError
from genmux.types.generation import Input
from tests.assets import ME, OTHER, House, film, picture, sound
from tests.faults.files import CONTENT
from tests.faults.server import FaultServer


def model(**inputs: InputParam) -> Model:
    return Model(provider="fal", id="flux", wire_id="flux", spec=ModelSpec(inputs=inputs))


def image(**fields: Any) -> InputParam:
    return InputParam(kind="image", **fields)


ANY = model(
    image=image(), video=InputParam(kind="video"), audio=InputParam(kind="audio"), document=InputParam(kind="document")
)
LOCAL = model(image=image(carriage=("data_uri",)))


async def take(here: House, *inputs: Input, spec: Model = ANY, principal=ME, paths: bool = False) -> Taken:
    return await here.files.take(inputs, model=spec, operation="edit_image", principal=principal, paths=paths)


async def refused(here: House, one: Input, **how: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        await take(here, one, **how)
    return caught.value.message


async def test_a_data_uri_becomes_an_asset_once(here: House) -> None:
    one = Input(kind="image", source=data_uri(picture(), "image/png"))
    taken = await take(here, one, one)

    first, second = taken.inputs
    assert first == second
    assert taken.parents == (first.source,)
    assert (first.width, first.height, first.bytes) == (64, 48, len(picture()))
    asset = await here.shelf.get("acme", first.source)
    assert (asset.role, asset.origin, asset.team, asset.key) == ("input", "uploaded", "t1", "k1")
    assert await here.shelf.read(asset.id, "acme") == picture()


async def test_a_path_is_read_for_callers_on_this_machine_alone(here: House, tmp_path: Path) -> None:
    path = tmp_path / "my fish.png"
    path.write_bytes(picture())
    one = Input(kind="image", source=str(path))

    assert "upload the file first" in await refused(here, one)
    taken = await take(here, one, paths=True)
    assert (await here.shelf.get("acme", taken.inputs[0].source)).name == "my fish.png"
    as_url = Input(kind="image", source=path.as_uri())
    assert (await take(here, as_url, paths=True)).parents == taken.parents


@pytest.mark.parametrize("source", ["/etc/passwd", "file:///etc/passwd", "../x", "asset_../x", "C:\\x", "//host/x"])
async def test_a_gateway_reads_no_file_of_its_machine(source: str, here: House) -> None:
    assert "reads no files" in await refused(here, Input(kind="image", source=source))


async def test_an_asset_is_taken_by_whom_it_belongs_to(here: House) -> None:
    asset = await here.kept(picture(), name="a.png")
    one = Input(kind="image", source=asset.id)

    assert (await take(here, one)).parents == (asset.id,)
    assert "there is no asset" in await refused(here, one, principal=OTHER)


async def test_of_a_job_it_is_the_first_output(here: House) -> None:
    stored = [await here.collected(Output(data=picture(seed=seed))) for seed in (1, 2)]
    whence = Whence(tenant="acme", job="job_7", provider="p", model="m", operation="o", request_hash="h")
    first, _ = await here.store.database.write(lambda tx: here.files.add_in(tx, stored, whence))
    one = Input(kind="image", source="job_7")

    assert (await take(here, one)).inputs[0].source == first.id
    assert "made nothing" in await refused(here, one, principal=OTHER)
    assert "made nothing" in await refused(here, Input(kind="image", source="job_8"))


async def test_a_url_that_its_provider_cannot_fetch_is_fetched_and_kept(here: House) -> None:
    async with FaultServer() as server:
        taken = await take(here, Input(kind="document", source=server.url + "/file"))

    (one,) = taken.inputs
    assert await here.shelf.read(one.source, "acme") == CONTENT


async def test_a_public_url_is_left_where_it_is_and_looked_at(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.services.assets.inputs.taking.is_public", lambda _: True)
    async with FaultServer() as server:
        taken = await take(here, Input(kind="document", source=server.url + "/file", seconds=3.0))
        assert taken.parents == ()
        assert taken.inputs == (Input(kind="document", source=server.url + "/file", bytes=len(CONTENT), seconds=3.0),)
        assert "no image" in await refused(here, Input(kind="image", source=server.url + "/a_page"))
        assert "cannot be fetched" in await refused(here, Input(kind="document", source=server.url + "/expired"))
        kept = await take(here, Input(kind="image", source=server.url + "/a_picture"), spec=LOCAL)
        assert kept.parents


async def test_a_public_url_that_only_its_provider_reaches_is_left_to_it(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.services.assets.inputs.taking.is_public", lambda _: True)
    async with FaultServer() as server:
        one = Input(kind="image", source=server.url + "/busy_at_first")
        assert (await take(here, one)).inputs == (one,)


async def test_a_url_into_a_private_network_is_refused(here: House) -> None:
    assert "private network" in await refused(here, Input(kind="image", source="http://169.254.169.254/x"))


async def test_a_text_is_its_own_source(here: House) -> None:
    (one,) = (await take(here, Input(kind="text", source="grüße"))).inputs

    assert (one.source, one.characters, one.bytes) == ("grüße", 5, 7)


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("image", film(), "it is video/mp4, and no image"),
        ("video", picture(), "it is image/png, and no video"),
        ("audio", picture(), "it is image/png, and no audio"),
        ("document", sound(), "it is audio/wav, and no document"),
        ("image", b"<html>hello", "it is text/html, and no image"),
        ("image", picture(300, 300)[:150], "cannot be opened"),
        ("video", film()[:300], "cannot be opened"),
        ("image", b"", "it is empty"),
    ],
)
async def test_what_is_not_what_it_claims_is_refused(kind: Any, content: bytes, words: str, here: House) -> None:
    claimed = {"image": "image/png", "video": "video/mp4", "audio": "audio/wav", "document": "application/pdf"}[kind]
    uri = f"data:{claimed};base64,{base64.b64encode(content).decode()}"

    assert words in await refused(here, Input(kind=kind, source=uri))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (image(media_types=("image/jpeg", "image/webp")), "it is image/png; the model takes image/jpeg, image/webp"),
        (image(max_bytes=50), "the model takes 50"),
        (image(min_side=49), "64 × 48 pixels; no side may be shorter than 49"),
        (image(max_side=60), "64 × 48 pixels; no side may be longer than 60"),
        (image(min_side=49, convert="image/jpeg"), "shorter than 49"),
    ],
)
async def test_what_a_model_does_not_take_is_refused(spec: InputParam, words: str, here: House) -> None:
    one = Input(kind="image", source=data_uri(picture(), "image/png"))

    assert words in await refused(here, one, spec=model(image=spec))


@pytest.mark.parametrize(
    "spec",
    [
        image(media_types=("image/jpeg",), convert="image/jpeg"),
        image(max_bytes=50, convert="image/jpeg"),
        image(max_side=60, convert="image/png"),
        image(media_types=("image/png",), max_bytes=10_000, min_side=48, max_side=64),
    ],
)
async def test_what_can_be_made_to_fit_is_taken(spec: InputParam, here: House) -> None:
    one = Input(kind="image", source=data_uri(picture(), "image/png"))

    assert (await take(here, one, spec=model(image=spec))).parents


async def test_a_sound_may_be_too_short_and_too_long(here: House) -> None:
    one = Input(kind="audio", source=data_uri(sound(seconds=2), "audio/wav"))
    short, long = InputParam(kind="audio", max_seconds=1), InputParam(kind="audio", min_seconds=3)

    assert "1 s is the most" in await refused(here, one, spec=model(audio=short))
    assert "3 s is the least" in await refused(here, one, spec=model(audio=long))
    (taken,) = (await take(here, one)).inputs
    assert taken.seconds == pytest.approx(2, abs=0.1)


async def test_a_role_is_what_counts(here: House) -> None:
    one = Input(kind="image", role="mask", source=data_uri(picture(), "image/png"))

    assert "image/jpeg" in await refused(here, one, spec=model(image=image(), mask=image(media_types=("image/jpeg",))))


async def test_all_faults_are_told_at_once(here: House) -> None:
    with pytest.raises(ValidationError) as caught:
        await take(
            here,
            Input(kind="image", source="asset_none"),
            Input(kind="image", source=data_uri(picture(), "image/png")),
            Input(kind="image"),
            Input(kind="image", role="mask", source="data:image/png;base64,!"),
        )

    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        "inputs[0] (image)",
        "inputs[2] (image)",
        "inputs[3] (mask)",
    ]
    assert (caught.value.provider, caught.value.model) == ("fal", "flux")


async def test_a_disk_that_is_full_is_no_fault_of_the_input(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from genmux.engine.file_sink import FileSink, unwritable

    async def full(sink: FileSink, piece: bytes) -> None:
        assert piece
        raise unwritable(sink.path, OSError(28, "No space left on device"))

    monkeypatch.setattr(FileSink, "write", full)
    with pytest.raises(ProviderError) as caught:
        await take(here, Input(kind="image", source=data_uri(picture(), "image/png")))
    assert not isinstance(caught.value, InvalidRequestError)
    assert here.lying() == []
