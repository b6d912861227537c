"""From a reply to what became of the job."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply
from genmux.dialects.openai_images.schema import FORMATS, REPLY, Image
from genmux.dialects.openai_images.usage import read_usage
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Completed, Ended, Failed, Filtered


def read_reply(reply: HttpReply) -> Ended:
    """What became of it. Raises ProviderError for an error that looks like a success, and for what is no reply."""
    told = reply.read(REPLY)
    if told.error:
        raise classify(reply)
    return state_of(told.data or (), told.output_format, told.usage)


def state_of(images: Iterable[Image], output_format: str | None, usage: Mapping[str, Any] | None) -> Ended:
    """The state that pictures amount to: those that were kept back are no pictures, and none at all is a failure."""
    pictures = tuple(images)
    kept = [one for one in pictures if one.respect_moderation is not False]
    outputs = tuple(output for one in kept if (output := _output(one, output_format)) is not None)
    spent = read_usage(usage, len(outputs))
    if outputs:
        return Completed(outputs=outputs, usage=spent, filtered=len(pictures) - len(kept))
    if pictures and not kept:
        return Filtered(reason="the host kept every picture back", usage=spent, raw="respect_moderation: false")
    return Failed(
        message="the host answered with a success and without a picture",
        kind=ErrorKind.MALFORMED_REPLY,
        usage=spent if usage else None,
    )


def bytes_of(text: str) -> bytes | None:
    """What base64 stands for, also where its end is cut off; None for what is none."""
    try:
        return base64.b64decode(text + "==")
    except (binascii.Error, ValueError):
        return None


def media_type_of(output_format: str | None) -> str | None:
    """The media type of an `output_format`; None for one that is not known."""
    return FORMATS.get(output_format or "")


def _output(one: Image, output_format: str | None) -> Output | None:
    about = {"revised_prompt": one.revised_prompt} if one.revised_prompt else {}
    media_type = one.mime_type or media_type_of(output_format)
    if one.b64_json and (data := bytes_of(one.b64_json)):
        return Output(data=data, media_type=media_type, metadata=about)
    return Output(url=one.url, media_type=media_type, metadata=about) if one.url else None
