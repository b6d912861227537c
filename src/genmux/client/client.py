"""The blocking client: drives the asynchronous one from any thread."""

import weakref
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Self, Unpack

from genmux.app import App
from genmux.client.async_client import AsyncClient, app_of
from genmux.client.jobs.blocking import BlockingJobs, BlockingMaking
from genmux.client.loop import LoopThread
from genmux.client.params import ChatParams, EmbedParams, Inputs, Prompt
from genmux.client.streams import BlockingStream
from genmux.client.survey import Survey
from genmux.client.voice.blocking import BlockingVoice
from genmux.services.estimates import Expression
from genmux.services.usage import UsageReport
from genmux.types.budgets import BudgetState, Period, Scope
from genmux.types.chat import ChatResult
from genmux.types.embed import EmbedResult
from genmux.types.generation import Input
from genmux.types.health import Health
from genmux.types.money import Estimate, TokenCount
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

FAREWELL = 2.0
"""Seconds for the end of a client that nobody closed."""


class Client(Survey, BlockingMaking, BlockingVoice):
    """One interface to every provider, for code without an event loop. Threads may share it; use it as `with`.

    The arguments are those of `AsyncClient`, whose calls it makes one by one.
    """

    def __init__(  # noqa: PLR0913 — those of `AsyncClient`
        self,
        *,
        model: str | None = None,
        config: str | Path | None = None,
        keys: Mapping[str, str] | None = None,
        gateway: str | None = None,
        key: str | None = None,
        store: str | Path | None = None,
        app: App | None = None,
    ) -> None:
        super().__init__(app_of(app, config=config, keys=keys, gateway=gateway, key=key, store=store))
        self._model = model
        self._client = client = AsyncClient(model=model, app=self._app)
        self._loop = LoopThread()
        self._jobs = BlockingJobs(lambda: client.jobs, self._loop)
        self._farewell = partial(_farewell, client, self._app.aclose if app is None else self._app.leave)
        weakref.finalize(self, self._loop.close, self._farewell, patience=FAREWELL)

    @property
    def jobs(self) -> BlockingJobs:
        """Jobs: in the store of this client, or at its gateway."""
        return self._jobs

    def chat(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatResult:
        """Ask a chat model and wait for the whole answer."""
        return self._loop.run(self._client.chat(prompt, **params))

    def stream(self, prompt: Prompt, **params: Unpack[ChatParams]) -> BlockingStream:
        """Ask a chat model and get the answer in parts, as they come."""
        return BlockingStream(self._loop.run(self._client.stream(prompt, **params)), self._loop)

    def embed(self, inputs: Inputs, **params: Unpack[EmbedParams]) -> EmbedResult:
        """Turn one text or several into vectors."""
        return self._loop.run(self._client.embed(inputs, **params))

    def count_tokens(self, prompt: Prompt, **params: Unpack[ChatParams]) -> TokenCount:
        """Count the input tokens: by the provider where it does so for free, else on this machine (marked when not exact)."""
        return self._loop.run(self._client.count_tokens(prompt, **params))

    def estimate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> Estimate:
        """What a chat may cost, before it is sent."""
        return self._client.estimate(prompt, **params)

    def estimate_embed(self, inputs: Inputs, **params: Unpack[EmbedParams]) -> Estimate:
        """What embeddings may cost, before they are sent."""
        return self._client.estimate_embed(inputs, **params)

    def estimate_generation(
        self,
        operation: str,
        *,
        model: str | None = None,
        prompt: str = "",
        inputs: Sequence[Input | Mapping[str, Any]] = (),
        **params: Any,
    ) -> Estimate:
        """What a generation may cost, such as `text_to_video`, before anything is made.

        `inputs` are what goes in beside the prompt, `params` the model's own: `duration=8, resolution="1080p"`. The model
        need not be one that can be called here; a price is enough.
        """
        return self._client.estimate_generation(operation, model=model, prompt=prompt, inputs=inputs, **params)

    def price_expression(
        self, operation: str, *, model: str | None = None, service_tier: str | None = None
    ) -> Expression:
        """What an operation of a model costs, as a table that `genmux.services.estimates.evaluate` and forms can evaluate."""
        return self._client.price_expression(operation, model=model, service_tier=service_tier)

    def validate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> tuple[Warning, ...]:
        """Check a chat and send nothing. Gives its warnings. Raises ValidationError with all faults at once."""
        return self._client.validate(prompt, **params)

    def health(self, provider: str) -> Health:
        """One light, unpaid request to a provider."""
        return self._loop.run(self._client.health(provider))

    def set_budget(
        self, limit: Decimal | float | str, *, scope: Scope | None = None, period: Period = "month", **more: Any
    ) -> BudgetState:
        """Limit what is spent: at most `limit` US dollars in each period, of everything, or of one scope.

        Said again, it changes the limit. `more` is what `genmux.services.budgets.NewBudget` knows besides. Needs `store=`.
        """
        return self._loop.run(self._client.set_budget(limit, scope=scope, period=period, **more))

    def budgets(self) -> list[BudgetState]:
        """All budgets, and what is spent, held and left of each, in micro-units. Needs `store=`."""
        return self._loop.run(self._client.budgets())

    def usage(self, *, by: Sequence[str] = (), since: str | None = None, until: str | None = None) -> UsageReport:
        """What was used and what it cost, in groups `by` (`model`, `day`, `tag:NAME` …), by default of 30 days. Needs `store=`."""
        return self._loop.run(self._client.usage(by=by, since=since, until=until))

    def close(self) -> None:
        """Close all connections, stop embedded engines and the thread; what is under way is cancelled. May be called again."""
        self._client.forget()
        self._loop.close(self._farewell)

    def __enter__(self) -> Self:
        """Use it as `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close at the end of the block."""
        self.close()


async def _farewell(client: AsyncClient, app: Callable[[], Awaitable[None]]) -> None:
    await client.leave()
    await app()
