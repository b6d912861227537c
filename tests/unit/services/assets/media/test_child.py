"""What the process that opens foreign files answers; asked in this one, where it can be looked at."""

import io
import struct
import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from genmux.services.assets.media import pictures
from genmux.services.assets.media.child import answer
from genmux.services.assets.media.orders import Answer, Convert, Converted, Look, Seen, Unable
from genmux.services.assets.media.signatures import media_type_of
from tests.assets import film, noise, picture, sound


def ask(order: Look | Convert) -> Answer:
    return msgspec.json.decode(answer(msgspec.json.encode(order)), type=Answer)


def looked(folder: Path, content: bytes, *, media_type: str | None = None, poster: bool = True) -> Seen:
    (folder / "file").write_bytes(content)
    order = Look(
        path=str(folder / "file"),
        media_type=media_type or media_type_of(content),
        poster=str(folder / "poster") if poster else None,
        side=100,
    )
    seen = ask(order)
    assert isinstance(seen, Seen)
    return seen


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1_000))) + chunk(b"IEND", b"")
    )


def test_a_picture_tells_its_sides_and_gets_a_thumbnail(tmp_path: Path) -> None:
    seen = looked(tmp_path, picture(300, 150))

    assert (seen.facts.width, seen.facts.height, seen.facts.broken) == (300, 150, None)
    assert (seen.poster.width, seen.poster.height) == (100, 50)
    with Image.open(tmp_path / "poster") as small:
        assert (small.format, small.size) == ("WEBP", (100, 50))


def test_a_picture_that_was_taken_upright_is_shown_so(tmp_path: Path) -> None:
    seen = looked(tmp_path, picture(300, 150, "JPEG", turned=True))

    assert (seen.facts.width, seen.facts.height) == (150, 300)
    assert (seen.poster.width, seen.poster.height) == (50, 100)


def test_a_small_picture_needs_no_thumbnail(tmp_path: Path) -> None:
    assert looked(tmp_path, picture(100, 50)).poster is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F", "YCbCr"])
def test_pictures_of_all_modes_get_a_thumbnail(mode: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new(mode, (200, 200)).save(file, "TIFF")

    assert looked(tmp_path, file.getvalue()).poster is not None


def test_a_picture_with_too_many_pixels_is_not_opened(tmp_path: Path) -> None:
    seen = looked(tmp_path, bomb(60_000, 60_000))

    assert (seen.facts.width, seen.facts.height, seen.poster) == (60_000, 60_000, None)
    assert "pixels" in seen.facts.broken


@pytest.mark.parametrize(
    "content",
    [
        bomb(300, 300),
        picture(300, 300)[:100],
        picture(300, 300, "JPEG")[:300],
        noise(300)[:5_000],
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a\xff\xff\xff\xff\xff",
        b"BM" + b"\xff" * 50,
        b"II*\x00\xff\xff\xff\xff",
        b"\xff\xd8\xff\xe0",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    ],
)
def test_a_broken_picture_is_told_to_be_broken(content: bytes, tmp_path: Path) -> None:
    seen = looked(tmp_path, content)

    assert seen.facts.broken
    assert seen.poster is None


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (film(frames=50), "video/mp4"),
        (film("webm", "libvpx", frames=50), "video/webm"),
        (film("mov", frames=50), "video/quicktime"),
    ],
)
def test_a_video_tells_its_sides_length_and_rate(content: bytes, media_type: str, tmp_path: Path) -> None:
    seen = looked(tmp_path, content)

    facts = seen.facts
    assert (facts.media_type, facts.width, facts.height, facts.fps, facts.broken) == (media_type, 96, 64, 25.0, None)
    assert facts.seconds == pytest.approx(2, abs=0.05)
    assert (seen.poster.width, seen.poster.height) == (96, 64)


def test_a_sound_in_a_container_for_video_is_a_sound(tmp_path: Path) -> None:
    seen = looked(tmp_path, sound("webm", "libopus"))

    assert seen.facts.media_type == "audio/webm"
    assert seen.facts.seconds == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("kind", [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("ogg", "libopus"), ("flac", "flac")])
