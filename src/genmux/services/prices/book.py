"""Prices usage."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from genmux.contract.model import Model
from genmux.services.ports import Now
from genmux.services.prices.bill import Context, Tariff
from genmux.services.prices.listed import TIER, soon
from genmux.services.prices.listing import PriceList
from genmux.services.prices.media import ListedMedia, MediaCatalogue
from genmux.services.prices.rule import is_timed
from genmux.types.conditions import holds_at, price_faults
from genmux.types.errors import ConfigurationError, NotFoundError
from genmux.types.money import Cost, Line, Price
from genmux.types.usage import CREDITS, Usage

UNINSTALLED = {"azure": "azure", "bedrock": "aws", "cohere": "cohere", "google": "google", "vertex": "google"}
"""Providers of the media catalogue that no manifest describes so far, with their ids in the price list."""

_REMEMBERED = 1_024
_US_DOLLARS = "USD"
_NOTHING = Decimal(0)
_MINUTE = datetime.timedelta(minutes=1)


class _Kept(msgspec.Struct, frozen=True):
    """What holds for a model at one minute; some prices depend on the hour."""

    minute: datetime.datetime
    until: datetime.datetime
    rows: tuple[Price, ...] | None
    tariff: Tariff | None = None
    priced_as: str | None = None
    currency: str = _US_DOLLARS
    reason: str | None = None


class PriceBook:
    """Prices usage by the user's own rows, else those of the manifest, else the price list, else the media catalogue.

    `price_provider` gives a provider's id in that list, None when it is not in it. `overlay` are the user's rows by model
    reference (`provider/model`). The first source that has rows for a model gives all of them. Safe to share between
    threads. Raises ConfigurationError for rows of the overlay that contradict each other or name no such condition.
    """

    def __init__(
        self,
        now: Now,
        price_provider: Callable[[str], str | None],
        price_list: PriceList,
        *,
        overlay: Mapping[str, tuple[Price, ...]] | None = None,
        media: MediaCatalogue | None = None,
    ) -> None:
        self._now = now
        self._price_provider = price_provider
        self._list = price_list
        self._media = media or MediaCatalogue()
        self._overlay = {reference: _checked(reference, rows) for reference, rows in (overlay or {}).items()}
        self._kept: dict[tuple[str, str, str | None], _Kept] = {}

    def forget(self) -> None:
        """Look everything up anew: a provider was registered or removed."""
        self._kept = {}

    def is_ready(self, model: Model) -> bool:
        """Whether the price of a model can be told at once. It can, but for the first one from a list that was never read."""
        return self._list.ready or bool(self._own(model)) or self._listed_as(model.provider) is None

    def prepare(self) -> None:
        """Have the price list ready, which may take a second."""
        self._list.prepare()

    def rows(self, model: Model, *, service_tier: str | None = None) -> tuple[Price, ...] | None:
        """The price rows of a model, None when its price is unknown.

        They are those of this minute, and those that begin to hold soon (`genmux.services.prices.listed.AHEAD`), with their times as conditions.
        """
        return self._look_up(model, service_tier).rows

    def compiled(self, model: Model, *, service_tier: str | None = None) -> Tariff | None:
        """The rows of a model, ready to bill with at this minute or to bound with; None when its price is unknown."""
        return self._look_up(model, service_tier).tariff

    def unknown(
        self, model: Model, usage: Usage, *, service_tier: str | None = None, context: Context | None = None
    ) -> str | None:
        """Why the cost of this usage cannot be told, None when it can (credits apart, which need a rate)."""
        kept = self._look_up(model, service_tier)
        if _reported(usage, kept):
            return None
        if kept.tariff is None:
            return kept.reason
        if not usage.meters:
            return "nothing was counted"
        missing = kept.tariff.unpriced(usage.meters, context=context)
        return f"{model.reference} has no price for {', '.join(missing)}" if missing else None

    def cost(
        self,
        model: Model,
        usage: Usage,
        *,
        service_tier: str | None = None,
        context: Context | None = None,
        rates: Mapping[str, Decimal] | None = None,
    ) -> Cost | None:
        """What this usage cost: as the provider reports it, else computed.

        `context` says under which conditions, `rates` what an account pays for a credit of each type. None when the price
        is unknown, of all or of a part: an unpriced web search makes the whole cost unknown, and so do credits without a
        rate. `unknown` then says why. Credits that the provider itself reports (`credits.TYPE`) beat all rows.
        """
        if usage.reported_cost is not None:
            return Cost(amount=usage.reported_cost, source="reported")
        kept = self._look_up(model, service_tier)
        if told := _reported(usage, kept):
            return _at_rates(told, rates or {})
        meters = usage.meters
        tariff = kept.tariff
        lines = tariff.whole_bill(meters, context=context) if tariff is not None and meters else None
        if tariff is None or lines is None:
            return None
        if tariff.takes_credits:
            return _converted(lines, kept, rates or {})
        amount = _NOTHING
        for line in lines:
            amount += line.amount
        return Cost(amount=amount, currency=kept.currency, lines=lines, priced_as=kept.priced_as)

    def credits(
        self, model: Model, usage: Usage, *, service_tier: str | None = None, context: Context | None = None
    ) -> dict[str, Decimal] | None:
        """The provider's own credits that this usage took, by type; None when that is unknown."""
        kept = self._look_up(model, service_tier)
        if told := _reported(usage, kept):
            return told
        tariff = kept.tariff
        lines = tariff.whole_bill(usage.meters, context=context) if tariff is not None else None
        return None if lines is None else _credits(lines)

    def catalogue_models(self, provider: str | None = None) -> Iterator[ListedMedia]:
        """The models of the media catalogue, of one provider or of all, whether or not the provider is installed."""
        return self._media.models(provider)

    def _listed_as(self, provider_id: str) -> str | None:
        """A provider's id in the price list; one that is not installed may be in it under its own id."""
        try:
            return self._price_provider(provider_id)
        except NotFoundError:
            return UNINSTALLED.get(provider_id)

    def _own(self, model: Model) -> tuple[Price, ...]:
        return self._overlay.get(model.reference) or model.spec.prices

    def _look_up(self, model: Model, service_tier: str | None) -> _Kept:
        now = self._now()
        key = (model.provider, model.id, service_tier)
        store = self._kept
        kept = store.get(key)
        if kept is None or not kept.minute <= now < kept.until:
            if len(store) >= _REMEMBERED:
                store.clear()
            kept = store[key] = self._find(model, service_tier, now)
        return kept

    def _find(self, model: Model, service_tier: str | None, now: datetime.datetime) -> _Kept:
        minute = now.replace(second=0, microsecond=0)
        until = minute + _MINUTE
        own = self._own(model)
        priced_as: str | None = model.reference
        rows = own and _of_tier(own, service_tier, now)
        if not rows:
            rows, priced_as = self._from_list(model, service_tier, now)
        if not rows and (listed := self._media.rows(model.provider, model.wire_id)):
            rows, priced_as = _of_tier(listed, service_tier, now), model.reference
        if not rows:
            return _Kept(minute, until, None, reason=f"the price of {model.reference} is not known")
        currencies = {row.currency for row in rows if row.credit_type is None}
        if len(currencies) > 1:  # amounts in different currencies cannot be added up
            told = " and ".join(sorted(currencies))
            reason = f"the prices of {model.reference} are in {told}, which cannot be added up"
            return _Kept(minute, until, None, reason=reason)
        return _Kept(
            minute, until, rows, Tariff(rows, at=now), priced_as, currencies.pop() if currencies else _US_DOLLARS
        )

    def _from_list(
        self, model: Model, service_tier: str | None, now: datetime.datetime
    ) -> tuple[tuple[Price, ...] | None, str | None]:
        provider_id = self._listed_as(model.provider)
        found = self._list.find(provider_id, model.wire_id) if provider_id else None
        if found is None:
            return None, None
        return found.rows(now, {TIER: service_tier} if service_tier else {}), f"{provider_id}/{found.id}"


