"""The wire of Kling's newer addresses: one for each way to begin, and `/tasks` for all that was begun.

Source: kling.ai/document-api (3.0, 3.0 Omni, 3.0 Turbo, 2.6, 2.5 Turbo; "Query tasks", "Callbacks"), read 2026-11-27.
"""

import datetime
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from genmux.contract.error_map import ErrorMap
from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Listed, Prepared, Steps, Verified, no_steps
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable
from genmux.providers.kling.callbacks import Callbacks
from genmux.providers.kling.replies import data_of
from genmux.providers.kling.task import PAGE, TASK, TASKS, Task
from genmux.types.errors import NotFoundError
from genmux.types.jobs import Accepted, Ended, JobState, Processing, Ticket

PAGE_SIZE = 500
"""The most tasks that one answer lists."""


class TasksWire(Callbacks):
    """One way to begin; `write` makes the body. Our key goes along as `external_task_id`, by which a task is found."""

    def __init__(
        self,
        path: str,
        write: Callable[[MediaRequest], dict[str, Any]],
        *,
        statuses: StatusTable,
        failures: FailureTable,
        errors: ErrorMap,
    ) -> None:
        self._path = path
        self._write = write
        self._statuses = statuses
        self._failures = failures
        self._errors = errors

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Write the body; nothing is uploaded."""
        return no_steps(Prepared(request=request, model=model, body=self._write(request)))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the task."""
        options = {"external_task_id": key} | ({"callback_url": callback} if callback else {})
        return json_request(f"{self._path}/{prepared.model.wire_id}", {**prepared.body, "options": options})

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """It was taken. Raises ProviderError for a code that is not 0, such as 1303: all slots are taken."""
        del prepared
        return Accepted(ticket={"id": data_of(reply, TASK, self._errors).id})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the task. Raises NotFoundError where Kling does not know it."""
        found = yield from self._asked("task_ids", ticket["id"])
        task = next((one for one in found if one.id == ticket["id"]), None)
        if task is None:
            raise NotFoundError(f"Kling does not know the task {ticket['id']}", code="1203")
        return self._state(task)

    def find(self, key: str, since: datetime.datetime) -> Steps[Ticket | None]:
        """Ask for the task that has our key."""
        del since
        found = yield from self._asked("external_task_ids", key)
        return next(({"id": one.id} for one in found if one.external_id in (key, None)), None)

    def list(self, since: datetime.datetime | None) -> Steps[list[Listed]]:
        """All tasks of the last 30 days, which is how long Kling keeps them, or of a shorter time."""
        body: dict[str, Any] = {"limit": PAGE_SIZE}
        if since is not None:
            body["start_time"] = str(int(since.timestamp() * 1000))
        found: dict[str, Task] = {}
        while True:
            reply = yield _reading(json_request("/tasks", body))
            page = data_of(reply, PAGE, self._errors)
            found |= {one.id: one for one in page.result or ()}
            if not page.has_more or not page.next_cursor or page.next_cursor == body.get("cursor"):
                break
            body["cursor"] = page.next_cursor
        newest_first = sorted(found.values(), key=lambda one: -(one.create_time or 0))
        return [one.listed(self._state(one)) for one in newest_first]

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """The task as it stands. One that succeeded may come without what it made: that is asked for then."""
        task = HttpReply(status=200, headers={}, body=verified.delivery.body).read(TASK)
        if self._statuses(task.status) == "completed" and not task.outputs:
            return {"id": task.id}, Processing(raw=task.status)
        return {"id": task.id}, self._state(task)

    def _asked(self, name: str, value: str) -> Steps[tuple[Task, ...]]:
        reply = yield HttpRequest(method="GET", url=f"/tasks?{name}={quote(value, safe='')}", read_only=True)
        return data_of(reply, TASKS, self._errors) or ()

    def _state(self, task: Task) -> JobState:
        return task.state(self._statuses, self._failures)


def _reading(request: HttpRequest) -> HttpRequest:
    """A POST that only asks."""
    return HttpRequest(method="POST", url=request.url, headers=request.headers, body=request.body, read_only=True)
