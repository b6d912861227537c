"""Black Forest Labs: each task has an address of its own, what is unknown is a status, moderation has two; costs in credits.

Made from what its manifest says of the provider, not from recordings.
"""

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply, retry_after
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord

WORDS: dict[StateWord, str] = {
    "pending": "Pending",
    "processing": "Pending",
    "completed": "Ready",
    "filtered": "Content Moderated",
    "failed": "Error",
    "cancelled": "Error",
    "expired": "Error",
}
MISSING = {"status": "Task not found", "result": None}
HIDDEN = frozenset({"prompt", "webhook_url", "webhook_secret"})


class Bfl(Personality):
    """The personality."""

    name = "bfl"
    simulates = ("bfl",)
    key_headers = ("x-key",)
    refunds = frozenset({"failed", "filtered", "expired"})
    link_lifetime = 600.0

    def routes(self) -> tuple[Route, ...]:
        """What is served. A task is only found at the address that was given for it."""
        return (
            Route("GET", "/cluster/v1/get_result", self.poll),
            Route("GET", "/v1/get_result", self.nothing),
            Route("GET", "/v1/credits", self.credits),
            Route("POST", "/v1/{model}", self.submit),
        )

    def submit(self, ask: Ask) -> Answer:
        """`POST /v1/MODEL`."""
        said, model = ask.json(), ask.args["model"]
        for name, value in said.items():
            if isinstance(value, str) and value.startswith("data:"):
                raise Refusal("invalid_request", f"{name} is not base64", status=422)
        params = {name: value for name, value in said.items() if name not in HIDDEN}
        order = Order(
            model=model,
            operation=said.get("mode", "image"),
            prompt=said.get("prompt", ""),
            params=params,
            callback=said.get("webhook_url"),
            media_type="video/mp4" if "video" in model else f"image/{said.get('output_format', 'jpeg')}",
            price=self.price(params),
            extra={"signs": "webhook_secret" in said},
        )
        job = ask.accept(order)
        where = f"{self.server.url(self.name)}/cluster/v1/get_result?id={job.id}"
        return reply(
            200, {"id": job.id, "polling_url": where, "cost": _credits(job), "input_mp": 0.0, "output_mp": 1.0}
        )

    def poll(self, ask: Ask) -> Answer:
        """`GET POLLING_URL`. What is not known is told in a success."""
        job_id = ask.query["id"]
        try:
            job = ask.look(job_id)
        except Refusal:
            return reply(200, {"id": job_id, **MISSING})
        return reply(200, self.shown(job))

    def nothing(self, ask: Ask) -> Answer:
        """`GET /v1/get_result` where the task is not."""
        return reply(200, {"id": ask.query["id"], **MISSING})

    def credits(self, ask: Ask) -> Answer:
        """`GET /v1/credits`."""
        del ask
        return reply(200, {"credits": 12_345.5})

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """The same as a poll; signed, if a secret came with the job, over the body alone."""
        del stamp
        body = msgspec.json.encode(self.shown(job))
        headers = {"content-type": "application/json"}
        if job.extra["signs"]:
            headers["x-bfl-signature"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return Hook(url=job.callback or "", body=body, headers=headers)

    def refuse(self, refusal: Refusal) -> Answer:
        """An error."""
        said = {"error": refusal.code, "message": refusal.message}
        return reply(refusal.status, said, retry_after(refusal))

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """4 credits for a picture, 17 for a second."""
        return Decimal("0.17") * int(params["duration"]) if "mode" in params else Decimal("0.04")

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A task."""
        now = self.desk.clock.now()
        state = job.state(now)
        shown: dict[str, Any] = {"id": job.id, "status": job.word(now, WORDS), "result": None, "progress": None}
        match state:
            case "pending" | "processing":
                shown["progress"] = job.progress(now)
            case "completed":
                made = job.outputs > job.script.withheld
                shown["result"] = {"sample": self.server.file_url(job, 0) if made else None, "seed": 42}
                shown["cost"] = _credits(job)
            case "filtered":
                shown["details"] = {"Moderation Reasons": [job.script.reason or "Derivative Works Filter"]}
            case _:
                shown |= {"error": "internal_error", "message": job.script.reason or "Something went wrong"}
        return shown


def _credits(job: SimulatedJob) -> float:
    return float(job.amount * 100)


personality = Bfl
