"""Runway: tasks with credits before and after, `THROTTLED`, DELETE in place of a cancellation, uploads in two steps, no webhooks.

Made from what its manifest says of the provider, not from recordings.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Personality, Route, reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord

WORDS: dict[StateWord, str] = {
    "pending": "PENDING",
    "processing": "RUNNING",
    "completed": "SUCCEEDED",
    "filtered": "FAILED",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "expired": "FAILED",
}
FAILURES: dict[StateWord, str] = {
    "filtered": "SAFETY.OUTPUT.IMAGE",
    "failed": "INTERNAL.BAD_OUTPUT.CODE01",
    "expired": "INTERNAL",
}
MEDIA = {
    "text_to_image": "image/png",
    "image_upscale": "image/png",
    "sound_effect": "audio/mpeg",
    "text_to_speech": "audio/mpeg",
}
"""What an endpoint makes; all others make videos."""

UPLOADED = "runway://upload/"
VERSION = "2024-11-06"


class Runway(Personality):
    """The personality."""

    name = "runway"
    simulates = ("runway",)
    key_headers = ("authorization",)
    refunds = frozenset({"failed", "expired"})

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("GET", "/v1/tasks/{id}", self.poll),
            Route("DELETE", "/v1/tasks/{id}", self.delete),
            Route("POST", "/v1/uploads", self.slot),
            Route("POST", "/bucket/{id}", self.put),
            Route("GET", "/v1/organization", self.organization),
            Route("POST", "/v1/{endpoint}", self.submit),
        )

    def account_of(self, ask: Ask) -> str:
        """Whose request it is; the bucket of uploads asks nobody."""
        return "" if ask.path.startswith("/bucket/") else super().account_of(ask)

    def submit(self, ask: Ask) -> Answer:
        """`POST /v1/text_to_video` and its like."""
        if ask.headers.get("x-runway-version") != VERSION:
            raise Refusal("invalid_request", "the header X-Runway-Version is missing or of another day")
        said, endpoint = ask.json(), ask.args["endpoint"]
        params = {name: value for name, value in said.items() if name not in {"model", "promptText"}}
        self._know_uploads(params)
        order = Order(
            model=said["model"],
            operation=endpoint,
            prompt=said.get("promptText", ""),
            params=params,
            media_type=MEDIA.get(endpoint, "video/mp4"),
            outputs=said.get("outputCount", 1),
            price=self.price(params),
        )
        job = ask.accept(order)
        return reply(200, {"id": job.id, "estimatedCost": {"credits": _credits(job)}})

    def poll(self, ask: Ask) -> Answer:
        """`GET /v1/tasks/{id}`."""
        return reply(200, self.shown(ask.look(ask.args["id"])))

    def delete(self, ask: Ask) -> Answer:
        """`DELETE /v1/tasks/{id}`: nobody can fetch the task any more."""
        ask.delete(ask.args["id"])
        return Answer(status=204, body=b"")

    def slot(self, ask: Ask) -> Answer:
        """`POST /v1/uploads`: a place for a file."""
        upload = ask.desk.upload(ask.json()["filename"], "application/octet-stream", b"")
        return reply(
            200,
            {
                "uploadUrl": f"{self.server.url(self.name)}/bucket/{upload.id}",
                "fields": {"key": upload.id, "policy": "simulated"},
                "runwayUri": UPLOADED + upload.id,
            },
        )

    def put(self, ask: Ask) -> Answer:
        """The file itself, in a form after the fields that were given."""
        form, upload_id = ask.form(), ask.args["id"]
        if form["key"].data.decode() != upload_id or "authorization" in ask.headers:
            raise Refusal("permission", "the form is not the one that was given, or came with a credential")
        file = form["file"]
        ask.desk.upload(file.name, file.media_type, file.data, upload_id=upload_id)
        return Answer(status=204, body=b"")

    def organization(self, ask: Ask) -> Answer:
        """`GET /v1/organization`, as far as anybody looks at it."""
        del ask
        return reply(200, {"creditBalance": 12_345})

    def refuse(self, refusal: Refusal) -> Answer:
        """An error; there is no code but the status."""
        return reply(refusal.status, {"error": refusal.message})

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """12 credits a second, or for a picture."""
        return Decimal("0.12") * int(params.get("duration", 1))

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A task."""
        now = self.desk.clock.now()
        state = job.state(now)
        shown: dict[str, Any] = {
            "id": job.id,
            "status": job.word(now, WORDS),
            "createdAt": "2026-11-27T12:00:00.000Z",
        }
        if state in {"pending", "processing"}:
            shown["estimatedCost"] = {"credits": _credits(job)}
        else:
            shown["cost"] = {"credits": 0 if state in self.refunds else _credits(job)}
        match state:
            case "processing":
                shown["progress"] = job.progress(now)
            case "completed":
                made = range(job.outputs - job.script.withheld)
                shown["output"] = [self.server.file_url(job, index) for index in made]
            case "filtered" | "failed" | "expired":
                shown |= {"failure": job.script.reason or "It did not work out.", "failureCode": FAILURES[state]}
            case _:
                pass
        return shown

    def _know_uploads(self, value: Any) -> None:
        """Refuse an address of an upload that nobody made."""
        match value:
            case str() if value.startswith(UPLOADED) and value.removeprefix(UPLOADED) not in self.desk.uploads:
                raise Refusal("invalid_request", f"there is no upload {value}")
            case dict():
                self._know_uploads([*value.values()])
            case list():
                for one in value:
                    self._know_uploads(one)
            case _:
                pass


def _credits(job: SimulatedJob) -> float:
    return float(job.amount * 100)


personality = Runway
