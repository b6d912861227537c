"""The end of a call: price it, book it, tell it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from genmux.contract.model import Model
from genmux.flows.call.options import CallOptions
from genmux.flows.call.target import Target
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.money import Cost
from genmux.types.usage import Usage

NOTHING = Usage()


class Pricer(Protocol):
    """Knows prices."""

    def is_ready(self, model: Model) -> bool:
        """Whether a model's price can be told at once."""
        ...

    def prepare(self) -> None:
        """Have all prices ready, which may take a second."""
        ...

    def cost(self, model: Model, usage: Usage, *, service_tier: str | None = None) -> Cost | None:
        """What this usage cost, None when the price is unknown."""
        ...


class Book(Protocol):
    """Adds up."""

    def add(self, provider: str, model: str, usage: Usage, cost: Cost | None) -> None:
        """Book one answered call."""
        ...

    def fail(self, provider: str, model: str, usage: Usage, cost: Cost | None) -> None:
        """Book one failed call, and what it used all the same."""
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

    async def prepare(self, model: Model) -> None:
        """Have the model's price at hand, without holding up the event loop."""
        if not self._pricer.is_ready(model):
            await asyncio.to_thread(self._pricer.prepare)

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

    def fail(self, run: "Run", error: BaseException, *, usage: Usage | None = None) -> None:
        """A call failed or was cancelled; `usage` is what it used all the same, as far as that is known."""
        model = run.target.model
        cost = self._pricer.cost(model, usage) if usage is not None else None
        self._book.fail(model.provider, model.id, usage or NOTHING, cost)
        if run.id is None:
            return
        if isinstance(error, ProviderError):
            told = {"kind": str(error.kind), "message": error.message, "attempts": error.attempts}
        elif isinstance(error, Exception):
            told = {"kind": str(ErrorKind.UNKNOWN), "message": f"{type(error).__name__}: {error}", "attempts": 1}
        else:
            told = {"kind": str(ErrorKind.CANCELLED)}
        cancelled = told["kind"] == ErrorKind.CANCELLED
        self._tell("generation.cancelled" if cancelled else "generation.failed", run, told)

    def refuse(self, target: Target, operation: str, options: CallOptions, error: ProviderError) -> None:
        """A call was not sent because it may cost more than it is allowed to."""
        if self._teller.heard:
            run = Run(target, operation, options, self._new_id())
            self._tell("budget.exceeded", run, {"message": error.message, "limit": str(options.budget_limit)})

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
