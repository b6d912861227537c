"""The wire of Runway's tasks: one endpoint for each kind of generation, and one for all tasks."""

import msgspec

from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Prepared, Steps
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable
from genmux.providers.runway.body import Placing, body_of
from genmux.providers.runway.upload import uploaded
from genmux.types.assets import Output
from genmux.types.jobs import Accepted, Cancelled, Completed, Ended, JobState, Pending, Processing, Ticket
from genmux.types.usage import Usage, credits_used

CREDITS = "credits"
"""The type of Runway's credits, as the manifest calls it."""


class Credits(msgspec.Struct, frozen=True):
    """An amount of Runway's credits."""

    credits: float


class Task(msgspec.Struct, frozen=True, rename="camel"):
    """A task as Runway tells it. A submission is answered without a status, and with the most credits that it may take.

    `cost` is there when the task has ended: 0 when it was refunded.
    """

    id: str
    status: str = ""
    progress: float | None = None
    estimated_cost: Credits | None = None
    cost: Credits | None = None
    failure: str = ""
    failure_code: str | None = None
    output: tuple[str, ...] = ()


TASK = msgspec.json.Decoder(Task)


class RunwayWire:
    """One endpoint. `place` says where the inputs go in its body."""

    def __init__(self, path: str, place: Placing, *, statuses: StatusTable, failures: FailureTable) -> None:
        self._path = path
        self._place = place
        self._statuses = statuses
        self._failures = failures

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Upload the files among the inputs."""
        inputs = yield from uploaded(request.inputs)
        ready = msgspec.structs.replace(request, inputs=inputs)
        return Prepared(request=ready, model=model, body=body_of(ready, model.wire_id, self._place))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the task; there is no place for a key, and nobody is called back."""
        del key, callback
        return json_request(self._path, prepared.body)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """It was taken; the ticket keeps the most credits that it may take."""
        del prepared
        task = reply.read(TASK)
        most = task.estimated_cost
        return Accepted(ticket={"id": task.id} | ({} if most is None else {"credits": most.credits}))

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the task."""
        reply = yield HttpRequest(method="GET", url=_address(ticket), read_only=True)
        return self._state(reply.read(TASK))

    def cancel(self, ticket: Ticket) -> Steps[None]:
        """Cancel the task, or delete it when it has ended: either way nobody can ask for it afterwards."""
        yield HttpRequest(method="DELETE", url=_address(ticket), free=True)

    def _state(self, task: Task) -> JobState:
        raw, used = task.status, None if task.cost is None else credits_used(CREDITS, task.cost.credits)
        match self._statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(progress=task.progress, raw=raw)
            case "completed":
                return Completed(outputs=tuple(Output(url=one) for one in task.output), usage=used or Usage(), raw=raw)
            case "cancelled":
                return Cancelled(usage=used, raw=raw)
            case _:
                return self._failures(task.failure, task.failure_code, usage=used, raw=raw)


def _address(ticket: Ticket) -> str:
    return f"/v1/tasks/{ticket['id']}"
