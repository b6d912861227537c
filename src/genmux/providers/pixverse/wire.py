"""The wire of PixVerse's videos: uploads that become numbers, an address for each kind of input, one for all results.

Source: docs.platform.pixverse.ai (each endpoint, "Get video generation status", "Webhook integration"), read 2026-11-27.
"""

import msgspec

from genmux.contract import signatures
from genmux.contract.error_map import ErrorMap
from genmux.contract.http import Field, Form, HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Delivery, Prepared, Steps, Verified
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable
from genmux.providers.pixverse.auth import TRACE, trace_of
from genmux.providers.pixverse.body import Uploaded, body_of
from genmux.providers.pixverse.replies import IMAGE, MEDIA, SUBMITTED, VIDEO, resp_of
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import Accepted, Ended, JobState, Ticket


class PixVerseWire:
    """Our key becomes the id of the submission: the same id again is answered with the same video."""

    answer = b"ok"

    def __init__(self, statuses: StatusTable, errors: ErrorMap) -> None:
        self._statuses = statuses
        self._errors = errors

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Upload what goes in. Raises InvalidRequestError."""
        uploads: list[Uploaded] = []
        for one in request.inputs:
            number = yield from self._upload(one)
            uploads.append((one, number))
        return Prepared(request=request, model=model, body=body_of(request, model.wire_id, uploads))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the job. The address of the webhook is set up in the console, for the account."""
        del callback
        path, body = prepared.body
        request = json_request(path, body).with_headers(((TRACE, trace_of(key)),))
        return msgspec.structs.replace(request, idempotency_key=key)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """It was taken. Raises ProviderError for an `ErrCode` that is not 0, such as 500044: too many jobs at once."""
        del prepared
        return Accepted(ticket={"id": str(resp_of(reply, SUBMITTED, self._errors).video_id)})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the video."""
        reply = yield HttpRequest(method="GET", url=f"/video/result/{ticket['id']}", read_only=True)
        return resp_of(reply, VIDEO, self._errors).state(self._statuses)

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """The secret is shown in the console alone."""
        return None

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """HMAC over the time, a nonce and the fields of the body."""
        return signatures.pixverse(delivery, secrets, now)

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """The video as it stands, with the credits that it took."""
        video = HttpReply(status=200, headers={}, body=verified.delivery.body).read(VIDEO)
        return {"id": str(video.id)}, video.state(self._statuses)

    def _upload(self, one: MediaInput) -> Steps[int]:
        if one.file is None:
            message = "PixVerse takes pictures and videos as files alone, not by their address"
            raise InvalidRequestError(message, param=one.role)
        path, name = ("/media/upload", "file") if one.kind == "video" else ("/image/upload", "image")
        part = Field(name=name, value=one.file, media_type=one.file.media_type, file_name=one.file.name)
        reply = yield HttpRequest(method="POST", url=path, body=Form((part,)), free=True)
        if one.kind == "video":
            return resp_of(reply, MEDIA, self._errors).media_id
        return resp_of(reply, IMAGE, self._errors).img_id
