"""`data:` URIs (RFC 2397): small files inside a text."""

import base64
import binascii
from urllib.parse import unquote_to_bytes

import msgspec

from genmux.types.errors import InvalidRequestError


class Inline(msgspec.Struct, frozen=True):
    """What was in a `data:` URI, and what it claims to be."""

    content: bytes
    media_type: str | None


def is_data_uri(text: str) -> bool:
    """Whether a text is one."""
    return text[:5].lower() == "data:"


def read_data_uri(text: str) -> Inline:
    """Read one. Raises InvalidRequestError for what cannot be read."""
    head, comma, body = text[5:].partition(",")
    if not comma:
        raise InvalidRequestError("a `data:` URI needs a comma before its content")
    media_type, *parameters = [part.strip() for part in head.split(";")]
    if parameters and parameters[-1].lower() == "base64":
        plain = body.translate(_WHITE)
        plain = unquote_to_bytes(plain).decode("latin-1") if "%" in plain else plain
        try:
            plain = plain.replace("-", "+").replace("_", "/").rstrip("=")
            content = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidRequestError(f"the content of a `data:` URI is no base64: {error}") from error
    else:
        content = unquote_to_bytes(body)
    return Inline(content, media_type.lower() or None)


def data_uri(content: bytes, media_type: str) -> str:
    """Write one."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


_WHITE = dict.fromkeys(b" \t\r\n")
