"""What was made, copied into our storage."""

import base64
import errno
import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from genmux.engine.file_sink import FileSink
from genmux.types.assets import Output
from genmux.types.assets_stored import Stored, Whence
from genmux.types.errors import ErrorKind, ProviderError, Retry
from tests.assets import House, film, house, picture, sound
from tests.faults.files import CONTENT
from tests.faults.server import FaultServer

WHENCE = Whence(
    tenant="acme",
    job="job_1",
    provider="fal",
    model="flux",
    operation="text_to_image",
    request_hash="0" * 64,
    team="t1",
    key="k1",
    parents=("asset_a", "asset_b"),
    cost=Decimal("0.10"),
)


async def added(here: House, *stored: Stored, whence: Whence = WHENCE):
    return await here.store.database.write(lambda tx: here.files.add_in(tx, stored, whence))


@pytest.mark.parametrize("way", ["data", "uri", "file", "url"])
async def test_an_output_is_kept_wherever_it_is(way: str, here: House, tmp_path: Path) -> None:
    content = picture()
    async with FaultServer() as server:
        match way:
            case "data":
                output = Output(data=content)
            case "uri":
                output = Output(url=f"data:image/png;base64,{base64.b64encode(content).decode()}")
            case "file":
                (tmp_path / "out.png").write_bytes(content)
                output = Output(file=str(tmp_path / "out.png"))
            case _:
                content = CONTENT
                output = Output(url=server.url + "/file", media_type="video/mp4")
        stored = await here.collected(output)

    assert (tmp_path / "files" / stored.storage_key).read_bytes() == content
    assert stored.bytes == len(content)
    assert stored.storage_key.startswith(f"acme/{stored.sha256[:2]}/{stored.sha256}")
    if way != "url":
        assert (stored.media_type, stored.width, stored.height) == ("image/png", 64, 48)
    assert here.lying() == [stored.storage_key]


async def test_it_becomes_an_asset_with_where_it_comes_from(here: House) -> None:
    stored = [await here.collected(Output(data=picture(seed=one), name=f"{one}.png")) for one in range(3)]
    assets = await added(here, *stored)

    assert [one.name for one in assets] == ["0.png", "1.png", "2.png"]
    assert await here.files.of_job("acme", "job_1") == assets
    assert await here.files.of_job("other", "job_1") == ()
    one = assets[0]
    assert (one.provider, one.model, one.operation, one.job) == ("fal", "flux", "text_to_image", "job_1")
    assert (one.parents, one.team, one.key, one.origin) == (("asset_a", "asset_b"), "t1", "k1", "generated")
    assert sum(found.cost for found in assets) == Decimal("0.10")


async def test_it_is_added_once_however_often(here: House) -> None:
    stored = await here.collected(Output(data=picture()))
    again = await here.collected(Output(data=picture()))

    assert again == stored
    assert await added(here, stored) == await added(here, again)
    assert len(here.lying()) == 1


async def test_the_same_bytes_are_kept_once_for_a_tenant_and_apart_for_each(here: House) -> None:
    first = await here.collected(Output(data=picture()))
    theirs = await here.collected(Output(data=picture()), tenant="other")

    assert first.sha256 == theirs.sha256
    assert first.storage_key != theirs.storage_key
    assert len(here.lying()) == 2


async def test_a_large_picture_has_a_thumbnail(here: House) -> None:
    stored = await here.collected(Output(data=picture(1_600, 800)))
    (asset,) = await added(here, stored)

    poster = await here.shelf.get("acme", asset.poster)
    assert (poster.role, poster.media_type, poster.width, poster.height) == ("poster", "image/webp", 512, 256)
    assert len(await here.files.of_job("acme", "job_1")) == 1
    assert (await here.collected(Output(data=picture(1_600, 800)))) == stored


