"""What makes a simulated provider that one and no other: its routes, its words, its signatures.

A personality is a small class in `personalities/NAME.py`. It turns requests into orders and jobs into replies; jobs, time,
faults, bills and files are the framework's. See `genmux.testing.simulator.media` for how to write one.
"""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Desk
from genmux.testing.simulator.media.house import MediaHouse
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import StateWord
from genmux.testing.simulator.steps import JSON, Headers, Step

Handler = Callable[[Ask], "Answer | Iterator[Step]"]

_BRACES = re.compile(r"\{(\w+)(\*?)\}")


class Route(NamedTuple):
    """What is served where. In `path`, `{id}` stands for one segment and `{rest*}` for one or more."""

    method: str
    path: str
    handler: Handler

    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern."""
        pieces = _BRACES.split(self.path)
        written = re.escape(pieces[0])
        for name, star, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            written += f"(?P<{name}>{'.+' if star else '[^/]+'})" + re.escape(literal)
        return re.compile(written)


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook, ready to be sent."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"


def reply(status: int, body: Any, headers: Headers = ()) -> Answer:
    """A JSON reply."""
    return Answer(status=status, body=msgspec.json.encode(body), headers=(*JSON, *headers))


class Personality:
    """One simulated provider. What is said here is the usual; a personality replaces what differs.

    - `name`: its id, and its prefix on the server; `simulates`: ids of the providers whose wires speak to it.
    - `key_headers`: where the credential is looked for; a request without is refused where `needs_key`.
    - `secret`: what webhooks are signed with; `hook_states`: which changes are told; `hook_retries`: after how many seconds
      each an unanswered webhook is sent again.
    - `refunds`: the states for which nothing is charged in the end; `key_ttl`: how long, in seconds, a key is remembered.
    - `link_lifetime`: how long links to outputs live, in seconds.
    """

    name: ClassVar[str] = ""
    simulates: ClassVar[tuple[str, ...]] = ()
    needs_key: ClassVar[bool] = True
    key_headers: ClassVar[tuple[str, ...]] = ("authorization", "x-api-key", "x-key", "api-key")
    secret: ClassVar[str] = "whsec_c2ltdWxhdGVkLXNlY3JldC1vZi1nZW5tdXg="
    hook_states: ClassVar[tuple[StateWord, ...]] = ("completed", "filtered", "failed", "cancelled", "expired")
    hook_retries: ClassVar[tuple[float, ...]] = (0.2, 1.0)
    refunds: ClassVar[frozenset[StateWord]] = frozenset({"failed", "expired"})
    key_ttl: ClassVar[float] = 86_400.0
    link_lifetime: ClassVar[float] = 86_400.0

    desk: Desk  # pyright: ignore[reportUninitializedInstanceVariable] — put in by the simulator
    server: MediaHouse  # pyright: ignore[reportUninitializedInstanceVariable] — likewise

    def routes(self) -> tuple[Route, ...]:
        """What is served, below the prefix."""
        raise NotImplementedError

    def new_id(self, number: int) -> str:
        """An id for the next job, which is the `number`-th."""
        del number
        return uuid.uuid4().hex

    def account_of(self, ask: Ask) -> str:
        """Whose request it is: a name made from the credential. Raises Refusal where that is missing."""
        found = next((value for name in self.key_headers if (value := ask.headers.get(name))), "")
        if not found and self.needs_key:
            raise Refusal("authentication", "the API key is missing")
        return f"account-{sha256(found.encode()).hexdigest()[:8]}"

    def refuse(self, refusal: Refusal) -> Answer:
        """An error as this provider writes it. With `refusal.inside_success`, its status is 200."""
        return reply(
            refusal.status, {"error": {"code": refusal.code, "message": refusal.message}}, retry_after(refusal)
        )

    def hook(self, job: SimulatedJob, *, secret: str, stamp: float) -> Hook | None:
        """The webhook that tells where a job stands, signed with `secret` at the Unix time `stamp`; None where there is none."""
        del job, secret, stamp
        return None

    def says(self, wire: str, raw: str) -> bool:
        """Whether a poll of this wire may say this very word: False for a row of the table that another wire reads.

        A protocol without words (only `done`: yes or no) says none, not even `script.UNKNOWN`.
        """
        del wire, raw
        return True

    def quick(self, target: bytes, now: float) -> bytes | None:
        """The whole reply to a GET of `target` (below the prefix) in the cheapest way; None lets the routes answer.

        Only for loads of thousands a second: what is answered here sees no key and plays no fault.
        """
        del target, now
        return None

    def dead_link(self) -> Answer:
        """What the host of the files says of a link that has expired."""
        body = b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        return Answer(status=403, body=body, headers=(("content-type", "application/xml"),))

    def price(self, params: Mapping[str, Any]) -> Decimal:
        """What a job costs, in US dollars; `[[bill 0.25]]` says otherwise."""
        del params
        return Decimal("0.01")


def retry_after(refusal: Refusal) -> Headers:
    """When to come again, as a header."""
    return (("retry-after", f"{refusal.retry_after:g}"),) if refusal.retry_after is not None else ()
