"""What kind of file something is, by its first bytes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genmux.services.assets.media.signatures import START, UNKNOWN, ending_of, media_type_of, usual
from tests.assets import film, picture, sound


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("ICO", "image/x-icon"),
        ("JPEG2000", "image/jp2"),
        ("PDF", "application/pdf"),
    ],
)
def test_pictures_are_told(kind: str, media_type: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, kind)

    assert media_type_of(file.getvalue(), "text/plain") == media_type


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (film(frames=3), "video/mp4"),
        (film("mov", frames=3), "video/quicktime"),
        (film("webm", "libvpx", frames=3), "video/webm"),
        (film("matroska", "libvpx", frames=3), "video/x-matroska"),
        (film("avi", "mpeg4", frames=3), "video/x-msvideo"),
        (film("mpegts", "libx264", frames=3), "video/mp2t"),
        (film("flv", "flv", frames=3), "video/x-flv"),
        (sound("wav", seconds=0.1), "audio/wav"),
        (sound("mp3", "libmp3lame", seconds=0.1), "audio/mpeg"),
        (sound("ogg", "libopus", seconds=0.1), "audio/ogg"),
        (sound("flac", "flac", seconds=0.1), "audio/flac"),
        (sound("adts", "aac", seconds=0.1), "audio/aac"),
        (sound("ipod", "aac", seconds=0.1), "audio/mp4"),
        (sound("aiff", "pcm_s16be", seconds=0.1), "audio/aiff"),
        (sound("au", "pcm_s16be", seconds=0.1), "audio/basic"),
    ],
)
def test_sounds_and_videos_are_told(content: bytes, media_type: str) -> None:
    assert media_type_of(content[:START], "image/png") == media_type


@pytest.mark.parametrize(
    ("content", "claimed", "media_type"),
    [
        (b"hello", None, "text/plain"),
        (b"hello", "text/markdown", "text/markdown"),
        (b'{"a": 1}', "application/json; charset=utf-8", "application/json"),
        (b'{"a": 1}', "image/png", "text/plain"),
        ("grüße".encode(), "text/plain", "text/plain"),
        (b"\xef\xbb\xbfhello", None, "text/plain"),
        (b"  <!DOCTYPE html><p>", "text/plain", "text/html"),
        (b"<script>alert(1)</script>", "image/svg+xml", "text/html"),
        (b"<svg xmlns='x'/>", None, "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<svg/>", "image/png", "image/svg+xml"),
        (b"glTF\x02\x00\x00\x00", None, "model/gltf-binary"),
        (b"PK\x03\x04rest", "image/png", "application/zip"),
        (b"\x01\x02\x03\x04", "audio/pcm;rate=24000", "audio/pcm"),
        (b"\x01\x02\x03\x04", "image/png", UNKNOWN),
        (b"\x01\x02\x03\x04", None, UNKNOWN),
        (b"", "image/png", UNKNOWN),
        (b"   ", "text/plain", UNKNOWN),
        (b"\xff\xfe\x00", "audio/mpeg", UNKNOWN),
    ],
)
def test_a_claim_counts_where_bytes_tell_nothing(content: bytes, claimed: str | None, media_type: str) -> None:
    assert media_type_of(content, claimed) == media_type


def test_a_letter_that_is_cut_off_is_still_text() -> None:
    text = ("x" * (START - 1) + "ü").encode()

    assert media_type_of(text) == "text/plain"


@given(st.binary(max_size=600), st.none() | st.sampled_from(["image/png", "text/plain", "audio/pcm", "x", ";"]))
def test_whatever_comes_is_of_some_type(content: bytes, claimed: str | None) -> None:
    assert "/" in media_type_of(content, claimed)


def test_one_type_has_one_name_and_an_ending() -> None:
    assert usual("image/JPG; q=1") == "image/jpeg"
    assert usual("audio/x-wav") == "audio/wav"
    assert ending_of("image/jpeg") == "jpg"
    assert ending_of("application/x-unheard-of") == "bin"
    assert media_type_of(picture()) == "image/png"


@pytest.mark.parametrize("claimed", ["text/\0x", "text/a\r\nset-cookie: b", "text/", "text/<script>", "text/ü", "text"])
def test_what_is_no_media_type_claims_nothing(claimed: str) -> None:
    assert media_type_of(b"hello you", claimed) == "text/plain"
