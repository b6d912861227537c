"""The wire of AssemblyAI's transcripts: upload, submit, poll. There is no place for a key, and no cancellation.

Sources: assemblyai 1.8.2 (paths, fields, statuses), assemblyai.com/docs (statuses, limits, webhooks), recorded submissions that
were authored after the documents; read 2026-11-27.
"""

from typing import Any

from genmux.contract.failures import FailureTable
from genmux.contract.http import FileBody, HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Delivery, Prepared, Steps, Verified
from genmux.contract.media_writing import addresses_of
from genmux.contract.model import Model
from genmux.contract.signatures import unguessable_path
from genmux.contract.statuses import StatusTable
from genmux.providers.assemblyai.asking import body_of
from genmux.providers.assemblyai.transcript import CALLED, TRANSCRIPT, UPLOADED, Heard, completed
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import Accepted, JobState, Pending, Processing, Ticket

TRANSCRIPTS = "/v2/transcript"


class TranscriptWire:
    """One sound becomes one transcript."""

    answer = b""

    def __init__(self, statuses: StatusTable, failures: FailureTable) -> None:
        self._statuses = statuses
        self._failures = failures

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Upload the sound where it is a file. Raises InvalidRequestError where there is none."""
        addresses = yield from addresses_of(request, _uploaded)
        if len(addresses) != 1:
            message = f"{len(addresses)} sounds were given; one is written down at a time"
            raise InvalidRequestError(message, param="audio")
        body, warnings = body_of(request, model)
        return Prepared(request=request, model=model, body={"audio_url": addresses[0], **body}, warnings=warnings)

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start it; there is no place for a key."""
        del key
        called: dict[str, Any] = {} if callback is None else {"webhook_url": callback}
        return json_request(TRANSCRIPTS, prepared.body | called)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted:
        """It was taken; whatever it says of itself, a poll tells where it stands."""
        del prepared
        return Accepted(ticket={"id": reply.read(TRANSCRIPT).id})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the transcript."""
        reply = yield HttpRequest(method="GET", url=f"{TRANSCRIPTS}/{ticket['id']}", read_only=True)
        return self._state(reply.read(TRANSCRIPT))

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """There are none."""
        return None

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """Nothing is signed: only the path speaks for it."""
        del secrets, now
        return unguessable_path(delivery)

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """Only that it has ended; how, and the text, is told by a poll."""
        told = HttpReply(status=200, headers={}, body=verified.delivery.body).read(CALLED)
        self._statuses(told.status)
        return {"id": told.transcript_id}, Processing(raw=told.status)

    def _state(self, told: Heard) -> JobState:
        raw = told.status
        match self._statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(raw=raw)
            case "completed":
                return completed(told)
            case _:
                return self._failures(told.error or "", raw=raw)


def _uploaded(file: FileBody) -> Steps[str]:
    headers = (("content-type", "application/octet-stream"), ("accept", "application/json"))
    reply = yield HttpRequest(method="POST", url="/v2/upload", headers=headers, body=file, free=True)
    return reply.read(UPLOADED).upload_url
