"""Inputs reach a provider as its manifest wants them."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from genmux.contract.inputs import MediaInput
from genmux.contract.params import InputParam
from genmux.store.assets.storage import INCOMING, Storage
from genmux.types.asset_settings import AssetSettings
from genmux.types.errors import ConfigurationError, InvalidRequestError, ProviderError
from genmux.types.generation import GenerationRequest, Input
from tests.assets import ME, OTHER, House, house, noise, picture
from tests.faults.files import CONTENT
from tests.faults.server import FaultServer
from tests.unit.services.assets.inputs.test_taking import image, model


async def ready(here: House, one: Input, spec: InputParam | None, folder: Path, principal=ME) -> MediaInput:
    request = GenerationRequest(operation="edit_image", model="fal/flux", inputs=(one,))
    told = model() if spec is None else model(**{one.role or one.kind: spec})
    (found,) = await here.files.ready(request, model=told, principal=principal, folder=folder)
    return found


def content_of(found: MediaInput) -> bytes:
    if found.file is not None:
        return Path(found.file.path).read_bytes()
    head, _, body = (found.url or "").partition(",")
    assert head == f"data:{found.media_type};base64"
    return base64.b64decode(body)


async def test_an_asset_goes_inside_the_json(here: House, tmp_path: Path) -> None:
    asset = await here.kept(picture())
    found = await ready(here, Input(kind="image", source=asset.id), image(), tmp_path)

    assert content_of(found) == picture()
    assert (found.role, found.media_type, found.width, found.height, found.asset) == (
        "image",
        "image/png",
        64,
        48,
        asset.id,
    )


async def test_an_asset_goes_as_a_file_with_a_name(here: House, tmp_path: Path) -> None:
    asset = await here.kept(picture())
    found = await ready(here, Input(kind="image", role="mask", source=asset.id), image(carriage=("file",)), tmp_path)

    assert content_of(found) == picture()
    assert (found.file.name, found.file.media_type, found.file.size) == ("mask.png", "image/png", len(picture()))


async def test_a_public_url_goes_as_it_is(here: House, tmp_path: Path) -> None:
    one = Input(kind="image", source="https://cdn.test/a.png", width=5, height=6, bytes=7)
    found = await ready(here, one, image(), tmp_path)

    assert (found.url, found.width, found.height, found.bytes) == ("https://cdn.test/a.png", 5, 6, 7)


async def test_a_url_is_fetched_for_a_provider_that_fetches_none(here: House, tmp_path: Path) -> None:
    async with FaultServer() as server:
        one = Input(kind="document", source=server.url + "/file")
        spec = InputParam(kind="document", carriage=("file",))
        found = await ready(here, one, spec, tmp_path / "folder")

    assert content_of(found) == CONTENT
    assert Path(found.file.path).parent == tmp_path / "folder"
    assert found.file.name == "file"


async def test_with_a_public_address_an_asset_goes_as_a_link(sqlite_store_url: str, tmp_path: Path) -> None:
    async with house(sqlite_store_url, folder=tmp_path, public_url="https://gate.test/") as here:
        asset = await here.kept(picture())
        found = await ready(here, Input(kind="image", source=asset.id), image(), tmp_path)
        assert found.url.startswith(f"https://gate.test/assets/{asset.id}?expires=")

        spec = image(carriage=("url",), convert="image/jpeg", media_types=("image/jpeg",))
        changed = await ready(here, Input(kind="image", source=asset.id), spec, tmp_path)
        assert changed.asset != asset.id
        assert changed.media_type == "image/jpeg"
        assert (await here.shelf.get("acme", changed.asset)).media_type == "image/jpeg"


async def test_without_one_it_cannot_go_where_only_addresses_are_taken(here: House, tmp_path: Path) -> None:
    asset = await here.kept(picture())

    with pytest.raises(ConfigurationError, match=r"inputs\[0\] \(image\).*public_url"):
        await ready(here, Input(kind="image", source=asset.id), image(carriage=("url",)), tmp_path)


@pytest.mark.parametrize("carriage", [("data_uri",), ("file",)])
async def test_a_picture_is_converted_and_scaled_down(carriage: Any, here: House, tmp_path: Path) -> None:
    asset = await here.kept(picture(400, 200), name="fish.png")
    spec = image(carriage=carriage, media_types=("image/jpeg",), convert="image/jpeg", max_side=100)
    found = await ready(here, Input(kind="image", source=asset.id), spec, tmp_path)

    with Image.open(io.BytesIO(content_of(found))) as made:
        assert (made.format, made.size) == ("JPEG", (100, 50))
    assert (found.media_type, found.width, found.height, found.bytes) == ("image/jpeg", 100, 50, len(content_of(found)))
    assert found.asset is None
    if found.file is not None:
        assert found.file.name == "fish.jpg"


async def test_what_fits_is_not_converted(here: House, tmp_path: Path) -> None:
    asset = await here.kept(picture())
    spec = image(media_types=("image/png",), convert="image/png", max_side=100, max_bytes=10_000)

    assert content_of(await ready(here, Input(kind="image", source=asset.id), spec, tmp_path)) == picture()


async def test_what_is_too_large_is_made_smaller(here: House, tmp_path: Path) -> None:
    asset = await here.kept(noise(300))
    spec = image(convert="image/jpeg", max_bytes=10_000)
    found = await ready(here, Input(kind="image", source=asset.id), spec, tmp_path)

    assert found.bytes <= 10_000


async def test_what_cannot_be_converted_is_told(here: House, tmp_path: Path) -> None:
    asset = await here.kept(noise(100))
    spec = image(convert="image/png", max_bytes=100)

    with pytest.raises(InvalidRequestError, match=r"inputs\[0\].*100 bytes"):
        await ready(here, Input(kind="image", source=asset.id), spec, tmp_path)


async def test_what_is_too_large_for_json_goes_another_way_or_not(
    here: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.services.assets.inputs.readying.INLINE", 50)
    asset = await here.kept(picture())
    one = Input(kind="image", source=asset.id)

    assert (await ready(here, one, image(carriage=("data_uri", "file")), tmp_path)).file is not None
    with pytest.raises(InvalidRequestError, match="inside a request"):
        await ready(here, one, image(), tmp_path)


async def test_a_text_goes_inside_or_as_a_file(here: House, tmp_path: Path) -> None:
    one = Input(kind="text", source="grüße")

    assert content_of(await ready(here, one, None, tmp_path)) == "grüße".encode()
    found = await ready(here, one, InputParam(kind="text", carriage=("file",)), tmp_path)
    assert (content_of(found), found.file.name) == ("grüße".encode(), "text.txt")


async def test_an_asset_of_somebody_else_is_not_there(here: House, tmp_path: Path) -> None:
    asset = await here.kept(picture())

    with pytest.raises(ProviderError, match="there is no asset"):
        await ready(here, Input(kind="image", source=asset.id), image(), tmp_path, principal=OTHER)


async def test_a_path_was_to_be_taken_in_before(here: House, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="not taken in"):
        await ready(here, Input(kind="image", source="/etc/passwd"), image(), tmp_path)


async def test_an_asset_in_a_bucket_is_copied_for_a_file(sqlite_store_url: str, tmp_path: Path) -> None:
    from obstore.store import MemoryStore

    storage = Storage(MemoryStore(), place="memory", staging=tmp_path / INCOMING)
    async with house(sqlite_store_url, folder=tmp_path, settings=AssetSettings(), storage=storage) as here:
        asset = await here.kept(picture())
        assert await here.shelf.local_path(asset.id, "acme") is None
        one = Input(kind="image", source=asset.id)
        found = await ready(here, one, image(carriage=("file",)), tmp_path / "folder")

        assert content_of(found) == picture()
        assert Path(found.file.path).parent == tmp_path / "folder"
        assert content_of(await ready(here, one, image(), tmp_path / "folder")) == picture()