def _of_tier(rows: tuple[Price, ...], service_tier: str | None, now: datetime.datetime) -> tuple[Price, ...]:
    """The rows that hold soon for a service tier: those that name it, and for all other meters those that name none."""
    timely = [row for row in rows if not is_timed(row) or any(holds_at(row, moment) for moment in soon(now))]
    named = [row for row in timely if row.when.get(TIER) == service_tier and TIER in row.when]
    meters = {row.meter for row in named if not is_timed(row) or holds_at(row, now)}
    bare = [
        msgspec.structs.replace(row, when={key: value for key, value in row.when.items() if key != TIER})
        for row in named
    ]
    return (*bare, *(row for row in timely if TIER not in row.when and row.meter not in meters))


def _checked(reference: str, rows: Iterable[Price]) -> tuple[Price, ...]:
    found = tuple(rows)
    if faults := price_faults(found):
        message = f'prices."{reference}": {"; ".join(faults)}'
        raise ConfigurationError(message, param="prices")
    return found


def _credits(lines: Iterable[Line]) -> dict[str, Decimal]:
    taken: dict[str, Decimal] = {}
    for line in lines:
        if line.credit_type is not None:
            taken[line.credit_type] = taken.get(line.credit_type, _NOTHING) + line.amount
    return taken


def _reported(usage: Usage, kept: _Kept) -> dict[str, Decimal]:
    """The credits that the provider itself counted, by type; none where it did not. A meter that a row prices is not meant."""
    told = [meter for meter in usage.meters if meter.startswith(CREDITS)]
    if not told:
        return {}
    priced = {row.meter for row in kept.rows or ()}
    return {meter.removeprefix(CREDITS): Decimal(str(usage.meters[meter])) for meter in told if meter not in priced}


def _at_rates(taken: dict[str, Decimal], rates: Mapping[str, Decimal]) -> Cost | None:
    """What reported credits cost an account, None when it has no rate for one of them."""
    if not taken.keys() <= rates.keys():
        return None
    lines = tuple(
        Line(meter=f"{CREDITS}{kind}", quantity=float(amount), amount=amount * rates[kind])
        for kind, amount in taken.items()
    )
    amount = sum((line.amount for line in lines), _NOTHING)
    return Cost(amount=amount, source="reported", lines=lines, credits=taken)


def _converted(lines: tuple[Line, ...], kept: _Kept, rates: Mapping[str, Decimal]) -> Cost | None:
    """The cost with credits at an account's rate, None when it has no rate for one of them."""
    taken = _credits(lines)
    if not taken.keys() <= rates.keys():
        return None
    told = tuple(
        line
        if line.credit_type is None
        else Line(meter=line.meter, quantity=line.quantity, amount=line.amount * rates[line.credit_type])
        for line in lines
    )
    amount = sum((line.amount for line in told), _NOTHING)
    return Cost(amount=amount, currency=kept.currency, lines=told, priced_as=kept.priced_as, credits=taken)