@pytest.mark.parametrize(
    ("content", "media_type", "width", "seconds"),
    [
        (film(), "video/mp4", 96, 1.0),
        (film("webm", "libvpx"), "video/webm", 96, 1.0),
        (sound(), "audio/wav", None, 1.0),
        (sound("mp3", "libmp3lame"), "audio/mpeg", None, 1.0),
    ],
)
async def test_sounds_and_videos_tell_how_long_they_are(
    content: bytes, media_type: str, width: int | None, seconds: float, here: House
) -> None:
    stored = await here.collected(Output(data=content))

    assert (stored.media_type, stored.width) == (media_type, width)
    assert stored.seconds == pytest.approx(seconds, abs=0.1)
    assert stored.poster is not None
    assert "broken" not in stored.metadata


async def test_what_a_file_is_is_told_by_its_content(here: House) -> None:
    stored = await here.collected(Output(data=b"<html><script>alert(1)</script>", media_type="image/png", name="a.png"))

    assert stored.media_type == "text/html"
    assert stored.metadata == {"claimed": "image/png"}


async def test_what_cannot_be_told_is_what_it_claims(here: House) -> None:
    assert (
        await here.collected(Output(data=b"\x01\x02\x03\x04" * 9, media_type="audio/pcm"))
    ).media_type == "audio/pcm"
    assert (await here.collected(Output(data=b"\x01\x02" * 9, media_type="image/png"))).media_type == (
        "application/octet-stream"
    )


@pytest.mark.parametrize(
    "content",
    [picture(300, 300)[:200], film()[:600], b"RIFF\x10\x00\x00\x00WAVEfmt ", b"\x89PNG\r\n\x1a\n" + b"\xff" * 99],
)
async def test_a_broken_file_is_kept_and_marked(content: bytes, here: House) -> None:
    stored = await here.collected(Output(data=content))

    assert stored.metadata["broken"]
    assert stored.bytes == len(content)


@pytest.mark.parametrize(
    "output", [Output(data=b""), Output(url="data:image/png;base64,"), Output(url="data:nothing"), Output(file="/none")]
)
async def test_an_output_that_is_not_there_is_the_provider_s_fault(output: Output, here: House) -> None:
    with pytest.raises(ProviderError) as caught:
        await here.collected(output)

    assert (caught.value.kind, caught.value.retry) == (ErrorKind.MALFORMED_REPLY, Retry.NEVER)
    assert here.lying() == []


async def test_an_address_into_a_private_network_is_the_provider_s_fault(here: House) -> None:
    with pytest.raises(ProviderError, match="private network") as caught:
        await here.collected(Output(url="http://169.254.169.254/latest/meta-data"))

    assert (caught.value.kind, caught.value.retry) == (ErrorKind.MALFORMED_REPLY, Retry.NEVER)


async def test_a_credential_is_sent_for_signed_outputs_alone(here: House) -> None:
    async with FaultServer() as server:
        how = {"headers": {"authorization": "Bearer s"}, "trusted_hosts": (server.url,)}
        await here.collected(Output(url=server.url + "/file"), **how)
        await here.collected(Output(url=server.url + "/file", signed=True), **how)

        assert [one.headers.get("authorization") for one in server.seen] == [None, "Bearer s"]


async def test_a_full_disk_is_waited_for_and_leaves_nothing(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(sink: FileSink, piece: bytearray) -> None:
        assert sink.path
        assert piece
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(FileSink, "_put", full)
        with pytest.raises(ProviderError, match="no room") as caught:
            await here.collected(Output(data=picture()))
        assert caught.value.retry is Retry.SAFE
        assert here.lying() == []

    assert (await here.collected(Output(data=picture()))).bytes


async def test_a_file_that_went_missing_is_kept_anew(here: House, tmp_path: Path) -> None:
    stored = await here.collected(Output(data=picture()))
    (tmp_path / "files" / stored.storage_key).unlink()

    again = await here.collected(Output(data=picture()))

    assert again.storage_key == stored.storage_key
    assert (tmp_path / "files" / stored.storage_key).read_bytes() == picture()


async def test_without_thumbnails_there_are_none(sqlite_store_url: str, tmp_path: Path) -> None:
    from tests.assets import SETTINGS

    settings = msgspec.structs.replace(SETTINGS, thumbnails=False)
    async with house(sqlite_store_url, folder=tmp_path, settings=settings) as here:
        stored = await here.collected(Output(data=picture(1_600, 800)))

        assert (stored.width, stored.poster) == (1_600, None)
