"""Gemini's pictures: a chat whose answer is pictures, with words beside them (`:generateContent`).

Sources: google-genai 3.6.1 (fields, finish reasons), ai.google.dev/gemini-api/docs/image-generation, recorded traffic;
read 2026-11-27.
"""

import base64
import binascii

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Prepared, Steps, no_steps
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable, UnknownStatusError
from genmux.providers.google.content import ANSWER, Blob
from genmux.providers.google.ending import ending_of
from genmux.providers.google.inputs import inline
from genmux.providers.google.usage import content_usage
from genmux.types.assets import Output
from genmux.types.content import Fields
from genmux.types.errors import ErrorKind, UnsupportedError
from genmux.types.jobs import Accepted, Completed, Ended, Failed, Filtered, JobState, Ticket


class ImagesWire:
    """One request, whose reply is the result. There is no place for a key or for the address of a webhook."""

    def __init__(self, statuses: StatusTable) -> None:
        self._statuses = statuses

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Write the request; nothing is sent."""
        parts: list[Fields] = [
            {"inlineData": {"mimeType": media_type, "data": data}} for media_type, data in map(inline, request.inputs)
        ]
        said: Fields = {"contents": [{"role": "user", "parts": [*parts, {"text": request.prompt}]}]}
        if instructions := request.params.get("instructions"):
            said["systemInstruction"] = {"parts": [{"text": instructions}]}
        said["generationConfig"] = {"responseModalities": ["TEXT", "IMAGE"], **_config(request)}
        return no_steps(Prepared(request=request, model=model, body=said))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """The one request."""
        del key, callback
        return json_request(f"/models/{prepared.model.wire_id}:generateContent", prepared.body)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """What came of it. Raises ProviderError for an error that looks like a success."""
        del prepared
        told = reply.read(ANSWER)
        if told.error is not None:
            raise classify(reply)
        usage = content_usage(told.usage_metadata)
        parts = [part for one in told.candidates for part in one.content.parts if not part.thought]
        outputs = tuple(output for part in parts if part.inline_data and (output := _output(part.inline_data)))
        text = "".join(part.text or "" for part in parts) or None
        raw, words = ending_of(told)
        if outputs:
            return Completed(outputs=outputs, usage=usage, text=text, raw=raw)
        try:
            filtered = self._statuses(raw) == "filtered"
        except UnknownStatusError:  # the picture is not there, whatever this says, and nobody can ask again
            filtered = False
        if filtered:
            return Filtered(reason=words or text or f"Google says {raw}", usage=usage, raw=raw)
        message = f"no picture was made ({raw})" + (f": {words or text}" if words or text else "")
        return Failed(message=message[:2_000], kind=ErrorKind.SERVER, code=raw, usage=usage, raw=raw)

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """There is nothing to ask for. Raises UnsupportedError."""
        del ticket
        message = "pictures are made while one waits; there is no job to ask for"
        raise UnsupportedError(message)


def _config(request: MediaRequest) -> Fields:
    params = request.params
    image = {"aspectRatio": params.get("aspect_ratio"), "imageSize": params.get("resolution")}
    image = {name: value for name, value in image.items() if value is not None}
    config: Fields = {"imageConfig": image} if image else {}
    if (seed := params.get("seed")) is not None:
        config["seed"] = seed
    if level := params.get("thinking_level"):
        config["thinkingConfig"] = {"thinkingLevel": level}
    return config


def _output(blob: Blob) -> Output | None:
    try:
        data = base64.b64decode(blob.data + "==")
    except (binascii.Error, ValueError):
        return None
    return Output(data=data, media_type=blob.mime_type) if data else None
