"""What a finished interaction amounts to."""

import base64
import binascii

from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpRequest, malformed
from genmux.contract.jobs import Steps
from genmux.providers.google.content import FILE, Block, Interaction
from genmux.providers.google.failing import failure
from genmux.providers.google.usage import TOKENS_OUTPUT_VIDEO, interaction_usage
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind, NotFoundError
from genmux.types.jobs import Completed, Failed, Filtered, JobState, Processing

FILES = "/files/"


def finished(interaction: Interaction, failures: FailureTable) -> Steps[JobState]:
    """What a finished interaction amounts to: without a video it is no success."""
    raw, usage = interaction.status, interaction_usage(interaction.usage)
    said = [block for step in interaction.steps if step.type == "model_output" for block in step.content]
    words = "".join(block.text or "" for block in said if block.type == "text") or None
    videos = [block for block in said if block.type == "video" and (block.uri or block.data)]
    if not videos:
        wrong = next((step.error for step in interaction.steps if step.error), None)
        if wrong is not None:
            return failure(failures, wrong, raw=raw, usage=usage)
        if words is None and not usage.meters:  # seen: the reply is not whole yet, so this poll says nothing
            raise malformed("the interaction is completed, and neither video nor words nor usage are told")
        if usage.count(TOKENS_OUTPUT_VIDEO):
            message = "a video was billed, and the reply has none"
            return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, usage=usage, raw=raw)
        return Filtered(reason=words or "the interaction is completed without a video", usage=usage, raw=raw)
    last = videos[-1]
    if last.uri and FILES in last.uri and not last.data:
        state = yield from _state_of(last.uri)
        if state == "PROCESSING":
            return Processing(raw=f"file: {state}")
        if state == "FAILED":
            return Failed(message="the file of the video could not be made", usage=usage, raw=f"file: {state}")
    return Completed(outputs=(_output(last),), usage=usage, text=words, raw=raw)


def _state_of(uri: str) -> Steps[str]:
    """Where a file stands; of one that nobody knows the download will tell."""
    name = uri.rpartition(FILES)[2].partition(":")[0].partition("?")[0]
    try:
        reply = yield HttpRequest(method="GET", url=f"{FILES}{name}", read_only=True)
    except NotFoundError:
        return ""
    return reply.read(FILE).state


def _output(block: Block) -> Output:
    media_type = block.mime_type or "video/mp4"
    if block.data:
        try:
            return Output(data=base64.b64decode(block.data + "=="), media_type=media_type)
        except (binascii.Error, ValueError) as error:
            raise malformed(f"the video is not base64: {error}") from error
    uri = block.uri or ""
    whole = uri if "alt=media" in uri else f"{uri}{'&' if '?' in uri else '?'}alt=media"
    return Output(url=whole, media_type=media_type, signed=True)
