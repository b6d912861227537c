"""Veo: a long-running operation (`:predictLongRunning`).

Google ended it on the Gemini API on 2026-10-22 in favour of Omni; the wire stays for hosts that speak the same.
Sources: google-genai 3.4 and 3.6.1 (3.6.1 refuses it for the Gemini API), the Veo client of vercel/ai (2026-08),
ai.google.dev/gemini-api/docs/video; read 2026-11-27.
"""

from genmux.contract.error_map import classify
from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request, malformed
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Prepared, Steps, no_steps
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable
from genmux.providers.google.content import OPERATION, Made, Operation
from genmux.providers.google.failing import failure
from genmux.providers.google.inputs import inline
from genmux.types.assets import Output
from genmux.types.content import Fields
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Accepted, Completed, Ended, Failed, Filtered, JobState, Processing, Ticket
from genmux.types.usage import Usage

PARAMETERS: dict[str, str] = {
    "aspect_ratio": "aspectRatio",
    "resolution": "resolution",
    "duration": "durationSeconds",
    "negative_prompt": "negativePrompt",
    "person_generation": "personGeneration",
    "seed": "seed",
    "n": "sampleCount",
}
"""Google's names for our parameters."""

PLACES: dict[str, str] = {"image": "image", "last_image": "lastFrame"}
"""Where an input goes, by its role; references stand in a list."""

RUNNING, DONE, BROKEN, KEPT_BACK = "not done", "done", "done: error", "done: raiMediaFilteredCount"
"""The words of the table of statuses: an operation has none of its own, and while it runs it does not even say `done`."""


class VeoWire:
    """Starts an operation and asks for it by its name."""

    def __init__(self, statuses: StatusTable, failures: FailureTable) -> None:
        self._statuses = statuses
        self._failures = failures

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Write the request; nothing is sent."""
        instance: Fields = {"prompt": request.prompt}
        for one in request.inputs:
            if (name := PLACES.get(one.role)) is not None:
                instance[name] = _bytes(one)
        if references := request.all("reference"):
            instance["referenceImages"] = [{"image": _bytes(one), "referenceType": "asset"} for one in references]
        parameters = {
            name: value for ours, name in PARAMETERS.items() if (value := request.params.get(ours)) is not None
        }
        body = {"instances": [instance], "parameters": parameters}
        return no_steps(Prepared(request=request, model=model, body=body))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the operation."""
        del key, callback
        return json_request(f"/models/{prepared.model.wire_id}:predictLongRunning", prepared.body)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """The operation's name is the ticket, with the seconds that will be billed. Raises ProviderError."""
        operation = _read(reply)
        if operation.error is not None:
            return failure(self._failures, operation.error, raw=BROKEN)
        seconds = prepared.request.params.get("duration")
        return Accepted(ticket={"operation": operation.name} | ({} if seconds is None else {"seconds": seconds}))

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the operation."""
        reply = yield HttpRequest(method="GET", url=f"/{ticket['operation']}", read_only=True)
        operation = _read(reply)
        raw = BROKEN if operation.error is not None else DONE if operation.done else RUNNING
        match self._statuses(raw):
            case "processing":
                return Processing(raw=raw)
            case "completed":
                return _finished(operation.response.generate_video_response, ticket.get("seconds"))
            case _:
                return failure(self._failures, operation.error or {}, raw=raw)


def _read(reply: HttpReply) -> Operation:
    """The operation. Raises ProviderError for a reply that is none, such as an error that looks like a success."""
    operation = reply.read(OPERATION)
    if operation.name:
        return operation
    raise classify(reply) if operation.error is not None else malformed("the operation has no name")


def _finished(made: Made, seconds: float | None) -> Completed | Filtered | Failed:
    """What a finished operation amounts to: without any video it is no success."""
    outputs = tuple(
        Output(url=one.video.uri, media_type="video/mp4", signed=True)
        for one in made.generated_samples
        if one.video.uri
    )
    if outputs:
        billed = {} if seconds is None else {"seconds.output.video": seconds * len(outputs)}
        return Completed(outputs=outputs, usage=Usage(meters=billed), filtered=made.rai_media_filtered_count, raw=DONE)
    if made.rai_media_filtered_count or made.rai_media_filtered_reasons:
        return Filtered(reason="; ".join(made.rai_media_filtered_reasons), raw=KEPT_BACK)
    message = "the operation is done and has no video"
    return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, raw=DONE)


def _bytes(one: MediaInput) -> dict[str, str]:
    media_type, data = inline(one)
    return {"bytesBase64Encoded": data, "mimeType": media_type}
