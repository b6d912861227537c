"""The wire of the simulated providers, as far as it is the same for all of them."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from genmux.contract.error_map import stream_error
from genmux.contract.http import Field, Form, HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Listed, Prepared, Steps
from genmux.contract.manifest import Manifest
from genmux.contract.model import Model
from genmux.contract.operations import OUTPUTS
from genmux.contract.statuses import StatusTable, UnknownStatusError
from genmux.types import jobs as states
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.usage import Usage

_OBJECT = msgspec.json.Decoder(dict[str, Any])


class SimulatedWire:
    """Submits, polls, cancels and lists. The key goes nowhere that the provider looks at: see `genmux.testing.simulator.media.providers.wires`."""

    def __init__(self, manifest: Manifest) -> None:
        self._state = StatusTable(manifest.statuses)

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Upload files; addresses are given as they are."""
        inputs: list[dict[str, Any]] = []
        for one in request.inputs:
            source = one.url or (yield from self._upload(one))
            inputs.append({"role": one.role, "source": source})
        body = {
            "model": model.wire_id, "operation": request.operation, "makes": OUTPUTS.get(request.operation, "image"),
            "prompt": request.prompt, "params": dict(request.params), "inputs": inputs,
        }  # fmt: skip
        return Prepared(request=request, model=model, body=body)

    def _upload(self, one: MediaInput) -> Steps[str]:
        if one.file is None:
            raise ProviderError("an input has neither an address nor a file", kind="invalid_request")
        form = Form((Field(name="file", value=one.file),))
        reply = yield HttpRequest(method="POST", url="/v1/files", body=form, free=True)
        return str(read(reply)["id"])

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """`POST /v1/jobs`. The simulator's ledger is told the key, the simulated provider is not."""
        body = prepared.body | ({"callback": callback} if callback else {}) | self.named(key)
        return json_request("/v1/jobs", body).with_headers((("x-judged-by", key),))

    def named(self, _key: str) -> dict[str, Any]:
        """Where the key goes in the body: nowhere."""
        return {}

    def submitted(self, reply: HttpReply, prepared: Prepared) -> states.Accepted | states.Ended:
        """The job as it stands; it was taken, whatever word there is for it."""
        del prepared
        job = read(reply)
        try:
            state = self.told(job)
        except UnknownStatusError as unknown:
            state = states.Pending(raw=unknown.raw)
        return (
            states.Accepted(ticket={"id": job["id"]}, state=state)
            if isinstance(state, states.Pending | states.Processing)
            else state
        )

    def poll(self, ticket: states.Ticket) -> Steps[states.JobState]:
        """`GET /v1/jobs/ID`."""
        return self.told(read((yield HttpRequest(method="GET", url=_place(ticket)))))

    def cancel(self, ticket: states.Ticket) -> Steps[None]:
        """`POST /v1/jobs/ID/cancel`."""
        yield HttpRequest(method="POST", url=f"{_place(ticket)}/cancel", free=True)

    def list(self, since: datetime.datetime | None) -> Steps[list[Listed]]:
        """`GET /v1/jobs`."""
        reply = yield HttpRequest(method="GET", url=f"/v1/jobs?since={since.timestamp() if since else 0}")
        jobs = read(reply)["jobs"]
        return [
            Listed(ticket={"id": job["id"]}, state=self.told(job), key=job["external_id"], prompt=job["prompt"])
            for job in jobs
        ]

    def told(self, job: Mapping[str, Any]) -> states.JobState:
        """What a job's document says."""
        raw = job.get("status")
        usage = Usage(reported_cost=Decimal(job["cost"])) if "cost" in job else None
        match self._state(raw):
            case "pending":
                return states.Pending(queue_position=job.get("queue_position"), raw=raw)
            case "processing":
                return states.Processing(progress=job.get("progress"), raw=raw)
            case "completed":
                made = job.get("outputs", ())
                found = tuple(Output(url=one["url"], media_type=one.get("media_type")) for one in made)
                return states.Completed(outputs=found, usage=usage or Usage(), filtered=job.get("withheld", 0), raw=raw)
            case "filtered":
                return states.Filtered(reason=job.get("reason", ""), usage=usage, raw=raw)
            case "failed":
                return states.Failed(message=job.get("reason", ""), kind=ErrorKind.SERVER, usage=usage, raw=raw)
            case "cancelled":
                return states.Cancelled(usage=usage, raw=raw)


def _place(ticket: states.Ticket) -> str:
    return f"/v1/jobs/{quote(str(ticket['id']), safe='')}"


def read(reply: HttpReply) -> dict[str, Any]:
    """A reply. Raises ProviderError for an error that comes inside of a success."""
    said = reply.read(_OBJECT)
    if said.get("error"):
        raise stream_error(said, status=reply.status)
    return said
