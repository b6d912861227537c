"""The wire of xAI's videos: an address for each way to ask for one, and one where all are asked for again.

Sources: docs.x.ai (guide "Video Generations"; REST reference, "Videos"), xai-sdk 1.21.0 and its video.proto,
@ai-sdk/xai of 2026-08-22 (a 202 may come without a body), recorded traffic; read 2026-11-27.
"""

from typing import Any

from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request, malformed
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Prepared, Steps, no_steps
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable
from genmux.providers.xai.job import SUBMITTED, TOLD, Told
from genmux.types.errors import InvalidRequestError, ProviderError
from genmux.types.jobs import Accepted, Ended, JobState, Processing, Ticket


class VideoWire:
    """One way: generations, edits or extensions. xAI has no place for our key nor for a webhook, and cancels nothing.

    `user` says whether there is a place for the end user's id.
    """

    def __init__(self, path: str, statuses: StatusTable, failures: FailureTable, *, user: bool = True) -> None:
        self._path = path
        self._statuses = statuses
        self._failures = failures
        self._user = user

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Write the body; nothing is uploaded. Raises InvalidRequestError."""
        body = _body(request, model.wire_id)
        if self._user and request.user:
            body["user"] = request.user
        return no_steps(Prepared(request=request, model=model, body=body))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the job; there is a place for neither."""
        del key, callback
        return json_request(self._path, prepared.body)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """It was taken. Raises ProviderError for a success that names no job."""
        del prepared
        if not (job := reply.read(SUBMITTED).request_id):
            raise malformed("xAI took the job and did not say by which id it can be asked for", status=reply.status)
        return Accepted(ticket={"id": job})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for it: 202 is the answer while it is worked on, with or without a body."""
        reply = yield HttpRequest(method="GET", url=f"/videos/{ticket['id']}", read_only=True)
        told = _told(reply) if reply.status == 202 else reply.read(TOLD)
        if reply.status == 202 and not told.status:
            return Processing(progress=told.progressed, raw="202")
        return told.state(self._statuses, self._failures)


def _told(reply: HttpReply) -> Told:
    """What a body says that need not say anything."""
    try:
        return reply.read(TOLD)
    except ProviderError:
        return Told()


def _body(request: MediaRequest, wire_id: str) -> dict[str, Any]:
    """The JSON of a submission. A picture is the first frame; references are only taken after."""
    first, video, references = request.first("image"), request.first("video"), request.all("reference")
    if request.operation == "image_to_video" and not (first or references):
        message = "a video from a picture needs one: give `image`, or one or more `reference`"
        raise InvalidRequestError(message, param="image")
    body = {"model": wire_id, "prompt": request.prompt or None, **request.params}
    body["image"] = {"url": first.url} if first else None
    body["reference_images"] = [{"url": one.url} for one in references] or None
    body["video"] = {"url": video.url} if video else None
    return {name: value for name, value in body.items() if value is not None}
