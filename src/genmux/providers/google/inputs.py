"""Pictures and clips inside a request."""

from typing import NamedTuple

from genmux.contract.inputs import MediaInput
from genmux.types.errors import InvalidRequestError


class Inline(NamedTuple):
    """The bytes of an input in base64, and what they are."""

    media_type: str
    data: str


def inline(one: MediaInput) -> Inline:
    """An input's bytes. Raises InvalidRequestError where they are not inside its address, as the manifest asks for."""
    head, comma, data = (one.url or "").partition(";base64,")
    if not head.startswith("data:") or not comma:
        message = f"the input {one.role!r} must be given with its bytes"
        raise InvalidRequestError(message, param=one.role)
    return Inline(one.media_type or head.removeprefix("data:"), data)