def test_a_sound_is_drawn(kind: tuple[str, str], tmp_path: Path) -> None:
    seen = looked(tmp_path, sound(*kind))

    assert seen.facts.seconds == pytest.approx(1, abs=0.05)
    assert seen.facts.width is None
    with Image.open(tmp_path / "poster") as drawn:
        loud = [sum(drawn.getpixel((column, row))[2] > 128 for row in range(drawn.height)) for column in (5, 240, 470)]
    assert loud[0] < loud[1] < loud[2]


@pytest.mark.parametrize(
    "content",
    [
        film()[:200],
        film()[:1_500],
        b"\x1a\x45\xdf\xa3webm" + b"\xff" * 100,
        b"OggS" + b"\x00" * 100,
        b"fLaC" + b"\xff" * 100,
        b"ID3" + b"\x00" * 100,
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
    ],
)
def test_a_broken_film_is_told_to_be_broken(content: bytes, tmp_path: Path) -> None:
    assert looked(tmp_path, content).facts.broken


def test_a_playlist_does_not_make_us_open_what_it_names(tmp_path: Path) -> None:
    """FFmpeg would follow it; but text is never handed to it."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(sound())
    seen = looked(tmp_path, f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n".encode(), media_type="video/mp4")

    assert seen.facts.broken
    assert seen.facts.seconds is None


def test_what_nobody_opens_is_what_it_is(tmp_path: Path) -> None:
    assert looked(tmp_path, b"%PDF-1.7 broken").facts.broken is None
    assert looked(tmp_path, b"<svg/>").facts.width is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2_000), value=st.integers(0, 255), which=st.sampled_from(range(4)))
def test_a_wrong_byte_breaks_nothing_but_the_file(place: int, value: int, which: int, tmp_path: Path) -> None:
    content = bytearray([picture(200, 200), picture(200, 200, "GIF"), film(frames=3), sound("flac", "flac")][which])
    content[place % len(content)] = value

    looked(tmp_path, bytes(content))


# ---------------------------------------------------------------- converting
def converted(folder: Path, content: bytes, media_type: str, **limits: int) -> Converted | Unable:
    (folder / "file").write_bytes(content)
    order = Convert(
        path=str(folder / "file"),
        source_type=media_type_of(content),
        target=str(folder / "made"),
        media_type=media_type,
        **limits,
    )
    found = ask(order)
    assert not isinstance(found, Seen)
    return found


@pytest.mark.parametrize(
    "media_type", ["image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/bmp"]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK"])
def test_pictures_become_others(media_type: str, mode: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new(mode, (40, 30)).save(file, "TIFF")
    found = converted(tmp_path, file.getvalue(), media_type)

    assert isinstance(found, Converted)
    assert (found.facts.width, found.facts.height, found.facts.media_type) == (40, 30, media_type)
    assert media_type_of((tmp_path / "made").read_bytes()) == media_type


def test_a_picture_is_scaled_down_and_never_up(tmp_path: Path) -> None:
    assert converted(tmp_path, picture(400, 100), "image/png", max_side=200).facts.height == 50
    assert converted(tmp_path, picture(40, 10), "image/png", max_side=200).facts.height == 10


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png"])
def test_a_picture_gets_as_small_as_it_must(media_type: str, tmp_path: Path) -> None:
    found = converted(tmp_path, noise(300), media_type, max_bytes=9_000)

    assert isinstance(found, Converted)
    assert (tmp_path / "made").stat().st_size <= 9_000
    with Image.open(tmp_path / "made") as made:
        assert made.size == (found.facts.width, found.facts.height)


def test_a_camera_s_note_of_how_it_was_held_is_followed(tmp_path: Path) -> None:
    found = converted(tmp_path, picture(300, 150, "JPEG", turned=True), "image/jpeg")

    assert (found.facts.width, found.facts.height) == (150, 300)


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    assert "smaller" not in str(converted(tmp_path, noise(100), "image/png", max_bytes=10))
    assert isinstance(converted(tmp_path, noise(100), "image/png", max_bytes=10), Unable)
    assert isinstance(converted(tmp_path, b"nothing", "image/png"), Unable)
    assert isinstance(converted(tmp_path, picture(), "video/mp4"), Unable)
    assert isinstance(converted(tmp_path, bomb(60_000, 60_000), "image/png"), Unable)


def test_our_own_limit_comes_before_pillow_s() -> None:
    assert Image.MAX_IMAGE_PIXELS is None
    assert pictures.MOST_PIXELS == 200_000_000
