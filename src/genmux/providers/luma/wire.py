"""The wire of Luma's Dream Machine: generations, which call back unsigned, and can be listed."""

import datetime

from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Delivery, Listed, Prepared, Steps, Verified, no_steps
from genmux.contract.model import Model
from genmux.contract.signatures import unguessable_path
from genmux.contract.statuses import StatusTable, UnknownStatusError
from genmux.providers.luma.body import Shape
from genmux.providers.luma.generation import GENERATION, PAGE, Generation
from genmux.types.assets import Output
from genmux.types.jobs import Accepted, Completed, JobState, Pending, Processing, Ticket

GENERATIONS = "/dream-machine/v1/generations"
PER_PAGE = 100


class LumaWire:
    """One endpoint below `GENERATIONS`. `shape` writes its body."""

    answer = b""

    def __init__(self, path: str, shape: Shape, *, statuses: StatusTable, failures: FailureTable) -> None:
        self._path = path
        self._shape = shape
        self._statuses = statuses
        self._failures = failures

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Nothing has to be sent before: what goes in is told by its address."""
        told = {"model": model.wire_id} | self._shape(request)
        body = {name: value for name, value in told.items() if value is not None}
        return no_steps(Prepared(request=request, model=model, body=body))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the generation; there is no place for a key."""
        del key
        called = {} if callback is None else {"callback_url": callback}
        return json_request(f"{GENERATIONS}/{self._path}", prepared.body | called)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted:
        """It was taken; whatever it says of itself, a poll tells where it stands."""
        del prepared
        return Accepted(ticket=reply.read(GENERATION).ticket)

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the generation."""
        reply = yield HttpRequest(method="GET", url=_address(ticket), read_only=True)
        return self._state(reply.read(GENERATION))

    def cancel(self, ticket: Ticket) -> Steps[None]:
        """Delete the generation: nobody can ask for it afterwards."""
        yield HttpRequest(method="DELETE", url=_address(ticket), free=True)

    def list(self, since: datetime.datetime | None) -> Steps[list[Listed]]:
        """Page by page, the newest first."""
        found: list[Listed] = []
        while True:
            url = f"{GENERATIONS}?limit={PER_PAGE}&offset={len(found)}"
            reply = yield HttpRequest(method="GET", url=url, read_only=True)
            page = reply.read(PAGE)
            found += [self._listed(one) for one in page.generations]
            if not (page.has_more and page.generations) or _is_older(found[-1], since):
                return [one for one in found if not _is_older(one, since)]

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """There are none."""
        return None

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """Nothing is signed: only the path speaks for it."""
        del secrets, now
        return unguessable_path(delivery)

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """The generation as it stands."""
        generation = HttpReply(status=200, headers={}, body=verified.delivery.body).read(GENERATION)
        return generation.ticket, self._state(generation)

    def _state(self, generation: Generation) -> JobState:
        raw = generation.state or ""
        match self._statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(raw=raw)
            case "completed":
                return Completed(outputs=generation.outputs, raw=raw)
            case _:
                return self._failures(generation.failure_reason or "", raw=raw)

    def _listed(self, generation: Generation) -> Listed:
        try:
            state = self._state(generation)
        except UnknownStatusError as error:  # one that nobody can tell does not hide the others
            state = Processing(raw=error.raw)
        return Listed(
            ticket=generation.ticket,
            state=state,
            created_at=generation.created,
            model=generation.model,
            operation=generation.operation,
            prompt=(generation.request or {}).get("prompt"),
            sources=tuple(Output(url=url) for url in generation.sources),
            metadata=generation.continues,
        )


def _is_older(one: Listed, since: datetime.datetime | None) -> bool:
    return since is not None and one.created_at is not None and one.created_at < since


def _address(ticket: Ticket) -> str:
    return f"{GENERATIONS}/{ticket['id']}"
