"""Wires of jobs: submit, poll, collect. Pure translation, like all wires.

Several round trips are a generator (`Steps`) that yields requests and is sent their replies: the engine drives it. The one
paid request is never one of these: it stands alone, so that the intent to send it can be written down before.
"""

import datetime
from collections.abc import Generator, Iterable, Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.inputs import MediaRequest
from genmux.contract.model import Model
from genmux.types.assets import Output
from genmux.types.jobs import Accepted, Ended, JobState, Ticket
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

T = TypeVar("T")

Steps = Generator[HttpRequest, HttpReply, T]
"""Free, repeatable round trips. A reply that is an error is raised at the `yield` as ProviderError."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a submission needs, after uploads and other free steps. `body` is the wire's own.

    `warnings` tell what could not be carried as it was asked.
    """

    request: MediaRequest
    model: Model
    body: Any = None
    warnings: tuple[Warning, ...] = ()


class JobWire(Protocol):
    """A request, a ticket, then the states of a job until it ends.

    Further methods are optional, and their presence is the capability: see the protocols below.
    """

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Uploads and other free, repeatable steps; may be none. Raises ProviderError."""
        ...

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """The one paid request. `key` goes wherever the provider has a place for it, `callback` is our webhook's address."""
        ...

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """What became of it: taken, or done already. Raises ProviderError for a refusal that looks like a success."""
        ...

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask where it stands. Raises ProviderError when this poll failed, which says nothing of the job.

        A NotFoundError says that the provider does not know the job (any more). A wire whose jobs always end in
        `submitted` raises UnsupportedError.
        """
        ...


@runtime_checkable
class Cancels(Protocol):
    """A job can be cancelled; that it was is told by the polls that follow."""

    def cancel(self, ticket: Ticket) -> Steps[None]:
        """Ask for it. Raises ProviderError when it cannot be (any more)."""
        ...


@runtime_checkable
class Finds(Protocol):
    """A job can be found by the key that it was submitted with."""

    def find(self, key: str, since: datetime.datetime) -> Steps[Ticket | None]:
        """The ticket of the job with this key, submitted at `since` or later; None when there is none."""
        ...


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One job in a provider's list, for `assets import`: what it made and from what.

    `key` is what it was submitted with, `sources` are addresses or ids of what went in.
    """

    ticket: Ticket
    state: JobState
    created_at: datetime.datetime | None = None
    model: str | None = None
    operation: str | None = None
    prompt: str | None = None
    key: str | None = None
    sources: tuple[Output, ...] = ()
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)


@runtime_checkable
class Lists(Protocol):
    """An account's jobs can be listed."""

    def list(self, since: datetime.datetime | None) -> Steps[list[Listed]]:
        """The jobs that were submitted at `since` or later, all where it is None; the newest first."""
        ...


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it came: raw body, headers (names in lower case), path and query of its address."""

    body: bytes
    headers: Mapping[str, str]
    path: str = ""
    query: str = ""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that the provider did send. `id` names the delivery, so that it counts once.

    `trusted` is false where the provider signs nothing, and only the unguessable path speaks for it: then it is no more
    than a hint.
    """

    id: str
    delivery: Delivery
    trusted: bool = True


@runtime_checkable
class Hooks(Protocol):
    """Webhooks come in. `answer` is what the provider wants to hear."""

    answer: bytes

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """Fetch what signatures are checked with, as far as it can be fetched (a JWKS, a secret of the account)."""
        ...

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """Check the signature over the raw body. `now` is Unix time. Raises AuthenticationError that says what is wrong."""
        ...

    def webhook(self, verified: Verified) -> tuple[Ticket | None, JobState]:
        """What it says, and of which job where it tells that. Raises ProviderError."""
        ...


class PartialOutput(msgspec.Struct, frozen=True, kw_only=True):
    """An unfinished picture on the way to the `index`-th output."""

    index: int
    data: bytes
    media_type: str = "image/png"


class MediaReader(Protocol):
    """Turns the events of a stream into unfinished pictures and, at last, what became of the job."""

    def feed(self, event: WireEvent) -> Iterable[PartialOutput | Ended]:
        """Read one event. Raises ProviderError."""
        ...

    def close(self) -> Iterable[PartialOutput | Ended]:
        """The stream has ended. Raises ProviderError when that came too early."""
        ...


@runtime_checkable
class StreamsMedia(Protocol):
    """The answer to a submission can come with unfinished pictures."""

    def submit_stream(self, prepared: Prepared, key: str) -> HttpRequest:
        """The paid request, whose reply is streamed."""
        ...

    def media_reader(self, prepared: Prepared) -> MediaReader:
        """Start reading one stream."""
        ...


def no_steps(value: T) -> Steps[T]:
    """Steps of which there are none."""
    yield from ()
    return value
