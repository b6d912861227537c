"""The queue: https://fal.ai/docs/api-reference/inference-api, read on 2026-11-27.

The addresses for status, result and cancellation are those that the submission was answered with. Where that answer was lost,
and a webhook tells that there is a job all the same, they are put together as fal's clients do (fal-client 1.0.3); so the address
for webhooks names the app, which the webhook itself does not.
"""

import re
from urllib.parse import parse_qsl, quote

import msgspec

from genmux.contract import signatures
from genmux.contract.http import FileBody, HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Delivery, Prepared, Steps, Verified
from genmux.contract.manifest import Manifest
from genmux.contract.media_writing import addresses_of, write_fields
from genmux.contract.model import Model
from genmux.providers.fal.names import HEADERS, fields_of
from genmux.providers.fal.result import HOOK, PLACE, STATUS, TAKEN, Results
from genmux.types.errors import ProviderError
from genmux.types.jobs import Accepted, Ended, JobState, Pending, Processing, Ticket

REST = "https://rest.fal.ai"
"""Where uploads are begun and the keys of webhooks are."""

ENDS = {"status": "/status", "response": "", "cancel": "/cancel"}

_APP = re.compile(r"(?a)(?:(?:workflows|comfy)/)?\w[\w.-]*/\w[\w.-]*")
"""What addresses of requests begin with: the name of a model without its path."""


class Queue:
    """The wire of every model; the key has no place here, so that a lost reply leaves the outcome unknown."""

    answer = b""

    def __init__(self, manifest: Manifest) -> None:
        self._results = Results(manifest)

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Upload files, and write the input."""
        addresses = yield from addresses_of(request, _uploaded)
        return Prepared(
            request=request, model=model, body=write_fields(request, fields_of(model), addresses, without=HEADERS)
        )

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Put the request into the queue."""
        del key
        url = f"/{quote(prepared.model.wire_id)}"
        if callback is not None:
            app = _APP.match(prepared.model.wire_id)
            told = callback + (f"{'&' if '?' in callback else '?'}app={app[0]}" if app else "")
            url += f"?fal_webhook={quote(told, safe='')}"
        params = prepared.request.params
        headers = [(header, f"{params[name]}") for name, header in HEADERS.items() if params.get(name)]
        return json_request(url, prepared.body).with_headers(headers)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """Where it is asked for."""
        del prepared
        told = reply.read(TAKEN)
        ticket = {
            "id": told.request_id, "status": told.status_url, "response": told.response_url, "cancel": told.cancel_url,
        }  # fmt: skip
        return Accepted(ticket=ticket, state=Pending(queue_position=told.queue_position, raw=told.status))

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the status, and for the result once there is one. A failed job is told there as an error reply."""
        told = (yield HttpRequest(method="GET", url=_place(ticket, "status"))).read(STATUS)
        state = self._results.state(told.status)
        if state == "pending":
            return Pending(queue_position=told.queue_position, raw=told.status)
        if state == "processing":
            return Processing(raw=told.status)
        try:
            result = yield HttpRequest(method="GET", url=_place(ticket, "response"))
        except ProviderError as error:
            return self._results.failed(told, error)
        return self._results.failed(told) if told.failed else self._results.completed(result)

    def cancel(self, ticket: Ticket) -> Steps[None]:
        """Ask for it: what waits is taken out of the queue, what runs is told to stop, and may not."""
        yield HttpRequest(method="PUT", url=_place(ticket, "cancel"), free=True)

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """The public keys of fal, which may be kept for a day."""
        reply = yield HttpRequest(method="GET", url="/.well-known/jwks.json", root=REST)
        return signatures.public_keys(reply.body)

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """Ed25519."""
        return signatures.fal(delivery, secrets, now)

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """What a poll would tell, but for a result that did not fit into the webhook."""
        told = HttpReply(status=200, headers={}, body=verified.delivery.body).read(HOOK)
        app = dict(parse_qsl(verified.delivery.query)).get("app", "")
        ticket = {"id": told.request_id, "app": app} if _APP.fullmatch(app) else None
        return ticket, self._results.delivered(told)


def _place(ticket: Ticket, what: str) -> str:
    """One of the addresses of a request."""
    return ticket.get(what) or f"/{ticket['app']}/requests/{quote(ticket['id'], safe='')}{ENDS[what]}"


def _uploaded(file: FileBody) -> Steps[str]:
    """Two steps: where to, and the file itself, which needs no credential."""
    asked = json_request(
        "/storage/upload/initiate?storage_type=fal-cdn-v3",
        {"content_type": file.media_type, "file_name": file.name},
    )
    place = (yield msgspec.structs.replace(asked, free=True, root=REST)).read(PLACE)
    kind = (("content-type", file.media_type),)
    yield HttpRequest(method="PUT", url=place.upload_url, headers=kind, body=file, free=True, unsigned=True)
    return place.file_url
