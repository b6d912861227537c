"""Ember, an invented service: a film is ordered, asked for until it is done, and downloaded."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from genmux.contract.error_map import stream_error
from genmux.contract.http import Field, Form, HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Prepared, Steps
from genmux.contract.manifest import read_manifest
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.types.assets import Output
from genmux.types.jobs import Accepted, Cancelled, Completed, Failed, Filtered, JobState, Pending, Processing, Ticket
from genmux.types.usage import Usage

MANIFEST = read_manifest(Path(__file__).with_name("manifest.toml"))
STATE = StatusTable(MANIFEST.statuses)
DOCUMENT = msgspec.json.Decoder(dict[str, Any])
NAMES = {"duration": "seconds", "resolution": "height", "seed": "spark"}


class Render:
    """The wire: pure translation, no input or output."""

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """The order; its first picture is uploaded before, which costs nothing."""
        body: dict[str, Any] = {"story": request.prompt, "kiln": model.wire_id}
        body |= {NAMES.get(name, name): value for name, value in request.params.items()}
        if (image := request.first("image")) and image.file:
            form = Form((Field(name="still", value=image.file),))
            reply = yield HttpRequest(method="POST", url="/v1/stills", body=form, free=True)
            body["still"] = read(reply)["still"]
        return Prepared(request=request, model=model, body=body)

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """The one request that costs. Our key is kept with the film, so that it can be found again."""
        del callback
        return json_request("/v1/films", prepared.body | {"reference": key})

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted:
        """It was taken: whatever else the reply says, the next poll says better."""
        del prepared
        return Accepted(ticket={"film": read(reply)["id"]})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Where it stands."""
        film = read((yield HttpRequest(method="GET", url=place(ticket))))
        return told(film)

    def cancel(self, ticket: Ticket) -> Steps[None]:
        """Stop it; that it has stopped is told by the polls that follow."""
        yield HttpRequest(method="DELETE", url=place(ticket), free=True)

    def find(self, key: str, since: datetime) -> Steps[Ticket | None]:
        """The film with our key, if there is one."""
        del since
        found = read((yield HttpRequest(method="GET", url=f"/v1/films?reference={quote(key, safe='')}")))["films"]
        return {"film": found[0]["id"]} if found else None


def told(film: Mapping[str, Any]) -> JobState:
    """Their word for where it stands, in ours. What is not in the table raises UnknownStatusError."""
    raw = film.get("phase")
    usage = Usage(reported_cost=Decimal(film["cents"]) / 100) if "cents" in film else Usage()
    match STATE(raw):
        case "pending":
            return Pending(queue_position=film.get("before"), raw=raw)
        case "processing":
            return Processing(progress=film.get("percent", 0) / 100, raw=raw)
        case "completed" if "veiled" in film:
            return Filtered(reason=film["veiled"], usage=usage, raw=raw)
        case "completed":
            outputs = tuple(Output(url=url, media_type="video/mp4") for url in film.get("film", ()))
            return Completed(outputs=outputs, usage=usage, raw=raw)
        case "cancelled":
            return Cancelled(usage=usage, raw=raw)
        case _:
            return Failed(message=film.get("because", "it went cold"), usage=usage, raw=raw)


def place(ticket: Ticket) -> str:
    """The address of a film."""
    return f"/v1/films/{quote(ticket['film'], safe='')}"


def read(reply: HttpReply) -> dict[str, Any]:
    """A reply; Ember also answers errors with 200."""
    document = reply.read(DOCUMENT)
    if document.get("error"):
        raise stream_error(document, status=reply.status)
    return document


provider = Provider(manifest=MANIFEST, wires={"render": Render()})
