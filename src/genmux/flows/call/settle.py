"""The end of a call: price it, book it, tell it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from genmux.contract.model import Model
from genmux.flows.call.options import CallOptions
from genmux.flows.call.target import Target
from genmux.types.errors import ProviderError
from genmux.types.money import Cost
from genmux.types.usage import Usage


class Pricer(Protocol):
    """Knows prices."""

    def cost(self, model: Model, usage: Usage, *, service_tier: str | None = None) -> Cost | None:
        """What this usage cost, None when the price is unknown."""
        ...


class Book(Protocol):
    """Adds up."""

    def add(self, provider: str, model: str, usage: Usage, cost: Cost | None) -> None:
        """Book one answered call."""
        ...

    def fail(self, provider: str, model: str) -> None:
        """Book one failed call."""
        ...


class Teller(Protocol):
    """Publishes events."""

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        ...

    def publish(
        self,
        type_: str,
        *,
        subject: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell everybody who listens."""
        ...


class Settler:
    """The one door through which every call ends."""

    def __init__(self, pricer: Pricer, book: Book, teller: Teller, new_id: Callable[[], str]) -> None:
        self._pricer = pricer
        self._book = book
        self._teller = teller
        self._new_id = new_id

    def begin(self, target: Target, operation: str, options: CallOptions) -> "Run":
        """A call is about to be sent."""
        run = Run(target, operation, options, self._new_id() if self._teller.heard else None)
        if run.id is not None:
            self._tell("generation.started", run, {})
        return run

    def complete(
        self,
        run: "Run",
        usage: Usage,
        *,
        attempts: int,
        service_tier: str | None = None,
        finish: str | None = None,
    ) -> Cost | None:
        """A call was answered. Gives its cost, None when the price is unknown."""
        model = run.target.model
        cost = self._pricer.cost(model, usage, service_tier=service_tier)
        self._book.add(model.provider, model.id, usage, cost)
        if run.id is not None:
            data = {
                "usage": dict(usage.meters),
                "cost": cost and str(cost.amount),
                "attempts": attempts,
                "finish": finish,
            }
            self._tell("generation.completed", run, data)
        return cost

    def fail(self, run: "Run", error: BaseException) -> None:
        """A call failed or was cancelled."""
        model = run.target.model
        self._book.fail(model.provider, model.id)
        if run.id is not None:
            told = (
                {"kind": str(error.kind), "message": error.message}
                if isinstance(error, ProviderError)
                else {"kind": "cancelled"}
            )
            self._tell("generation.cancelled" if told["kind"] == "cancelled" else "generation.failed", run, told)

    def _tell(self, type_: str, run: "Run", data: Mapping[str, Any]) -> None:
        model = run.target.model
        self._teller.publish(
            type_,
            subject=run.id,
            provider=model.provider,
            model=model.id,
            data={"operation": run.operation, "tags": dict(run.options.tags), **data},
        )


class Run(msgspec.Struct, frozen=True):
    """One call under way; `id` is None when nobody listens."""

    target: Target
    operation: str
    options: CallOptions
    id: str | None
