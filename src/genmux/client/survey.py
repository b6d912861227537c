"""What every client can tell without sending anything."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from genmux.app import App
from genmux.services.catalog import ModelInfo
from genmux.services.events import Handler
from genmux.services.registry import ProviderInfo
from genmux.services.totals import Total


class Survey:
    """What there is, what was used, what is wrong with the configuration. `only` is the one provider whose models are listed."""

    def __init__(self, app: App, *, only: str | None = None) -> None:
        self._app = app
        self._only = only

    @property
    def app(self) -> App:
        """What the client stands on."""
        return self._app

    def models(
        self,
        *,
        provider: str | None = None,
        operation: str | None = None,
        features: Sequence[str] = (),
        max_price: Decimal | float | None = None,
    ) -> list[ModelInfo]:
        """The listed models that fit; `max_price` is US dollars for a million input tokens."""
        limit = None if max_price is None else Decimal(str(max_price))
        return self._app.catalog.models(
            self._app.prices, provider=provider or self._only, operation=operation, features=features, max_price=limit
        )

    def providers(self) -> list[ProviderInfo]:
        """All installed providers, and why some cannot be used now."""
        return self._app.registry.providers()

    def validate_config(self) -> tuple[str, ...]:
        """Everything that is wrong with what is configured, in words; empty when all is well."""
        return tuple(self._app.config_faults())

    def totals(self) -> Mapping[str, Total]:
        """Calls, cost and usage since the start, by `provider/model`."""
        return self._app.totals.snapshot()

    def on_event(self, handler: Handler, *types: str) -> Callable[[], None]:
        """Call `handler` for every event, or only for those `types`. Gives the function that ends it.

        It is called where the event happens (for a blocking client that is a thread of its own), so it must be quick.
        """
        return self._app.events.subscribe(handler, *types)
