"""From what became of a job to a caller's reply, whole or as a stream."""

import base64
from collections.abc import Sequence
from typing import Final

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.jobs import PartialOutput
from genmux.contract.openai_errors import error_document
from genmux.dialects.openai_images.accept import AcceptedImages
from genmux.dialects.openai_images.schema import NAMES
from genmux.dialects.openai_images.usage import write_usage
from genmux.types.content import Fields
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.jobs import Completed
from genmux.types.usage import Usage

AUTO: Final = "auto"
"""What is told of a picture whose looks were left to the model; official clients know it only inside a stream."""

CODES: dict[ErrorKind, str] = {ErrorKind.CONTENT_FILTERED: "content_policy_violation"}
"""What errors are called here and not in a chat."""

_encode = msgspec.json.encode


def code_of(error: ProviderError) -> str | None:
    """The code of an error that has another one than in a chat."""
    return CODES.get(error.kind)


class ServedImage(msgspec.Struct, frozen=True, kw_only=True):
    """A finished picture: its bytes, or a link to it, as the caller wants them (see `wants_bytes`)."""

    data: bytes | None = None
    url: str | None = None
    media_type: str = "image/png"
    revised_prompt: str | None = None
    width: int | None = None
    height: int | None = None


class ServedImages(msgspec.Struct, frozen=True, kw_only=True):
    """All finished pictures of a request; `created` is Unix time."""

    images: tuple[ServedImage, ...]
    created: int
    usage: Usage | None = None


def served(state: Completed, created: int) -> ServedImages:
    """What a provider made, as far as it gave it along."""
    images = tuple(
        ServedImage(
            data=output.data,
            url=output.url,
            media_type=output.media_type or "image/png",
            revised_prompt=output.metadata.get("revised_prompt"),
        )
        for output in state.outputs
    )
    return ServedImages(images=images, created=created, usage=state.usage)


def wants_bytes(accepted: AcceptedImages) -> bool:
    """Whether the caller gets the bytes of pictures; else links. Without a word of the caller it is the bytes."""
    return accepted.stream or accepted.response_format != "url"


def respond(result: ServedImages, accepted: AcceptedImages) -> Answer:
    """Write a whole reply."""
    about = {name: value for name, value in _about(result.images, accepted).items() if value != AUTO}
    document: Fields = {"created": result.created, **about}
    document["data"] = [_image(one, accepted) for one in result.images]
    if (usage := write_usage(result.usage)) is not None:
        document["usage"] = usage
    return Answer(status=200, body=_encode(document))


class ImagesWriter:
    """Writes unfinished and finished pictures as the bytes of server-sent events; `created` is Unix time."""

    def __init__(self, accepted: AcceptedImages, created: int) -> None:
        self._accepted = accepted
        self._created = created
        self._partial = 0

    def write(self, partial: PartialOutput) -> bytes:
        """An unfinished picture; they are counted in the order in which they come."""
        shown = ServedImage(data=partial.data, media_type=partial.media_type)
        fields = {"partial_image_index": self._partial}
        self._partial += 1
        return self._event("partial_image", shown, fields)

    def finish(self, result: ServedImages) -> bytes:
        """The finished pictures, an event each. The usage of all of them is told with the last one."""
        usage = write_usage(result.usage) or write_usage(Usage(meters={"tokens.input": 0}))
        last = len(result.images) - 1
        return b"".join(
            self._event("completed", one, {"usage": usage} if number == last else {})
            for number, one in enumerate(result.images)
        )

    def fail(self, error: ProviderError) -> bytes:
        """The end of a stream in which something failed."""
        return b"event: error\ndata: " + _encode({"type": "error", **error_document(error, code_of(error))}) + b"\n\n"

    def _event(self, kind: str, image: ServedImage, fields: Fields) -> bytes:
        name = f"{self._accepted.event}.{kind}"
        document: Fields = {
            "type": name,
            "b64_json": base64.b64encode(image.data or b"").decode(),
            "created_at": self._created,
            **_about((image,), self._accepted),
            **fields,
        }
        return f"event: {name}\ndata: ".encode() + _encode(document) + b"\n\n"


def _about(images: Sequence[ServedImage], accepted: AcceptedImages) -> Fields:
    """What official clients want to know of pictures: how they are is told where it is known, else what was asked for."""
    params = accepted.request.params
    first = images[0] if images else ServedImage()
    sides = f"{first.width}x{first.height}" if first.width and first.height else None
    return {
        "background": params.get("background", AUTO),
        "output_format": NAMES.get(first.media_type) or params.get("format", "png"),
        "quality": params.get("quality", AUTO),
        "size": sides or params.get("size", AUTO),
    }


def _image(one: ServedImage, accepted: AcceptedImages) -> Fields:
    about: Fields = {"revised_prompt": one.revised_prompt} if one.revised_prompt else {}
    if one.data is not None and (wants_bytes(accepted) or one.url is None):
        return {"b64_json": base64.b64encode(one.data).decode(), **about}
    return {"url": one.url, **about}
