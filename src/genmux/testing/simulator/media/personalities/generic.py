"""An invented provider that can do everything a media provider can: the shortest example, and what load and crash tests use.

It speaks to `sim-idempotent`, `sim-lookup`, `sim-none`, `sim-webhook-only` and `sim-both`, which differ in what they use of it.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import EXTENSIONS, SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord
from genmux.testing.simulator.media.standard_webhooks import signed

WORDS: dict[StateWord, str] = {
    "pending": "queued",
    "processing": "working",
    "completed": "done",
    "filtered": "blocked",
    "failed": "error",
    "cancelled": "cancelled",
    "expired": "expired",
}
MEDIA = {"image": "image/png", "video": "video/mp4", "audio": "audio/wav"}
JOBS = b"/v1/jobs/"


class Generic(Personality):
    """The generic personality."""

    name = "generic"
    needs_key = False
    simulates = ("sim-idempotent", "sim-lookup", "sim-none", "sim-webhook-only", "sim-both")

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("POST", "/v1/jobs", self.submit),
            Route("GET", "/v1/jobs", self.jobs),
            Route("GET", "/v1/jobs/{id}", self.poll),
            Route("POST", "/v1/jobs/{id}/cancel", self.cancel),
            Route("POST", "/v1/files", self.upload),
            Route("GET", "/v1/webhook-secret", self.webhook_secret),
        )

    def submit(self, ask: Ask) -> Answer:
        """`POST /v1/jobs`."""
        said = ask.json()
        params = said.get("params", {})
        kind = said.get("makes", "image")
        order = Order(
            model=said["model"],
            operation=said.get("operation", ""),
            prompt=said.get("prompt", ""),
            params={**params, "inputs": said.get("inputs", [])},
            key=ask.headers.get("idempotency-key") or said.get("external_id"),
            judged_by=ask.headers.get("x-judged-by"),
            idempotent="idempotency-key" in ask.headers,
            callback=said.get("callback"),
            media_type=MEDIA.get(kind, kind if kind in EXTENSIONS else "image/png"),
            outputs=params.get("n", 1),
            price=self.price(params),
        )
        return reply(201, self.shown(ask.accept(order)))

    def poll(self, ask: Ask) -> Answer:
        """`GET /v1/jobs/{id}`."""
        return reply(200, self.shown(ask.look(ask.args["id"])))

    def jobs(self, ask: Ask) -> Answer:
        """`GET /v1/jobs?external_id=…` or `?since=…`."""
        if key := ask.query.get("external_id"):
            found = ask.desk.by_key(key)
            return reply(200, {"jobs": [self.shown(found)] if found else []})
        since = float(ask.query.get("since", 0))
        return reply(200, {"jobs": [self.shown(job) for job in ask.desk.listed(since)]})

    def cancel(self, ask: Ask) -> Answer:
        """`POST /v1/jobs/{id}/cancel`."""
        if not ask.cancel(ask.args["id"]):
            raise Refusal("conflict", "the job has ended")
        return reply(202, {})

    def upload(self, ask: Ask) -> Answer:
        """`POST /v1/files`, a form with `file`."""
        file = ask.form().get("file")
        if file is None:
            raise Refusal("invalid_request", "the form has no `file`")
        return reply(201, {"id": ask.desk.upload(file.name, file.media_type, file.data).id})

    def webhook_secret(self, ask: Ask) -> Answer:
        """`GET /v1/webhook-secret`."""
        del ask
        return reply(200, {"secret": self.secret})

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """The same as a poll, signed as Standard Webhooks are."""
        body = msgspec.json.encode({"job": self.shown(job)})
        headers = signed(body, message_id=f"msg_{job.id}_{job.told or 'done'}", secret=secret, stamp=stamp)
        return Hook(url=job.callback or "", body=body, headers={"content-type": "application/json", **headers})

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """A cent for each picture, each second of a clip, each sound."""
        return Decimal("0.01") * params.get("n", 1) * params.get("duration", 1)

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A job, as submissions, polls, listings and webhooks show it."""
        now = self.desk.clock.now()
        state = job.state(now)
        shown: dict[str, Any] = {
            "id": job.id,
            "status": job.word(now, WORDS),
            "model": job.model,
            "operation": job.operation,
            "prompt": job.prompt,
            "external_id": job.key,
            "created_at": job.accepted,
        }
        match state:
            case "pending":
                shown["queue_position"] = self.desk.queue_position(job)
            case "processing":
                shown["progress"] = job.progress(now)
            case "completed":
                shown["outputs"] = [
                    {"url": self.server.file_url(job, index), "media_type": job.media_type}
                    for index in range(job.outputs - job.script.withheld)
                ]
                shown |= {"withheld": job.script.withheld, "cost": str(job.amount)}
            case "filtered" | "failed" | "expired" | "cancelled":
                shown["reason"] = job.script.reason or state
                shown["cost"] = "0" if state in self.refunds else str(job.amount)
        return shown

    def quick(self, target: bytes, now: float) -> bytes | None:
        """A poll of a job that is not over and of which nothing odd is wanted."""
        if not target.startswith(JOBS):
            return None
        job = self.desk.jobs.get(target[len(JOBS) :].decode())
        if job is None or now >= job.ends or now >= job.cancelled_at or not job.script.plain:
            return None
        self.desk.polls += 1
        job.asked += 1
        if now < job.starts:
            body = b'{"id":"%b","status":"queued","queue_position":%d}' % (job.id.encode(), job.queue_position(now))
        else:
            body = b'{"id":"%b","status":"working","progress":%.3f}' % (job.id.encode(), job.progress(now))
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


personality = Generic
