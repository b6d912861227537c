"""Named routes: several models under one name, and which of them answers."""

from typing import Annotated, Literal

import msgspec

PREFIX = "route/"
"""How the name of a route begins where a model could be named."""

Order = Literal["order", "weight", "cheapest", "fastest"]
Outcome = Literal["answered", "failed", "skipped", "cancelled"]


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model of a route. `weight` is its share where the route chooses by weight."""

    model: str
    weight: Annotated[float, msgspec.Meta(ge=0)] = 1.0


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Several models under one name. The first that can is asked, the next one when it fails without harm.

    `choose` puts them in order: as they stand (`order`), by chance with their weights (`weight`), by what the request may cost
    (`cheapest`), or by how quickly they answered lately (`fastest`). Models that cannot do what is asked are left out; those
    that rest come last, the one that is back the soonest first. `attempts` is how often a request is sent at most, over all
    models and accounts; without it, as often as `retries` says, but each model once. `retry_unsure` falls back also after
    failures that may have been billed. After `failures` failures in a row a model rests for `rest` seconds, then one request
    at a time tries it; each failed trial doubles the rest, up to five minutes. `hedge_after` asks the next model as well when
    the first has not begun to answer after so many seconds. Both may be billed, so it is off by default.
    """

    models: tuple[str | Destination, ...]
    choose: Order = "order"
    attempts: Annotated[int, msgspec.Meta(ge=1)] | None = None
    retry_unsure: bool = False
    failures: Annotated[int, msgspec.Meta(ge=1)] = 3
    rest: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    hedge_after: Annotated[float, msgspec.Meta(gt=0)] | None = None

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """The models, each with its weight."""
        return tuple(Destination(model=one) if isinstance(one, str) else one for one in self.models)


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model and account that a request went to, or was kept from, and why.

    It `answered`, `failed`, was `skipped` before anything was sent, or was `cancelled` because another one answered first.
    """

    model: str
    outcome: Outcome
    account: str | None = None
    reason: str | None = None
