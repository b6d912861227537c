"""Luma's Dream Machine: generations with unsigned callbacks, lists, and DELETE in place of a cancellation.

Made from what its manifest says of the provider, not from recordings.
"""

import datetime
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord

WORDS: dict[StateWord, str] = {
    "pending": "queued",
    "processing": "dreaming",
    "completed": "completed",
    "filtered": "failed",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "failed",
}
REASONS: dict[StateWord, str] = {
    "filtered": "Advanced prompt moderation failed",
    "failed": "Job has failed",
    "cancelled": "Job was cancelled",
    "expired": "Job has expired",
}
MADE = {"video": "video/mp4", "image": "image/jpeg"}
"""What each kind of generation makes."""

GENERATIONS = "/dream-machine/v1/generations"


class Luma(Personality):
    """The personality."""

    name = "luma"
    simulates = ("luma",)
    key_headers = ("authorization",)
    hook_states = ("processing", "completed", "filtered", "failed", "expired")
    refunds = frozenset({"failed", "filtered", "expired"})

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("GET", GENERATIONS, self.generations),
            Route("GET", GENERATIONS + "/{id}", self.poll),
            Route("DELETE", GENERATIONS + "/{id}", self.delete),
            Route("POST", GENERATIONS + "/{kind}", self.submit),
            Route("GET", "/dream-machine/v1/credits", self.credits),
        )

    def submit(self, ask: Ask) -> Answer:
        """`POST …/generations/video` and its like."""
        said = ask.json()
        kind = ask.args["kind"]
        if said.get("loop") and (said.get("keyframes") or {}).get("frame1"):
            raise Refusal("invalid_request", "Loop is not supported for end frame")
        params = {name: value for name, value in said.items() if name not in {"prompt", "callback_url"}}
        order = Order(
            model=said["model"],
            operation=kind,
            prompt=said.get("prompt", ""),
            params=params,
            callback=said.get("callback_url"),
            media_type=MADE[kind],
            extra={"request": {"generation_type": kind} | said},
        )
        return reply(201, self.shown(ask.accept(order)))

    def poll(self, ask: Ask) -> Answer:
        """`GET …/generations/{id}`."""
        return reply(200, self.shown(ask.look(ask.args["id"])))

    def generations(self, ask: Ask) -> Answer:
        """`GET …/generations?limit=…&offset=…`, the newest first."""
        limit, offset = int(ask.query.get("limit", 10)), int(ask.query.get("offset", 0))
        found = ask.desk.listed()
        page = [self.shown(job) for job in found[offset : offset + limit]]
        more = len(found) > offset + limit
        return reply(200, {"generations": page, "count": len(page), "limit": limit, "offset": offset, "has_more": more})

    def delete(self, ask: Ask) -> Answer:
        """`DELETE …/generations/{id}`."""
        ask.delete(ask.args["id"])
        return Answer(status=204, body=b"")

    def credits(self, ask: Ask) -> Answer:
        """`GET …/credits`, in US cents."""
        del ask
        return reply(200, {"credit_balance": 12_345.0})

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """The same as a poll, signed by nobody."""
        del secret, stamp
        headers = {"content-type": "application/json"}
        return Hook(url=job.callback or "", body=msgspec.json.encode(self.shown(job)), headers=headers)

    def refuse(self, refusal: Refusal) -> Answer:
        """An error, in the manner of FastAPI."""
        if refusal.kind == "content_filtered":
            return reply(400, {"detail": f"Prompt moderation failed: {refusal.message}"})
        return reply(refusal.status, {"detail": refusal.message})

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A generation."""
        now = self.desk.clock.now()
        state = job.state(now)
        asked = job.extra["request"]
        made = None
        if state == "completed" and job.outputs > job.script.withheld:
            made = {job.media_type.partition("/")[0]: self.server.file_url(job, 0)}
        return {
            "id": job.id,
            "generation_type": "image" if job.media_type.startswith("image/") else "video",
            "state": job.word(now, WORDS),
            "failure_reason": (job.script.reason or REASONS[state]) if state in REASONS else None,
            "created_at": datetime.datetime.fromtimestamp(job.accepted, datetime.UTC).isoformat(),
            "assets": made,
            "model": job.model,
            "request": asked,
        }


personality = Luma
