"""OpenAI's images, as several hosts speak them: both halves."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.forms import FormPart
from genmux.contract.openai_errors import refuse
from genmux.dialects.openai_images.accept import AcceptedImages, Way, accept, accept_form
from genmux.dialects.openai_images.profile import read_profile
from genmux.dialects.openai_images.respond import (
    ImagesWriter,
    ServedImage,
    ServedImages,
    code_of,
    respond,
    served,
    wants_bytes,
)
from genmux.dialects.openai_images.schema import NAME
from genmux.dialects.openai_images.wire import OpenAIImagesWire, images_wire
from genmux.types.errors import ProviderError

__all__ = [
    "AcceptedImages",
    "ImagesWriter",
    "OpenAIImagesServer",
    "ServedImage",
    "ServedImages",
    "client",
    "dialect",
    "served",
    "wants_bytes",
]


class OpenAIImagesServer:
    """The half that faces a caller."""

    def accept(self, body: bytes, way: Way = "generations") -> AcceptedImages:
        """Understand a JSON body. Raises InvalidRequestError that names the field and what is wrong with it."""
        return accept(body, way)

    def accept_form(self, parts: Iterable[FormPart], way: Way = "edits") -> AcceptedImages:
        """Understand a form, whose files are put away already. Raises InvalidRequestError."""
        return accept_form(parts, way)

    def respond(self, result: ServedImages, accepted: AcceptedImages) -> Answer:
        """Write finished pictures as bytes or as links, as the caller wants them."""
        return respond(result, accepted)

    def writer(self, accepted: AcceptedImages, created: int) -> ImagesWriter:
        """Start writing a stream; `created` is Unix time."""
        return ImagesWriter(accepted, created)

    def refuse(self, error: ProviderError) -> Answer:
        """Write an error, with the HTTP status that the dialect uses for its kind."""
        return refuse(error, code_of(error))


class ImagesDialect(msgspec.Struct, frozen=True, kw_only=True):
    """Both halves of a dialect for pictures, as `contract.dialect.Dialect` is for chat."""

    name: str
    client: Callable[[Mapping[str, Any]], OpenAIImagesWire]
    server: OpenAIImagesServer
    paths: tuple[str, ...] = ()


def client(options: Mapping[str, Any]) -> OpenAIImagesWire:
    """The wire for one host. Raises ConfigurationError for unknown options."""
    return images_wire(read_profile(options))


dialect = ImagesDialect(
    name=NAME, client=client, server=OpenAIImagesServer(), paths=("/images/generations", "/images/edits")
)
