"""Reads a stream of unfinished pictures."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.error_map import stream_error
from genmux.contract.http import WireEvent
from genmux.contract.jobs import PartialOutput
from genmux.dialects.openai_images.decode import bytes_of, media_type_of, state_of
from genmux.dialects.openai_images.schema import EVENT, Image
from genmux.dialects.openai_images.usage import added
from genmux.types.errors import NetworkError, Retry
from genmux.types.jobs import Ended

_DONE = b"[DONE]"


class ImagesReader:
    """Gives each unfinished picture as it comes, and at the end of the stream what all of it amounts to."""

    def __init__(self) -> None:
        self._images: list[Image] = []
        self._format: str | None = None
        self._usage: dict[str, Any] | None = None

    def feed(self, event: WireEvent) -> Iterable[PartialOutput | Ended]:
        """Read one event. Raises ProviderError for one that tells of an error; those that nobody knows say nothing."""
        if event.data.startswith(_DONE):
            return ()
        told = event.read(EVENT)
        if told.error or told.type == "error" or event.event == "error":
            raise stream_error(msgspec.json.decode(event.data))
        kind = told.type or event.event or ""
        self._format = told.output_format or self._format
        if kind.endswith(".partial_image") and told.b64_json and (data := bytes_of(told.b64_json)):
            # Only the order of the unfinished pictures is told, never to which of several it belongs.
            media_type = media_type_of(told.output_format) or "image/png"
            return (PartialOutput(index=len(self._images), data=data, media_type=media_type),)
        if kind.endswith(".completed"):
            self._images.append(Image(b64_json=told.b64_json))
            self._usage = added(self._usage, told.usage)
        return ()

    def close(self) -> Iterable[PartialOutput | Ended]:
        """The stream has ended. Raises NetworkError when no picture was finished."""
        if not self._images:
            message = "the stream ended before a picture was finished"
            raise NetworkError(message, retry=Retry.UNSURE)
        return (state_of(self._images, self._format, self._usage),)
