"""Predictions: https://replicate.com/docs/reference/http, read on 2026-11-27.

The name of a model says where it is asked for: `owner/name` is an official model, `owner/name:version` or a version alone is
a version of any model, `deployments/owner/name` a deployment.
"""

import datetime
import re
from urllib.parse import quote

from genmux.contract import signatures
from genmux.contract.failures import FailureTable
from genmux.contract.http import Field, FileBody, Form, HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Delivery, Listed, Prepared, Steps, Verified
from genmux.contract.manifest import Manifest
from genmux.contract.media_writing import addresses_of, write_fields
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable, UnknownStatusError
from genmux.providers.replicate.names import HEADERS, fields_of
from genmux.providers.replicate.prediction import PAGE, PREDICTION, SECRET, UPLOAD, Prediction
from genmux.types.errors import NotFoundError
from genmux.types.jobs import Accepted, Completed, Ended, JobState, Pending, Processing, Ticket

_VERSION = re.compile(r"(?:.*:)?([0-9a-f]{64})")


class Predictions:
    """The wire of every model; the key has no place here, so that a lost reply leaves the outcome unknown."""

    answer = b""

    def __init__(self, manifest: Manifest) -> None:
        self._statuses = StatusTable(manifest.statuses)
        self._failures = FailureTable(manifest.errors)

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Upload files, and write the input."""
        addresses = yield from addresses_of(request, _uploaded)
        written = write_fields(request, fields_of(model), addresses, without=HEADERS)
        return Prepared(request=request, model=model, body={"input": written})

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Create the prediction. Nothing is waited for unless `wait` says so: a long request is one whose reply can be lost."""
        del key
        path, body = _place(prepared.model.wire_id), dict(prepared.body)
        if (version := _VERSION.fullmatch(prepared.model.wire_id)) is not None:
            body["version"] = version[1]
        if callback is not None:
            body |= {"webhook": callback, "webhook_events_filter": ["completed"]}
        params = prepared.request.params
        headers = [(header, form.format(params[name])) for name, (header, form) in HEADERS.items() if params.get(name)]
        return json_request(path, body).with_headers(headers)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """With `wait` it may be over already; one that only has its output early, or says what we do not know, is asked for again."""
        del prepared
        told = reply.read(PREDICTION)
        try:
            state = self._state(told)
        except UnknownStatusError:
            state = Pending(raw=told.status)
        return Accepted(ticket=told.ticket, state=state) if isinstance(state, Pending | Processing) else state

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for it. One whose output was removed, an hour after its end, is as good as forgotten."""
        reply = yield HttpRequest(method="GET", url=ticket["get"])
        told = reply.read(PREDICTION)
        state = self._state(told)
        if told.data_removed and isinstance(state, Completed) and not state.outputs:
            message = f"Replicate has removed the output of the prediction {told.id}, as it does an hour after its end"
            raise NotFoundError(message, code="data_removed")
        return state

    def cancel(self, ticket: Ticket) -> Steps[None]:
        """Ask for it; what ran until then is billed."""
        yield HttpRequest(method="POST", url=ticket["cancel"], free=True)

    def list(self, since: datetime.datetime | None) -> Steps[list[Listed]]:
        """All predictions of the account, a hundred a page."""
        found: dict[str, Listed] = {}
        url: str | None = "/predictions" + (f"?created_after={quote(since.isoformat())}" if since else "")
        while url:
            page = (yield HttpRequest(method="GET", url=url)).read(PAGE)
            fresh = {one.id: one.listed(self._state(one)) for one in page.results if one.id not in found}
            found |= fresh
            url = page.next if fresh else None
        return [*found.values()]

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """The signing secret of the account."""
        reply = yield HttpRequest(method="GET", url="/webhooks/default/secret")
        return (reply.read(SECRET).key,)

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """Standard Webhooks."""
        return signatures.standard(delivery, secrets, now)

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """The body is the prediction as a poll would tell it."""
        told = HttpReply(status=200, headers={}, body=verified.delivery.body).read(PREDICTION)
        return told.ticket, self._state(told)

    def _state(self, told: Prediction) -> JobState:
        return told.state(self._statuses, self._failures)


def _place(wire_id: str) -> str:
    if _VERSION.fullmatch(wire_id):
        return "/predictions"
    name = quote(wire_id)
    return f"/{name}/predictions" if name.startswith("deployments/") else f"/models/{name}/predictions"


def _uploaded(file: FileBody) -> Steps[str]:
    """Uploads live for a day; the address is good for predictions of the same account."""
    content = Field(name="content", value=file, media_type=file.media_type, file_name=file.name)
    reply = yield HttpRequest(method="POST", url="/files", body=Form((content,)), free=True)
    return reply.read(UPLOAD).urls.get
