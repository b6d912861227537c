"""The wire of Black Forest Labs: a path for each model, and an address of its own by which each task is asked for."""

from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Delivery, Prepared, Steps, Verified, no_steps
from genmux.contract.model import Model
from genmux.contract.signatures import prefixed, unguessable_path
from genmux.contract.statuses import StatusTable
from genmux.providers.bfl.body import Placing, body_of
from genmux.providers.bfl.task import TASK, Task, used
from genmux.types.errors import NotFoundError
from genmux.types.jobs import Accepted, Completed, Ended, Filtered, JobState, Pending, Processing, Ticket
from genmux.types.usage import Usage

MISSING = "Task not found"


class BflWire:
    """All models that place their inputs alike. `place` says how."""

    answer = b""

    def __init__(self, place: Placing, *, statuses: StatusTable, failures: FailureTable) -> None:
        self._place = place
        self._statuses = statuses
        self._failures = failures

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Nothing has to be sent before."""
        return no_steps(Prepared(request=request, model=model, body=body_of(request, self._place)))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the task; there is no place for a key. The secret of its webhook is put in where the request is signed."""
        del key
        called = {} if callback is None else {"webhook_url": callback}
        return json_request(f"/v1/{prepared.model.wire_id}", prepared.body | called)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """It was taken. Only the address in the reply leads to the cluster that has it."""
        del prepared
        task = reply.read(TASK)
        ticket: Ticket = {"id": task.id, "polling_url": task.polling_url or f"/v1/get_result?id={task.id}"}
        return Accepted(ticket=ticket if task.cost is None else {**ticket, "credits": task.cost})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the task at its address. Raises NotFoundError for one that they do not know (yet, or any more)."""
        reply = yield HttpRequest(method="GET", url=ticket["polling_url"], read_only=True)
        return self._state(reply.read(TASK), ticket.get("credits"))

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """The secret is the account's own (`webhook_secret`); there is nothing to fetch."""
        return None

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """By its signature, where the account has a secret; else only the path speaks for it. There is no timestamp."""
        del now
        return prefixed(delivery, secrets, header="x-bfl-signature") if secrets else unguessable_path(delivery)

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """The task as a poll would tell it."""
        task = HttpReply(status=200, headers={}, body=verified.delivery.body).read(TASK)
        return {"id": task.id}, self._state(task, None)

    def _state(self, task: Task, expected: float | None) -> JobState:
        raw = task.status
        if raw == MISSING:
            raise NotFoundError("the provider does not know the task (yet, or any more)", code=raw)
        match self._statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(progress=task.progress, raw=raw)
            case "completed":
                taken = used(expected if task.cost is None else task.cost)
                return Completed(outputs=task.outputs, usage=taken or Usage(), raw=raw)
            case "filtered":
                return Filtered(reason=task.words or raw, usage=used(task.cost), raw=raw)
            case _:
                return self._failures(task.words, task.error, raw=raw)
