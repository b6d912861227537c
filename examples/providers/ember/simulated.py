"""Ember in the simulator: what its wire is tried against, with no key and no bill."""

from decimal import Decimal
from typing import Any

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media import Ask, Order, Personality, Refusal, Route, SimulatedJob, reply

WORDS = {
    "pending": "waiting",
    "processing": "burning",
    "completed": "done",
    "filtered": "done",
    "failed": "cold",
    "expired": "cold",
    "cancelled": "stopped",
}
CODES = {"quota_exceeded": "purse_empty", "content_filtered": "not_nice"}


class Ember(Personality):
    """Its routes and its words; jobs, time, faults, bills and files are the simulator's."""

    name = "ember"
    simulates = ("ember",)
    key_headers = ("x-ember-key",)
    refunds = frozenset({"failed", "expired", "cancelled"})

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("POST", "/v1/stills", self.still),
            Route("POST", "/v1/films", self.submit),
            Route("GET", "/v1/films", self.films),
            Route("GET", "/v1/films/{id}", lambda ask: reply(200, self.shown(ask.look(ask.args["id"])))),
            Route("DELETE", "/v1/films/{id}", self.stop),
        )

    def still(self, ask: Ask) -> Answer:
        """An upload."""
        file = ask.form()["still"]
        return reply(201, {"still": ask.desk.upload(file.name, file.media_type, file.data).id})

    def submit(self, ask: Ask) -> Answer:
        """An order."""
        said = ask.json()
        order = Order(
            model=said["kiln"],
            operation="image_to_video" if "still" in said else "text_to_video",
            prompt=said["story"],
            params={"seconds": said["seconds"], "height": said["height"]},
            key=said["reference"],
            media_type="video/mp4",
            price=Decimal("0.05") * said["seconds"],
        )
        return reply(202, self.shown(ask.accept(order)))

    def films(self, ask: Ask) -> Answer:
        """The film with a reference."""
        found = ask.desk.by_key(ask.query["reference"])
        return reply(200, {"films": [self.shown(found)] if found else []})

    def stop(self, ask: Ask) -> Answer:
        """A cancellation."""
        if not ask.cancel(ask.args["id"]):
            raise Refusal("conflict", "the film is over")
        return reply(200, {})

    def refuse(self, refusal: Refusal) -> Answer:
        """An error, in a success or not."""
        code = CODES.get(refusal.kind, refusal.code)
        return reply(refusal.status, {"error": {"code": code, "message": refusal.message}})

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A film."""
        now = self.desk.clock.now()
        state = job.state(now)
        shown: dict[str, Any] = {"id": job.id, "phase": job.word(now, WORDS)}
        match state:
            case "pending":
                shown["before"] = self.desk.queue_position(job)
            case "processing":
                shown["percent"] = int(100 * job.progress(now))
            case "completed":
                shown |= {"film": [self.server.file_url(job, index) for index in range(job.outputs)]}
            case "filtered":
                shown["veiled"] = job.script.reason
            case _:
                shown["because"] = job.script.reason or state
        return shown | ({"cents": str(100 * job.amount)} if state in {"completed", "filtered"} else {})


personality = Ember
