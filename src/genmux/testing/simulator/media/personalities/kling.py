"""Kling: two editions of one API, errors inside of a 200, a key of the caller's by which tasks are found, tokens that expire.

Made from its documents (see the manifest of the provider) and one authored recording.
"""

import base64
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord
from genmux.testing.simulator.media.standard_webhooks import signed

NEWER: dict[StateWord, str] = {
    "pending": "submitted",
    "processing": "processing",
    "completed": "succeeded",
    "filtered": "failed",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "failed",
}
OLDER: dict[StateWord, str] = {**NEWER, "completed": "succeed"}
RISK = "Failure to pass the risk control system"
"""All that tells moderation from other failures."""

CODES = {
    "invalid_request": 1201,
    "authentication": 1000,
    "permission": 1103,
    "quota_exceeded": 1102,
    "not_found": 1203,
    "conflict": 1201,
    "content_filtered": 1301,
    "rate_limit": 1303,
    "server": 5000,
    "overloaded": 5001,
}
ACCESS_KEY, SECRET_KEY = "simulated-access-key", "simulated-secret-key"
"""The one pair whose tokens are taken."""

PICTURES = ("generations", "omni-image")


class Kling(Personality):
    """The personality."""

    name = "kling"
    simulates = ("kling",)
    key_headers = ("authorization",)
    refunds = frozenset({"filtered", "failed", "expired"})
    hook_states = ("processing", "completed", "filtered", "failed", "expired")

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            Route("GET", "/tasks", self.asked),
            Route("POST", "/tasks", self.listed),
            Route("POST", "/v1/{kind}/{way}", self.older_submit),
            Route("GET", "/v1/{kind}/{way}", self.older_listed),
            Route("GET", "/v1/{kind}/{way}/{id}", self.older_asked),
            Route("POST", "/{way}/{model}", self.submit),
        )

    def account_of(self, ask: Ask) -> str:
        """Whose request it is. Tokens are taken at the older addresses alone, and checked."""
        bearer = ask.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer.count(".") == 2:
            if not ask.path.startswith("/v1/"):
                raise Refusal("authentication", "authorization is invalid", code="1002")
            self._check(bearer)
            return f"account-{ACCESS_KEY}"
        return super().account_of(ask)

    def submit(self, ask: Ask) -> Answer:
        """`POST /text-to-video/kling-3.0` and its like."""
        said = ask.json()
        options = said.get("options", {})
        contents = said.get("contents", [])
        prompts = [one["text"] for one in contents if one["type"] == "prompt"]
        order = Order(
            model=ask.args["model"],
            operation=ask.args["way"],
            prompt=said.get("prompt", "".join(prompts)),
            params={**said.get("settings", {}), "contents": contents},
            key=options.get("external_task_id"),
            callback=options.get("callback_url"),
            media_type="video/mp4",
            price=self.price(said.get("settings", {})),
        )
        return _data(self.shown(ask.accept(order)))

    def asked(self, ask: Ask) -> Answer:
        """`GET /tasks`, by its own ids or by the caller's; what is not known is left out."""
        if key := ask.query.get("external_task_ids"):
            found = ask.desk.by_key(key)
            return _data([self.shown(found)] if found else [])
        try:
            return _data([self.shown(ask.look(ask.query["task_ids"]))])
        except Refusal as refusal:
            if refusal.kind != "not_found":
                raise
            return _data([])

    def listed(self, ask: Ask) -> Answer:
        """`POST /tasks`: pages with a cursor."""
        said = ask.json()
        limit, begin = said.get("limit", 100), int(said.get("cursor") or 0)
        since = int(said.get("start_time", 0)) / 1000
        tasks = [self.shown(job) for job in ask.desk.listed(since)]
        page = tasks[begin : begin + limit]
        more = begin + limit < len(tasks)
        return _data({"result": page, "count": len(page), "next_cursor": str(begin + limit), "has_more": more})

    def older_submit(self, ask: Ask) -> Answer:
        """`POST /v1/videos/text2video` and its like."""
        said, way = ask.json(), ask.args["way"]
        params = {name: value for name, value in said.items() if name not in {"model_name", "prompt"}}
        order = Order(
            model=said["model_name"],
            operation=way,
            prompt=said.get("prompt", ""),
            params=params,
            key=said.get("external_task_id"),
            callback=said.get("callback_url"),
            media_type="image/png" if way in PICTURES else "video/mp4",
            outputs=said.get("n", 1),
            price=self.price(params),
            extra={"older": True},
        )
        return _data(self.older_shown(ask.accept(order)))

    def older_asked(self, ask: Ask) -> Answer:
        """`GET /v1/videos/text2video/{id}`."""
        return _data(self.older_shown(ask.look(ask.args["id"])))

    def older_listed(self, ask: Ask) -> Answer:
        """`GET /v1/videos/text2video`: pages by number."""
        size, number = int(ask.query.get("pageSize", 30)), int(ask.query.get("pageNum", 1))
        jobs = [job for job in ask.desk.listed() if job.operation == ask.args["way"]]
        return _data([self.older_shown(job) for job in jobs[(number - 1) * size : number * size]])

    def refuse(self, refusal: Refusal) -> Answer:
        """A code and no `data`."""
        code = int(refusal.code) if refusal.code.isdecimal() else CODES[refusal.kind]
        return reply(refusal.status, {"code": code, "message": refusal.message, "request_id": "simulated"})

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook:
        """The task without an envelope, signed as Standard Webhooks are."""
        body = msgspec.json.encode(self.older_shown(job) if job.extra.get("older") else self.shown(job))
        headers = signed(body, message_id=f"{job.id}-{job.told or 'done'}", secret=secret, stamp=stamp)
        return Hook(url=job.callback or "", body=body, headers={"content-type": "application/json", **headers})

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """A unit (14 US cents) for each second."""
        return Decimal("0.14") * int(params.get("duration", 1))

    def shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A task at the newer addresses."""
        now = self.desk.clock.now()
        state = job.state(now)
        shown: dict[str, Any] = {
            "id": job.id,
            "status": job.word(now, NEWER),
            "message": self._reason(job, now),
            "external_id": job.key,
            "create_time": _milliseconds(job.accepted),
            "update_time": _milliseconds(now),
        }
        if state == "completed":
            made = range(job.outputs - job.script.withheld)
            shown["outputs"] = [
                {"type": "video", "id": f"{job.id}-{index}", "url": self.server.file_url(job, index), "duration": "5.1"}
                for index in made
            ]
            shown["billing"] = [{"charge_type": "unit", "package_type": "video", "amount": _units(job)}]
        return shown

    def older_shown(self, job: SimulatedJob) -> dict[str, Any]:
        """A task at the older addresses."""
        now = self.desk.clock.now()
        shown: dict[str, Any] = {
            "task_id": job.id,
            "task_status": job.word(now, OLDER),
            "task_status_msg": self._reason(job, now),
            "task_info": {"external_task_id": job.key},
            "created_at": _milliseconds(job.accepted),
            "updated_at": _milliseconds(now),
        }
        if job.state(now) == "completed":
            kind = "images" if job.operation in PICTURES else "videos"
            made = range(job.outputs - job.script.withheld)
            shown["task_result"] = {kind: [{"index": index, "url": self.server.file_url(job, index)} for index in made]}
            shown["final_unit_deduction"] = _units(job)
        return shown

    def _reason(self, job: SimulatedJob, now: float) -> str:
        match job.state(now):
            case "filtered":
                return f"{RISK}: {job.script.reason}" if job.script.reason else RISK
            case "failed" | "expired" as state:
                return job.script.reason or state
            case _:
                return ""

    def _check(self, token: str) -> None:
        """Refuse a token that is not signed with the secret key, or does not hold now."""
        signed_part, _, signature = token.rpartition(".")
        right = hmac.digest(SECRET_KEY.encode(), signed_part.encode(), "sha256")
        claims = msgspec.json.decode(_decoded(signed_part.partition(".")[2]))
        if _decoded(signature) != right or claims["iss"] != ACCESS_KEY:
            raise Refusal("authentication", "authorization is invalid", code="1002")
        now = self.desk.clock.wall()
        if now < claims["nbf"]:
            raise Refusal("authentication", "authorization is not yet valid", code="1003")
        if now >= claims["exp"]:
            raise Refusal("authentication", "authorization is expired", code="1004")


def _data(told: Any) -> Answer:
    return reply(200, {"code": 0, "message": "SUCCEED", "request_id": "simulated", "data": told})


def _milliseconds(moment: float) -> int:
    return int(moment * 1000)


def _units(job: SimulatedJob) -> str:
    return f"{job.amount / Decimal('0.14'):f}"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


personality = Kling
