"""One request to a simulated provider, as its personality sees it."""

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from genmux.contract.local import Pause
from genmux.testing.simulator.http import Request
from genmux.testing.simulator.media.desk import Desk, Order, Upload
from genmux.testing.simulator.media.faults import before_acceptance
from genmux.testing.simulator.media.house import MediaHouse
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import HEADER

LOOK = 0.02
"""Seconds between two looks whether a job is done for which an answer waits."""


class Ask:
    """A request. `path` is below the personality's prefix, `args` are what the route's braces stand for.

    `job`, `stage` (`submit`, `poll`, `cancel`) and `fresh` (the submission made a new job) are filled in by the methods below,
    so that the framework can play the faults of the job's script.
    """

    def __init__(self, desk: Desk, house: MediaHouse, request: Request, path: str, query: str) -> None:
        self.desk = desk
        self._house = house
        self.method = request.head.method
        self.headers = request.head.headers
        self.body = request.body
        self.path = path
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        self.args: dict[str, str] = {}
        self.job: SimulatedJob | None = None
        self.stage = ""
        self.fresh = False
        self.now = desk.clock.now()
        self.account = ""

    def json(self) -> Any:
        """The body as JSON. Raises Refusal when it is none."""
        try:
            return msgspec.json.decode(self.body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal("invalid_request", f"the body is not JSON: {error}") from error

    def form(self) -> dict[str, Upload]:
        """The fields of a `multipart/form-data` body by name (of several equal ones the last): `data` is what was sent."""
        from genmux.testing.simulator.media.forms import read_form

        return read_form(self.headers.get("content-type", ""), self.body)

    def accept(self, order: Order) -> SimulatedJob:
        """Take a job, and bill it. Raises Refusal, as its script wants."""
        script = self.desk.scripted(order.prompt, self.headers.get(HEADER, ""))
        self.stage = "submit"
        before_acceptance(script)
        job, self.fresh = self.desk.accept(order, script, account=self.account)
        self.job = job
        if self.fresh:
            self._house.accepted(job)
        return job

    def look(self, job_id: str) -> SimulatedJob:
        """The job that is asked for. Raises Refusal where it is not known, and for the faults of polls."""
        self.stage = "poll"
        self.desk.polls += 1
        job = self.desk.jobs.get(job_id)
        if job is not None:
            self.job = job
            job.asked += 1
        return self.desk.look(job_id)

    def cancel(self, job_id: str) -> bool:
        """Cancel a job; False when it is over already. Raises Refusal."""
        self.stage = "cancel"
        job = self.desk.look(job_id)
        self.job = job
        done = self.desk.cancel(job)
        self._house.changed(job)
        return done

    def delete(self, job_id: str) -> SimulatedJob:
        """Cancel a job where it is not over, and forget it. Raises Refusal."""
        self.cancel(job_id)
        job = self.desk.look(job_id)
        job.deleted = True
        return job

    def until_done(self, job: SimulatedJob, *, at_most: float = math.inf) -> Iterator[Pause]:
        """Pauses until a job is over, for protocols whose submission waits for the result."""
        clock = self.desk.clock
        end = clock.now() + at_most
        while not job.ended(now := clock.now()) and now < end:
            yield Pause(LOOK)

    def file_url(self, job: SimulatedJob, index: int = 0) -> str:
        """The address of an output, good for as long as the personality (or the script) says."""
        return self._house.file_url(job, index)
