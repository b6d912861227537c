"""What kind of file something is, by its first bytes: what a header or a name claims counts only where bytes tell nothing."""

import re

_NAME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
"""A media type as RFC 6838 has it, in small letters; what is none claims nothing."""

START = 4_096
"""So many bytes are looked at."""

UNKNOWN = "application/octet-stream"

_FIXED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b".snd", "audio/basic"),
    (0, b"MThd", "audio/midi"),
    (0, b"caff", "audio/x-caf"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"glTF", "model/gltf-binary"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
)

_BRANDS: dict[bytes, str] = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
    b"3gp6": "video/3gpp",
    b"3g2a": "video/3gpp2",
}
"""Of the ISO base media format (https://mp4ra.org/registered-types/brands); any other one is `video/mp4`."""

_RIFF = {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}
_AIFF = {b"AIFF": "audio/aiff", b"AIFC": "audio/aiff"}

SHAPELESS = frozenset(
    {"audio/pcm", "audio/l16", "audio/l24", "audio/x-raw", "audio/mulaw", "audio/x-mulaw", "audio/alaw"}
)
"""Kinds of files that cannot be told from noise, so that what is claimed of them is believed."""

_TEXTUAL = frozenset({"application/json", "application/xml", "application/x-ndjson", "application/x-subrip"})


def media_type_of(start: bytes, claimed: str | None = None) -> str:
    """The media type of a file that begins like this. `claimed` is what somebody said of it."""
    start = start[:START]
    for test in (_fixed, _container, _sound):
        if (found := test(start)) is not None:
            return found
    claimed = (claimed or "").partition(";")[0].strip().lower()
    claimed = claimed if _NAME.fullmatch(claimed) else ""
    if claimed in SHAPELESS:
        return claimed
    return _text(start, claimed) or _rare(start) or UNKNOWN


def _fixed(start: bytes) -> str | None:
    return next((kind for offset, bytes_, kind in _FIXED if start.startswith(bytes_, offset)), None)


def _container(start: bytes) -> str | None:
    """Formats that hold others, and say inside which."""
    four, inner = start[:4], start[8:12]
    if four == b"RIFF":
        return _RIFF.get(inner)
    if four == b"FORM":
        return _AIFF.get(inner)
    if start[4:8] == b"ftyp":
        return _branded(start)
    if start[4:8] in (b"moov", b"mdat", b"wide", b"free") and int.from_bytes(four, "big") >= 8:
        return "video/quicktime"
    if four == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in start[:64] else "video/x-matroska"
    if four == b"OggS":
        return "video/ogg" if b"\x80theora" in start[:128] else "audio/ogg"
    return None


def _branded(start: bytes) -> str:
    """The main brand, else the first compatible one that is known."""
    end = min(int.from_bytes(start[:4], "big"), len(start), 256)
    brands = [start[8:12], *(start[place : place + 4] for place in range(16, end - 3, 4))]
    return next((_BRANDS[one] for one in brands if one in _BRANDS), "video/mp4")


def _sound(start: bytes) -> str | None:
    """Formats without a head, of frames that begin with eleven or twelve set bits."""
    if len(start) < 4 or start[0] != 0xFF:
        return "video/mp2t" if start[:1] == b"G" and start[188:189] == b"G" and start[376:377] == b"G" else None
    if start[1] & 0xF6 == 0xF0:
        return "audio/aac"
    layer, version = start[1] & 0x06, start[1] & 0x18
    framed = start[1] & 0xE0 == 0xE0 and layer and version != 0x08
    return "audio/mpeg" if framed and start[2] & 0xF0 != 0xF0 and start[2] & 0x0C != 0x0C else None


_MARKUP: tuple[tuple[str, str], ...] = (
    ("<svg", "image/svg+xml"),
    ("<!doctype html", "text/html"),
    ("<html", "text/html"),
    ("<head", "text/html"),
    ("<body", "text/html"),
    ("<script", "text/html"),
)


def _text(start: bytes, claimed: str) -> str | None:
    """What text it is; None for what is no text."""
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end < len(start) or len(start) < START:  # a letter may be cut off at the end
            return None
        text = start[: error.start].decode("utf-8-sig")
    if not text.strip() or any(one < " " and one not in "\t\n\r\f\x1b" for one in text):
        return None
    head = text.lstrip().lower()
    if head.startswith("<?xml") and "<svg" in head:
        return "image/svg+xml"
    if (found := next((kind for word, kind in _MARKUP if head.startswith(word)), None)) is not None:
        return found
    return claimed if claimed.startswith("text/") or claimed in _TEXTUAL else "text/plain"


def _rare(start: bytes) -> str | None:
    """What puremagic knows and we do not, where it is sure."""
    from puremagic import PureError, magic_string

    try:
        found = magic_string(start)
    except (PureError, ValueError):
        return None
    sure = next((one for one in found if one.confidence >= 0.8 and "/" in one.mime_type), None)
    return sure.mime_type if sure is not None else None


ENDINGS: dict[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/tiff": "tiff",
    "image/svg+xml": "svg",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "audio/webm": "weba",
    "audio/pcm": "pcm",
    "application/pdf": "pdf",
    "application/json": "json",
    "text/plain": "txt",
    "text/html": "html",
    "model/gltf-binary": "glb",
}


def ending_of(media_type: str) -> str:
    """How the names of such files end."""
    return ENDINGS.get(media_type, "bin")


_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-flac": "audio/flac",
    "audio/opus": "audio/ogg",
    "video/x-m4v": "video/mp4",
    "application/x-pdf": "application/pdf",
}


def usual(media_type: str) -> str:
    """The one name of a media type that has several."""
    plain = media_type.partition(";")[0].strip().lower()
    return _ALIASES.get(plain, plain)
