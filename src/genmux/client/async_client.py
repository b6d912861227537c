"""The asynchronous client: every call that genmux knows."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from genmux.app import App
from genmux.client.calls import Calls
from genmux.client.default import new_app
from genmux.client.gateway import GATEWAY, gateway_of, send_through
from genmux.client.jobs.api import JobsApi
from genmux.client.jobs.making import Making
from genmux.client.requests import configured_options
from genmux.client.spending import budgets, set_budget, usage
from genmux.client.voice.calls import VoiceCalls
from genmux.services.usage import UsageReport
from genmux.types.budgets import BudgetState, Period, Scope
from genmux.types.errors import ConfigurationError
from genmux.types.health import Health

if TYPE_CHECKING:  # with a store and all that stands on it: imported when there is a first job
    from genmux.client.jobs.here import Here
    from genmux.client.jobs.there import There


class AsyncClient(Calls, Making, VoiceCalls):
    """One interface to every provider. Share it between the tasks of one event loop; use it as `async with`.

    `model` is the default model of its calls. `config` is the path of a `genmux.toml` other than the usual ones. `keys`
    are API keys by provider id, and stand before what is configured. `gateway` is the URL of a running gateway to which
    all calls go, with its `key`. `store` is a file or a `postgresql://…` where budgets, accounts, usage, jobs and files are kept;
    without it nothing is, and jobs and their files go when the client is closed. `app` shares what another client stands on,
    and is not closed with this one. Calls raise `ProviderError` (see `genmux.types.errors`).
    """

    def __init__(  # noqa: PLR0913 — each names one thing that a client can stand on
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
        self._owned = app is None
        app = app_of(app, config=config, keys=keys, gateway=gateway, key=key, store=store)
        super().__init__(app, model=model, options=configured_options(app.settings.defaults))
        self._line: Here | There | None = None
        self._jobs = JobsApi(self._job_line)

    @property
    def jobs(self) -> JobsApi:
        """Jobs: in the store of this client, or at its gateway."""
        self._check_open()
        return self._jobs

    async def health(self, provider: str) -> Health:
        """One light, unpaid request to a provider."""
        self._check_open()
        return await self._app.health.check(provider)

    async def set_budget(
        self, limit: Decimal | float | str, *, scope: Scope | None = None, period: Period = "month", **more: Any
    ) -> BudgetState:
        """Limit what is spent: at most `limit` US dollars in each period, of everything, or of one scope.

        Said again, it changes the limit. `more` is what `genmux.services.budgets.NewBudget` knows besides. Needs `store=`.
        """
        self._check_open()
        return await set_budget(self._app, limit, scope=scope, period=period, **more)

    async def budgets(self) -> list[BudgetState]:
        """All budgets, and what is spent, held and left of each, in micro-units. Needs `store=`."""
        self._check_open()
        return await budgets(self._app)

    async def usage(self, *, by: Sequence[str] = (), since: str | None = None, until: str | None = None) -> UsageReport:
        """What was used and what it cost, in groups `by` (`model`, `day`, `tag:NAME` …), by default of 30 days. Needs `store=`."""
        self._check_open()
        return await usage(self._app, by=by, since=since, until=until)

    async def aclose(self) -> None:
        """Close all connections and stop embedded engines. May be called again."""
        self.forget()
        await self.leave()
        if self._owned:
            await self._app.aclose()

    async def leave(self) -> None:
        """Close the line to a gateway's jobs, which belongs to the running event loop. May be called again."""
        line, self._line = self._line, None
        if line is not None:
            await line.aclose()

    def _job_line(self) -> "Here | There":
        """Where the jobs are, made when it is first needed."""
        if self._line is None:
            self._check_open()
            self._line = line_of(self._app)
        return self._line

    async def __aenter__(self) -> Self:
        """Use it as `async with`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close at the end of the block."""
        await self.aclose()


def line_of(app: App) -> "Here | There":
    """The jobs of an App: at the gateway through which its calls go, or in its own store."""
    gateway = gateway_of(app)
    if gateway is None:
        from genmux.client.jobs.here import Here

        return Here(app)
    from genmux.client.jobs.there import There
    from genmux.engine.gateway_line import GatewayLine

    return There(GatewayLine(gateway.url, gateway.key))


def app_of(
    app: App | None,
    *,
    config: str | Path | None = None,
    keys: Mapping[str, str] | None = None,
    gateway: str | None = None,
    key: str | None = None,
    store: str | Path | None = None,
) -> App:
    """What a client stands on: something given, or its own. Raises ConfigurationError when more is said than goes together."""
    if app is not None and (config is not None or keys or gateway is not None or store is not None):
        message = (
            "`app` has its own configuration, keys and store; give `config`, `keys` and `store` to the App instead"
        )
        raise ConfigurationError(message)
    if key is not None and gateway is None:
        message = "`key` is that of a gateway, and there is no `gateway`; the keys of providers are `keys={id: key}`"
        raise ConfigurationError(message)
    if gateway is not None and keys:
        message = "calls through a `gateway` need no `keys` of providers: it has its own"
        raise ConfigurationError(message)
    if gateway is not None and store is not None:
        message = "calls through a `gateway` need no `store`: it has its own"
        raise ConfigurationError(message)
    if app is not None:
        return app
    if gateway is not None:
        return send_through(new_app(config=config, keys={GATEWAY: {"api_key": key}} if key else None), gateway, key)
    return new_app(config=config, keys={name: {"api_key": one} for name, one in (keys or {}).items()}, store=store)
