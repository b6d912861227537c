"""The wire of Kling's older addresses, each of which lists its own tasks: pictures, and the videos of kling-v3."""

import datetime
from collections.abc import Callable
from typing import Any

from genmux.contract.error_map import ErrorMap
from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Listed, Prepared, Steps, Verified, no_steps
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable
from genmux.providers.kling.callbacks import Callbacks
from genmux.providers.kling.older_task import OLDER_TASK, OLDER_TASKS, OlderTask
from genmux.providers.kling.replies import data_of
from genmux.providers.kling.task import moment
from genmux.types.jobs import Accepted, Ended, JobState, Processing, Ticket

PAGE_SIZE = 500
PAGES = 1_000
"""The most that may be asked for."""


class OlderWire(Callbacks):
    """One address. `kind` is what it makes (`video`, `image`), `write` makes the body.

    By our key a task is looked for in the list: what Kling answers to an address with a key that it does not know is told
    nowhere.
    """

    def __init__(
        self,
        path: str,
        kind: str,
        write: Callable[[MediaRequest], dict[str, Any]],
        *,
        statuses: StatusTable,
        failures: FailureTable,
        errors: ErrorMap,
    ) -> None:
        self._path = path
        self._kind = kind
        self._write = write
        self._statuses = statuses
        self._failures = failures
        self._errors = errors

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Write the body; nothing is uploaded."""
        body = {"model_name": model.wire_id, **self._write(request)}
        return no_steps(Prepared(request=request, model=model, body=body))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the task."""
        named = {"external_task_id": key} | ({"callback_url": callback} if callback else {})
        return json_request(self._path, {**prepared.body, **named})

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """It was taken. Raises ProviderError for a code that is not 0, such as 1303: all slots are taken."""
        del prepared
        return Accepted(ticket={"id": data_of(reply, OLDER_TASK, self._errors).task_id})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the task."""
        reply = yield HttpRequest(method="GET", url=f"{self._path}/{ticket['id']}", read_only=True)
        return self._state(data_of(reply, OLDER_TASK, self._errors))

    def find(self, key: str, since: datetime.datetime) -> Steps[Ticket | None]:
        """Look for the task that has our key."""
        for number in range(1, PAGES + 1):
            page = yield from self._page(number)
            if found := next((one for one in page if one.key == key), None):
                return {"id": found.task_id}
            if _is_last(page, since):
                break
        return None

    def list(self, since: datetime.datetime | None) -> Steps[list[Listed]]:
        """All tasks of this address."""
        found: dict[str, OlderTask] = {}
        for number in range(1, PAGES + 1):
            page = yield from self._page(number)
            found |= {one.task_id: one for one in page}
            if _is_last(page, since):
                break
        newest_first = sorted(found.values(), key=lambda one: -(one.created_at or 0))
        listed = [one.listed(self._state(one)) for one in newest_first]
        return [one for one in listed if since is None or one.created_at is None or one.created_at >= since]

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """The task as it stands. One that succeeded may come without what it made: that is asked for then."""
        task = HttpReply(status=200, headers={}, body=verified.delivery.body).read(OLDER_TASK)
        if self._statuses(task.task_status) == "completed" and not task.task_result:
            return {"id": task.task_id}, Processing(raw=task.task_status)
        return {"id": task.task_id}, self._state(task)

    def _page(self, number: int) -> Steps[tuple[OlderTask, ...]]:
        url = f"{self._path}?pageNum={number}&pageSize={PAGE_SIZE}"
        reply = yield HttpRequest(method="GET", url=url, read_only=True)
        return data_of(reply, OLDER_TASKS, self._errors) or ()

    def _state(self, task: OlderTask) -> JobState:
        return task.state(self._kind, self._statuses, self._failures)


def _is_last(page: tuple[OlderTask, ...], since: datetime.datetime | None) -> bool:
    """Whether no page follows that could matter: it is not full, or it goes from new to old and is past `since` at its end."""
    if len(page) < PAGE_SIZE:
        return True
    first, last = moment(page[0].created_at), moment(page[-1].created_at)
    return since is not None and first is not None and last is not None and last < first and last < since
