"""What the simulated providers differ in: what they make of the key, and whether they send webhooks."""

import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from genmux.contract import signatures
from genmux.contract.http import HttpRequest
from genmux.contract.jobs import Delivery, Prepared, Steps, Verified
from genmux.testing.simulator.media.providers.wire import SimulatedWire, read
from genmux.types.errors import UnsupportedError
from genmux.types.jobs import JobState, Ticket

_HOOK = msgspec.json.Decoder(dict[str, dict[str, Any]])


class IdempotentWire(SimulatedWire):
    """The key makes a submission repeatable."""

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """The same with `Idempotency-Key`."""
        http = super().submit(prepared, key, callback).with_headers((("idempotency-key", key),))
        return msgspec.structs.replace(http, idempotency_key=key)


class LookupWire(SimulatedWire):
    """The key is kept with the job, which can be found by it."""

    def named(self, _key: str) -> dict[str, Any]:
        """As `external_id`."""
        return {"external_id": _key}

    def find(self, key: str, since: datetime.datetime) -> Steps[Ticket | None]:
        """`GET /v1/jobs?external_id=KEY`."""
        del since
        jobs = read((yield HttpRequest(method="GET", url=f"/v1/jobs?external_id={quote(key, safe='')}")))["jobs"]
        return {"id": jobs[0]["id"]} if jobs else None


class HookedWire(SimulatedWire):
    """Webhooks come in, signed as Standard Webhooks are."""

    answer = b"ok"

    def secrets(self) -> Steps[tuple[str, ...]]:
        """`GET /v1/webhook-secret`."""
        return (str(read((yield HttpRequest(method="GET", url="/v1/webhook-secret")))["secret"]),)

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """Check it."""
        return signatures.standard(delivery, secrets, now)

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """The same as a poll would say."""
        job = _HOOK.decode(verified.delivery.body)["job"]
        return {"id": job["id"]}, self.told(job)


class HookedIdempotentWire(HookedWire, IdempotentWire):
    """Both."""

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """There is nothing but the webhook."""
        yield from ()
        raise UnsupportedError(f"the job {ticket['id']} cannot be asked for; its webhook tells how it ended")


class HookedLookupWire(HookedWire, LookupWire):
    """Both."""
